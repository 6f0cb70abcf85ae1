package bot

import (
	"context"
	"errors"
	"time"

	"relais/bot/appointments"
)

// A commit ends in one of these, or in an error of the store itself.
var (
	// ErrConflict: the conversation is not where the turn was decided, at its
	// version with its last line; run the turn again on what is stored.
	ErrConflict = errors.New("conversation changed meanwhile")
	// ErrSeen: the event took effect earlier; nothing was written.
	ErrSeen = errors.New("event already seen")
	// ErrGuard: a fact the turn relied on no longer holds; load and run again.
	ErrGuard = errors.New("a fact changed meanwhile")
	// ErrLease: the job's lease is not ours any more; nothing was written.
	ErrLease = errors.New("lease lost")
	// ErrNotFound: no such conversation, job or line.
	ErrNotFound = errors.New("not found")
)

// Store is where turns become durable. Everything a turn writes goes through
// Commit; the other methods read, or claim work. Times go in and out in UTC,
// cut to microseconds. Texts, answers, addresses and states are sealed by the
// store under the person's key; codes, owners and times stay in clear.
//
// The suite in bot/storetest is the definition.
type Store interface {
	// Load returns the conversation behind an address or an id, ready for a
	// turn. An unknown address is no error: Loaded.Conversation is empty and
	// Loaded.Fresh is set; nothing is written. An unknown id is ErrNotFound.
	Load(ctx context.Context, ref Ref) (Loaded, error)

	// Commit makes a group of turns durable in one transaction and returns one
	// outcome per turn, in order: nil, or an error of this package, or the
	// store's trouble with that one turn. A turn that fails leaves no trace and
	// does not sink its group. The error on its own means that the group was
	// not written, or that nobody knows (a connection lost during COMMIT): the
	// event's id and the version tell when the turn is run again.
	//
	// meanwhile is short, and may be nil. It is called at most once, when it
	// delays the group least: while others work for the store, if any do. A group
	// that fails early does not call it.
	Commit(ctx context.Context, group []*Commit, meanwhile func()) ([]error, error)

	// Seal does ahead what can be done of a commit without its group: it fills
	// Sealed, when the person's key is at hand. A group keeps everybody waiting
	// who comes after it; here each caller works for itself. It may be left out,
	// and nothing of the commit may change after it.
	Seal(c *Commit)

	// Due claims up to limit jobs whose time has come, lanes first, then due
	// times, for as long as lease, and returns when the next one can be claimed
	// (zero: none): when it is due, or when the lease of whoever has it ends.
	Due(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]Job, time.Time, error)

	// Renew keeps claimed jobs; those whose token is no longer valid are left
	// out of what it returns.
	Renew(ctx context.Context, jobs []Job, until time.Time) ([]Job, error)

	// Outbox returns the address of a thread and its lines not yet over, at most
	// limit: those of the crisis lane first, then in the order they were said.
	Outbox(ctx context.Context, thread ID, limit int) (Outbox, error)

	// History returns lines of one conversation, oldest first.
	History(ctx context.Context, q HistoryQuery) ([]Line, error)

	// Session returns the thread of a web address and where it stands, without
	// creating anything; ErrNotFound when nobody ever wrote there.
	Session(ctx context.Context, a Address) (Session, error)

	// Marker changes whenever another process or connection wrote.
	Marker(ctx context.Context) (int64, error)

	// Known tells which events of a source took effect, among at most a few
	// hundred.
	Known(ctx context.Context, source string, events []string) (map[string]bool, error)

	// Statistics counts what waits at a time. It is asked every few seconds and
	// stays cheap however much is stored.
	Statistics(ctx context.Context, now time.Time) (Statistics, error)

	// Appointment returns an appointment by its key, and the conversation it
	// belongs to; ErrNotFound.
	Appointment(ctx context.Context, key appointments.Key) (appointments.Appointment, ID, error)

	// Purge deletes one batch of what was kept long enough, in one short
	// transaction that no turn waits for longer than for another turn. It looks
	// at a bounded number of rows: a batch may delete nothing and still have a
	// Next. A person who is heard meanwhile stays.
	Purge(ctx context.Context, p Purge) (Purged, error)

	Versions
	Registry
	Dossiers

	Close() error
}

// Ref names what to load: by address (a message came in), or by conversation.
type Ref struct {
	Address      Address
	Conversation ID
}

// Loaded is a conversation and the facts a turn needs beside it.
type Loaded struct {
	Conversation Conversation
	Thread       ID     // the thread of Ref.Address; zero when loaded by id
	Fresh        *Fresh // set when nobody is known at Ref.Address
	Booked       []appointments.Appointment
	Generation   int64
}

