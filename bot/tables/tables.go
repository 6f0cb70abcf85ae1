// Package tables says what a store keeps, table by table, in a form in which
// any store can be read out and compared: for moving from one to another, and
// for checking that a copy is whole.
//
// A row travels as it is stored. What is sealed stays sealed: a value is bound
// to its table, column and row, which are called the same in every store, so
// that the same master key opens it there. Leases of jobs lose their token:
// whoever held one is gone.
package tables

// Kind is what a column holds, and as which Go value it travels.
type Kind int

const (
	ID      Kind = iota // []byte, 16 long; nil: none
	Bytes               // []byte; nil: none
	Text                // string
	Integer             // int64
	Bool                // bool
	Time                // time.Time, UTC, in microseconds; zero: none
	Span                // time.Duration
	Codes               // []string
)

// Column is a column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Table is a table; its rows are in the order of its key, its first Key
// columns. Texts are ordered by their bytes.
type Table struct {
	Name    string
	Key     int
	Columns []Column
}

// Row has a value for each column, of the type that its Kind names.
type Row []any

// All lists what makes a store, in an order in which it can be written: a row
// comes after those it refers to.
//
// It leaves out what belongs to a database rather than to the service: the
// schema's version, the oldest program that can use it, and the fingerprint of
// the master key, which every store checks by itself.
func All() []Table {
	return []Table{
		table("version", 2, texts("name", "hash", "files"), times("at")),
		table("current", 1, texts("name", "hash")),
		table("adviser", 1, texts("id", "email", "name", "org", "team", "role", "password"), bools("disabled"), times("created")),
		table("session", 1, bytes("token"), texts("adviser"), times("until", "latest")),
		table("person", 1, ids("id"), bytes("key"), times("created")),
		table("conversation", 1, ids("id", "person"), integers("version", "n", "epoch", "booked"),
			texts("owner_kind", "owner_org", "owner_team", "owner_adviser", "last_org"),
			ids("handoff"), texts("reason"), bools("urgent", "crisis"), times("since", "waiting", "deadline"),
			texts("step", "lang", "channel"), times("heard", "created"), bytes("state")),
		table("thread", 1, ids("id"), bytes("hash"), ids("conversation", "person"), texts("channel"), bytes("address")),
		table("line", 2, ids("conversation"), integers("n"), ids("thread"), integers("seq"),
			texts("from_", "adviser", "audience", "org"), times("at"), texts("key"), integers("epoch", "lane"),
			texts("class"), integers("delivery"), texts("provider"), integers("error", "segments"), bytes("body")),
		table("answer", 3, ids("conversation"), texts("key"), times("at"), codes("codes"), texts("by_", "flow"),
			bools("shared"), bytes("body")),
		table("handoff", 1, ids("id", "conversation"), texts("state", "org", "team", "reason"), bools("urgent"),
			texts("asked_by", "flow", "step"), integers("asked"), times("since", "deadline", "waiting"), integers("missed"),
			bools("acknowledged"), integers("alerts"), texts("adviser", "outcome"), times("ended")),
		table("appointment", 1, bytes("hash"), ids("person", "conversation"), times("start"), spans("duration"),
			texts("status"), integers("revision"), texts("org", "kind"), bools("sensitive"), texts("lang", "said"),
			times("said_at", "booked_at"), bytes("details")),
		table("item", 1, ids("id", "conversation", "person"), texts("kind", "org", "team", "subject", "reason"),
			times("at", "deadline", "settled"), texts("settled_by"), bytes("text")),
		table("job", 1, texts("key", "kind"), integers("lane"), times("due"), ids("conversation", "thread"), texts("subject"),
			integers("revision", "serial", "token", "attempts"), times("lease_until")),
		table("seen", 2, texts("source", "event"), times("at")),
		table("opt_out", 1, bytes("hash"), times("at"), bytes("proof"), times("ended")),
		table("tombstone", 1, bytes("hash"), times("until")),
		table("audit", 1, integers("id"), ids("conversation"), times("at"), texts("actor", "action", "detail")),
		table("setting", 1, texts("key"), integers("number"), bytes("value")),
	}
}

// Settings are the keys of the rows of setting that belong to the service.
func Settings() []string { return []string{"generation", "territory"} }

func table(name string, key int, columns ...[]Column) Table {
	t := Table{Name: name, Key: key}
	for _, some := range columns {
		t.Columns = append(t.Columns, some...)
	}
	return t
}

func of(kind Kind, names []string) []Column {
	columns := make([]Column, len(names))
	for i, name := range names {
		columns[i] = Column{name, kind}
	}
	return columns
}

func ids(names ...string) []Column      { return of(ID, names) }
func bytes(names ...string) []Column    { return of(Bytes, names) }
func texts(names ...string) []Column    { return of(Text, names) }
func integers(names ...string) []Column { return of(Integer, names) }
func bools(names ...string) []Column    { return of(Bool, names) }
func times(names ...string) []Column    { return of(Time, names) }
func spans(names ...string) []Column    { return of(Span, names) }
func codes(names ...string) []Column    { return of(Codes, names) }
