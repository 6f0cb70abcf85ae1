package bot

import (
	"time"

	"relais/flows"
)

// Person is somebody we talk with. Nothing is known of them but what they or
// a service said; they never create an account.
type Person struct {
	ID ID
}

// OwnerKind says who answers a conversation.
type OwnerKind string

const (
	Assistant OwnerKind = "assistant"
	Queue     OwnerKind = "queue"
	Adviser   OwnerKind = "adviser"
)

// Owner is who answers now: the assistant, a team's queue, or one adviser.
type Owner struct {
	Kind         OwnerKind
	Organisation string
	Team         string
	Adviser      string // id, when Kind is Adviser
	Name         string // the working name the person was told
}

// Thread is one address of a person as a conversation knows it.
type Thread struct {
	ID       ID
	Channel  Channel
	Seq      int64 // the last sequence number used
	OptedOut bool
	Own      string    // our number the person last wrote to; empty: the default
	HeardAt  time.Time // when the person last wrote here
}

// Frame is one dialogue under way, pinned to the version of its flow. The last
// frame of a conversation is the one that asked last.
type Frame struct {
	Flow    string
	Hash    string
	At      flows.Position
	Subject string // what it is about: an appointment's key for a reminder
	Asked   int64  // number of the question now open, in the conversation; 0: none
	AskedAt time.Time
	Line    int64 // sequence number of that question in its thread
}

// HandOff is the open request for a human, as the conversation carries it.
type HandOff struct {
	ID           ID
	State        HandOffState
	Organisation string
	Team         string
	Reason       string
	Urgent       bool
	AskedBy      From
	Flow, Step   string
	Since        time.Time
	Deadline     time.Time // what the person was promised
	Missed       int       // promises not kept
	Waiting      time.Time // when the oldest unanswered message of the person came; zero: none
	Acknowledged bool      // for a crisis: an adviser has seen it
	Alerts       int       // how often it was raised
	Asked        int64     // questions asked before it; one put later may be answered while waiting
}

// HandOffState is a step in the life of a hand-off.
type HandOffState string

const (
	HandOffOffered   HandOffState = "offered"   // in a team's queue
	HandOffAccepted  HandOffState = "accepted"  // an adviser has it
	HandOffCancelled HandOffState = "cancelled" // the person withdrew it
	HandOffReturned  HandOffState = "returned"  // given back to the assistant
	HandOffClosed    HandOffState = "closed"    // ended with an outcome
)

// Conversation is the whole state a turn decides on. There is one per person,
// for as long as their data are kept; it never holds the transcript.
type Conversation struct {
	ID       ID
	Person   ID
	Version  int64 // of the row it was loaded from; 0: not stored yet
	Created  time.Time
	Heard    time.Time // when the person last said something
	Lang     string
	N        int64 // the last line's number
	Asked    int64 // questions asked so far
	Owner    Owner
	Epoch    int64 // of the ownership: every change of owner raises it
	Paused   bool
	Known    bool // the information notice was given
	Withheld bool // the person asked not to send their answers
	Threads  []Thread
	Frames   []Frame
	HandOff  *HandOff
	Crisis   []CrisisSent
	Pace     Pace
	Step     string    // where the dialogue stands, "flow/state"; in clear for views
	Watch    time.Time // when silence is looked at next; zero: not planned
	Booked   int       // appointments on record; a load reads them only when there are any
}

// CrisisSent remembers when a crisis line went out, so that each family goes
// out at most once per 30 minutes.
type CrisisSent struct {
	Family string
	At     time.Time
}

// Pace is what the loop guard counts.
type Pace struct {
	Stalls []int64   // when the last automatic replies that advanced nothing went out, Unix seconds
	Minute time.Time // start of the minute being counted
	Count  int       // automatic replies in it
	Parked bool      // silenced until a human has looked
}

// Thread returns the thread with that id, nil when it is not of this
// conversation.
func (c *Conversation) Thread(id ID) *Thread {
	for i := range c.Threads {
		if c.Threads[i].ID == id {
			return &c.Threads[i]
		}
	}
	return nil
}

// Top returns the dialogue that asked last, nil when there is none.
func (c *Conversation) Top() *Frame {
	if len(c.Frames) == 0 {
		return nil
	}
	return &c.Frames[len(c.Frames)-1]
}
