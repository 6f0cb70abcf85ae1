package bot

import (
	"time"

	"relais/bot/appointments"
)

// Event is one thing that happened to a conversation. ID is unique within its
// Source: the same event received again changes nothing.
type Event struct {
	Source string // "twilio", "chat", "desk", "job", "import"
	ID     string
	At     time.Time // when it happened, as its source tells; zero: now
	What   What
}

// What is the closed set of things that happen.
type What interface{ what() }

type (
	// Said is a message of the person.
	Said struct {
		Text   Text
		Choice string // value of the button pressed, web only
		To     int64  // the sequence number that Choice answers
		Media  int    // pictures and files that came with it, which we do not open
		OptOut string // STOP, START or HELP when the operator has already acted on it
		Key    string // the client's id of the message
		Own    string // our number it was sent to
		Lang   string // of the page it came from: what a first contact begins in
	}
	// Due is a job whose time has come.
	Due struct{ Job Job }
	// Booked is an appointment as its source now describes it: booked, moved,
	// cancelled or attended.
	Booked struct {
		Appointment appointments.Appointment
		Lang        string
	}
	// Claimed is an adviser taking the conversation.
	Claimed struct{ By Actor }
	// Wrote is an adviser writing. Epoch is the ownership the adviser saw.
	Wrote struct {
		By    Actor
		Text  Text
		Epoch int64
		Note  bool // for colleagues only
		Key   string
	}
	// GivenBack is an adviser handing the conversation back to the assistant.
	GivenBack struct{ By Actor }
	// Closed is an adviser ending the hand-off with an outcome.
	Closed struct {
		By      Actor
		Outcome string
	}
	// Acknowledged is an adviser saying that a crisis alert was seen.
	Acknowledged struct{ By Actor }
	// Settled is an adviser saying that a work item is done.
	Settled struct {
		By   Actor
		Item ID
	}
	// Broken is an event whose turn could not be decided: what was said is kept
	// and a human takes over.
	Broken struct{ Said Said }
	// Undelivered is a line that will never reach the person.
	Undelivered struct {
		Thread   ID
		N        int64
		Kind     string // permanent, opted_out, configuration
		Code     int    // the operator's
		Provider string
	}
)

func (Said) what()         {}
func (Due) what()          {}
func (Booked) what()       {}
func (Claimed) what()      {}
func (Wrote) what()        {}
func (GivenBack) what()    {}
func (Closed) what()       {}
func (Acknowledged) what() {}
func (Settled) what()      {}
func (Broken) what()       {}
func (Undelivered) what()  {}

// Actor is the adviser behind an event, as the session knows them.
type Actor struct {
	Adviser      string // id
	Name         string // working name shown to the person
	Organisation string
	Team         string
	Role         string // adviser, lead, admin
}
