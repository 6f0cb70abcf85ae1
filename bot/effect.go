package bot

import (
	"time"

	"relais/bot/appointments"
)

// Effect is one thing a turn wants done. The set is closed: the engine carries
// it out in one switch, inside the commit of the turn.
type Effect interface{ effect() }

type (
	// Say adds a line to the log, already numbered.
	Say struct{ Line Line }
	// Schedule plans a job, or moves it.
	Schedule struct{ Job Job }
	// Forget drops a planned job.
	Forget struct{ Key string }
	// Record keeps an answer.
	Record struct{ Answer Answer }
	// Withdraw undoes the last answer under a key (RETOUR), or all of them
	// (Key empty).
	Withdraw struct{ Key string }
	// Share opens the answers so far to the team that follows.
	Share struct{}
	// Hand writes the hand-off's row: opened, accepted, ended.
	Hand struct {
		HandOff HandOff
		Adviser string
		Outcome string
		Ended   time.Time
	}
	// OptOut keeps the refusal of an address, with its proof; OptIn ends it.
	OptOut struct {
		Thread ID
		At     time.Time
		Proof  string // the word used and the message's id
	}
	OptIn struct {
		Thread ID
		At     time.Time
	}
	// Cancel withdraws pending lines: of one thread, or of the whole
	// conversation when Thread is zero. Only those of the assistant when Bot,
	// only those of a Class when there is one. The crisis lane is never
	// withdrawn, and lines of this very turn stay.
	Cancel struct {
		Thread ID
		Bot    bool
		Class  string
	}
	// Book writes an appointment row.
	Book struct{ Appointment appointments.Appointment }
	// Task leaves a work item for an organisation.
	Task struct{ Item Item }
	// Settle closes a work item of an organisation.
	Settle struct {
		Item         ID
		Organisation string
		By           string // adviser
	}
	// Page calls whoever is on call: nobody has acknowledged a crisis. The text
	// names nobody.
	Page struct{ Text Text }
	// Audit adds to the journal.
	Audit struct{ Entry AuditEntry }
	// Guard is a fact outside the conversation that the commit checks again.
	Guard struct {
		Kind GuardKind
		Key  string
		Want int64
	}
	// Refuse says that the event is not possible now, and why. Nothing else is
	// committed.
	Refuse struct {
		Why Refusal
		Who string // the working name of the adviser who has the conversation
	}
)

func (Say) effect()      {}
func (Schedule) effect() {}
func (Forget) effect()   {}
func (Record) effect()   {}
func (Withdraw) effect() {}
func (Share) effect()    {}
func (Hand) effect()     {}
func (OptOut) effect()   {}
func (OptIn) effect()    {}
func (Cancel) effect()   {}
func (Book) effect()     {}
func (Task) effect()     {}
func (Settle) effect()   {}
func (Page) effect()     {}
func (Audit) effect()    {}
func (Guard) effect()    {}
func (Refuse) effect()   {}

// Refusal is why an event is not possible.
type Refusal string

const (
	RefusedTaken    Refusal = "taken"     // another adviser has the conversation
	RefusedNotYours Refusal = "not_yours" // only its owner may do this
	RefusedStale    Refusal = "stale"     // the owner changed since the adviser looked
	RefusedNoQueue  Refusal = "no_queue"  // nobody asked for a human
	RefusedForeign  Refusal = "foreign"   // another organisation's
	RefusedEmpty    Refusal = "empty"
	RefusedTooLong  Refusal = "too_long"
	RefusedOptedOut Refusal = "opted_out" // the person wants no more SMS
)

// GuardKind names a fact that a commit checks.
type GuardKind string

const (
	// GuardGeneration: flows and territory are still those of the world.
	GuardGeneration GuardKind = "generation"
	// GuardAdviser: the adviser's account is still active (Want 1).
	GuardAdviser GuardKind = "adviser"
)

// Answer is one thing a person declared, with the words they used.
type Answer struct {
	Key    string
	Values []string // option values, a date, a commune; or declined, unknown
	Codes  []string // nomenclature codes the values stand for; candidates joined by "|"
	Words  Text     // what the person wrote
	At     time.Time
	By     Channel
	Flow   string // "prediagnostic@9f2c…"
	Shared bool   // the person agreed to send it to the team
}

// Item is work for the people of an organisation that is not a conversation:
// an appointment declined, a text that could not be delivered.
type Item struct {
	ID           ID
	Conversation ID
	Kind         string // appointment_declined, appointment_move, undelivered, erasure, copy, call
	Organisation string
	Team         string
	Subject      string // an appointment's key, a line's number
	Reason       string
	Text         Text // in the person's words
	At           time.Time
	Deadline     time.Time
}

// AuditEntry is one line of the journal: who did what to which conversation.
// It holds no personal data.
type AuditEntry struct {
	At     time.Time
	Actor  string // "assistant", "person", "system", or an adviser's id
	Action string
	Detail string
}