// Commit is everything one turn writes.
type Commit struct {
	Source, Event string // the event's id in its source; empty: not to be remembered
	At            time.Time

	// Conversation is the new state; its Version is the one it was loaded
	// with, and 0 creates it; its N is that of the last of Lines. Nil writes
	// lines' marks and jobs only, without a version check.
	Conversation *Conversation
	Addresses    map[ID]Address // of the threads the turn created

	Lines     []Line
	Marks     []Mark
	Begin     *Begin // written after the marks and cancels
	Cancels   []Cancel
	Answers   []Answer
	Withdrawn []string // answer keys; "" is all of them
	Share     bool     // the answers so far, and those of this turn, are open to the team
	Schedule  []Job
	Forget    []string
	Done      *Job // the job this turn finishes, under its token
	Again     bool // told by the store: the job of Done was planned anew, while it ran or by this turn, and waits for whoever claims it
	Under     *Job // a claimed job the turn is part of and leaves as it is: ErrLease when its lease is lost
	Errand    *Errand
	HandOffs  []Hand
	OptOuts   []OptOut
	OptIns    []OptIn
	Booked    []appointments.Appointment
	Items     []Item
	Settled   []Settle
	Audit     []AuditEntry
	Guards    []Guard
	Sealed    *Sealed // by Store.Seal; nil: sealed when it is written
}

// Sealed is what a commit's conversation, lines and answers are stored as.
type Sealed struct {
	State          []byte
	Lines, Answers [][]byte // one each, in their order
}

// Mark raises how far a line got. A lower rank than the stored one changes
// nothing, but for Pending: it takes back a line that was begun and certainly
// did not leave.
type Mark struct {
	Conversation ID
	N            int64
	Delivery     Delivery
	Provider     string
	Error        int
	Segments     int
}

// Begin takes the first line that waits in a thread's outbox (in the order of
// Outbox) and marks it as begun, unless it is begun already or its address
// opted out and the line is neither a crisis line nor the word that confirms
// the opt-out. The store fills Outbox, as it stands after that, with at most
// two lines, and tells whether the first of them was begun by an Earlier commit:
// then it may have left. A first line that still waits, although its address has
// not opted out, is one that came to the front meanwhile: nothing was begun. An
// erased thread leaves the outbox empty. A turn that does not hold begins
// nothing.
type Begin struct {
	Thread  ID
	Outbox  Outbox
	Earlier bool
}

// Errand is what whoever commits a turn takes up at once: the job of Schedule
// with this key, which has a Lease. When it is Born by the turn (the store
// tells), the turn's line N, if it is not 0, is stored as begun; when the job
// was there already, that line waits like the others, for whoever has the job.
// A turn that does not hold leaves Born false.
type Errand struct {
	Key  string
	N    int64
	Born bool
}

// DespiteOptOut tells whether the line leaves even for an address that opted
// out.
func (l *Line) DespiteOptOut() bool { return l.Class == "crisis" || l.Class == "opt_out" }

// Outbox is what waits to be sent on a thread.
type Outbox struct {
	Conversation ID
	Address      Address
	Own          string // our number to send from; empty: the default
	OptedOut     bool
	Lines        []Line
}

// HistoryQuery asks for lines after a cursor: by Seq within Thread when Thread
// is set (what the person may see), else by N over the conversation.
type HistoryQuery struct {
	Conversation ID
	Thread       ID
	After        int64
	Limit        int // Defaults to 500
}

// Session is a web thread as its socket needs it.
type Session struct {
	Conversation ID
	Thread       ID
	Seq          int64
	Owner        Owner
	Deadline     time.Time
	Lang         string
}

// Versions keeps published flows. A version is immutable; publishing names the
// current ones and raises the generation.
type Versions interface {
	// Publish keeps versions not yet known and makes them current.
	Publish(ctx context.Context, versions []Version) (generation int64, err error)
	// Published returns the generation and the current versions.
	Published(ctx context.Context) (generation int64, current []Version, err error)
	// Version returns one version, ErrNotFound when it was never published.
	Version(ctx context.Context, name, hash string) (Version, error)
	// Waiting counts the conversations that stand in each state of a flow's
	// version: flow → hash → state → people.
	Waiting(ctx context.Context) ([]Waiting, error)
}

// Version is one flow as it was published: its files.
type Version struct {
	Name  string
	Hash  string
	Files map[string][]byte
	At    time.Time
}

// Waiting counts people at one step.
type Waiting struct {
	Step   string // "flow/state"
	People int
}

// Dossiers gives a person's whole data, and takes them away.
type Dossiers interface {
	// Export returns what is kept about whoever is behind an address.
	Export(ctx context.Context, a Address) (Dossier, error)
	// Erase deletes it, for whoever is behind an address or a conversation:
	// rows go, the person's key is destroyed, a tombstone of each address's
	// hash stays 24 hours and the proof of an opt-out stays. It tells whether
	// anybody was there.
	Erase(ctx context.Context, ref Ref, now time.Time) (bool, error)
}

// Dossier is everything kept about a person.
type Dossier struct {
	Address      Address
	Person       ID
	Conversation ID
	Lines        []Line
	Threads      map[ID]Channel
	Answers      []Answer
	Appointments []appointments.Appointment
	HandOffs     []Hand
}
