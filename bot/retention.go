package bot

import "time"

// PurgeClass is a kind of data with a time of its own; see Retention for how
// long each is kept.
type PurgeClass string

const (
	PurgePeople     PurgeClass = "people"     // everything about whoever was last heard, told and booked before
	PurgeVisitors   PurgeClass = "visitors"   // the same, for the web chat alone, of people who never answered a question nor asked for a human
	PurgeSeen       PurgeClass = "seen"       // ids of events, but for what the engine did once in the life of the store
	PurgeAudit      PurgeClass = "audit"      // entries of the journal, but for its last 300 days: those before its newest entry
	PurgeTombstones PurgeClass = "tombstones" // hashes of erased addresses, once over
	PurgeSessions   PurgeClass = "sessions"   // advisers' sessions that have ended
	PurgeOptOuts    PurgeClass = "opt_outs"   // proofs of refusals: ended, or of an address that nobody here has any more
)

// Kept says how long a class is kept, in calendar units of UTC.
type Kept struct {
	Class               PurgeClass
	Years, Months, Days int
}

// Retention is how long everything is kept that does not end by itself, in
// the order in which it is purged. The times are the service's commitment in
// its information notice and its register of processing: people 24 months
// after the last contact, with their transcripts, answers and appointments;
// chats that never said who 30 days; the journal 12 months; ids of events 90
// days, far beyond the 7 that the reconciler looks back; the proof of a
// refusal 5 years. Tombstones and sessions carry their own end.
func Retention() []Kept {
	return []Kept{
		{Class: PurgeSessions},
		{Class: PurgeTombstones},
		{Class: PurgeSeen, Days: 90},
		{Class: PurgeVisitors, Days: 30},
		{Class: PurgePeople, Months: 24},
		{Class: PurgeAudit, Months: 12},
		{Class: PurgeOptOuts, Years: 5},
	}
}

// Before is the moment that separates what goes from what stays: what was last
// touched at that moment stays.
func (k Kept) Before(now time.Time) time.Time {
	return Microseconds(now.UTC().AddDate(-k.Years, -k.Months, -k.Days))
}

// Purge asks for one batch of a class. The first one leaves After empty, each
// further one carries Purged.Next of the one before.
type Purge struct {
	Class  PurgeClass
	Before time.Time // of Kept.Before
	After  string
	Limit  int  // people or rows that go at most. Defaults to 20 people or 200 rows
	Count  bool // count what would go, and delete nothing
}

// Purged is what became of a batch.
type Purged struct {
	Gone int    // people or rows
	Next string // where to go on; empty when the class has been walked through
}

// Most is how many people or rows a batch takes at most.
func (p Purge) Most() int {
	switch {
	case p.Limit > 0:
		return p.Limit
	case p.Class == PurgePeople, p.Class == PurgeVisitors:
		return 20
	}
	return 200
}

// MadeBefore is an id greater than all those drawn before a moment: ids begin
// with the time in milliseconds.
func MadeBefore(at time.Time) (id ID) {
	ms := max(at.UnixMilli(), 0) + 1
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id
}
