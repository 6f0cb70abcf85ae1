package fill

import (
	"crypto/rand"
	"encoding/hex"
	mathrand "math/rand/v2"
	"time"
)

// table is rows of one table: its columns, and how each row is made.
type table struct {
	name    string
	columns []string
	rows    int
	row     func(i int) []any
}

// Lengths of sealed values as they are in stores: a person's key, an address, a
// state half-way through the questionnaire, an answer, a question.
const (
	keyLength     = 61
	addressLength = 41
	stateLength   = 1000
	saidLength    = 45
	askedLength   = 180
)

// talk is how many lines each of the other people has.
const talk = 20

// sealed gives bytes that do not compress, as sealed ones do not.
type sealed struct{ rand *mathrand.ChaCha8 }

func newSealed() sealed {
	var seed [32]byte
	rand.Read(seed[:])
	return sealed{mathrand.NewChaCha8(seed)}
}

func (s sealed) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = s.rand.Read(b) // never fails
	return b
}

// ids gives the same scattered id for the same kind and number.
func id(kind byte, i int) []byte {
	b := make([]byte, 16)
	x := uint64(i+1) * 0x9e3779b97f4a7c15
	for k := range 8 {
		b[k] = byte(x >> (8 * k))
	}
	b[14], b[15] = 0xee, kind
	return b
}

// dialect is in what the two stores' tables differ.
type dialect struct {
	when         func(time.Time) any // how times are written
	threadPerson bool                // threads name their person
}

var (
	postgres = dialect{func(t time.Time) any { return t }, true}
	sqlite   = dialect{func(t time.Time) any { return t.UnixMicro() }, false}
)

// strangers are the tables of people who do not text during the benchmark,
// with so many lines in all.
func strangers(lines int, d dialect) []table {
	people, s, begun := lines/talk, newSealed(), time.Now().Add(-300*24*time.Hour)
	at := func(i, k int) any {
		return d.when(begun.Add(time.Duration(i)*time.Second + time.Duration(k)*time.Minute))
	}
	thread := table{"thread", []string{"id", "hash", "conversation", "channel", "address"}, people, func(i int) []any {
		return []any{id(3, i), s.bytes(32), id(2, i), "sms", s.bytes(addressLength)}
	}}
	if d.threadPerson {
		thread.columns = append(thread.columns, "person")
		row := thread.row
		thread.row = func(i int) []any { return append(row(i), id(1, i)) }
	}
	return []table{
		{"person", []string{"id", "key", "created"}, people, func(i int) []any { return []any{id(1, i), s.bytes(keyLength), at(i, 0)} }},
		{"conversation", []string{"id", "person", "version", "state", "created", "heard", "lang", "channel", "n", "epoch", "step", "owner_kind",
			"owner_org", "owner_team", "owner_adviser", "reason", "urgent", "crisis", "booked"}, people, func(i int) []any {
			return []any{id(2, i), id(1, i), 10, s.bytes(stateLength), at(i, 0), at(i, talk), "fr", "sms", talk, 0, "prediagnostic/q09",
				"assistant", "", "", "", "", false, false, 0}
		}},
		thread,
		{"line", []string{"conversation", "n", "thread", "seq", "from_", "adviser", "audience", "org", "at", "key", "epoch", "lane", "class",
			"delivery", "provider", "error", "segments", "body"}, people * talk, func(j int) []any {
			i, k := j/talk, j%talk
			if k%2 == 0 {
				return []any{id(2, i), k + 1, id(3, i), k + 1, "person", "", "all", "", at(i, k), event(s), 0, 0, "said", 0, "", 0, 0, s.bytes(saidLength)}
			}
			return []any{id(2, i), k + 1, id(3, i), k + 1, "assistant", "", "all", "", at(i, k), "", 0, 1, "reply", 5, event(s), 0, 1, s.bytes(askedLength)}
		}},
		{"seen", []string{"source", "event", "at"}, people * talk / 2, func(j int) []any {
			return []any{"twilio", event(s), at(j/(talk/2), j%(talk/2)*2)}
		}},
	}
}

// future are jobs that are not due for a day to three months, of people who
// need not exist.
func future(jobs int, d dialect) table {
	now := time.Now()
	return table{"job", []string{"key", "kind", "lane", "due", "conversation", "subject", "revision", "serial", "token", "attempts"}, jobs,
		func(i int) []any {
			due := now.Add(24*time.Hour + time.Duration(uint64(i)*0x9e3779b97f4a7c15%(90*86400))*time.Second)
			return []any{"silence:" + hex.EncodeToString(id(2, i)), "silence", 2, d.when(due), id(2, i), "", 0, 1, i + 1, 0}
		}}
}

// event is an operator's id: they come in no order.
func event(s sealed) string { return "SM" + hex.EncodeToString(s.bytes(16)) }
