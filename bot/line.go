package bot

import (
	"log/slog"
	"time"
)

// Text is something a person wrote or reads. It redacts itself in logs.
type Text string

// LogValue shows the length only.
func (t Text) LogValue() slog.Value { return slog.IntValue(len(t)) }

// From says whose line it is.
type From string

const (
	FromPerson    From = "person"
	FromAssistant From = "assistant"
	FromAdviser   From = "adviser"
	FromSystem    From = "system" // what happened: a claim, a transfer, an outcome
)

// Audience says who may read a line. Besides these two, "org:<id>" keeps a
// line to one organisation.
type Audience string

const (
	ForAll  Audience = "all"  // the person too
	ForNote Audience = "note" // advisers of the owning organisation only
)

// ForOrganisation keeps a line to the advisers of one organisation.
func ForOrganisation(id string) Audience { return Audience("org:" + id) }

// Choice is one answer offered with a message; the web chat shows a button.
type Choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Delivery is how far an outgoing line got. Its numbers are a rank: a line
// never goes down.
type Delivery int8

const (
	Internal  Delivery = 0 // never leaves: it is read from the log
	Pending   Delivery = 1 // waits in the outbox
	Begun     Delivery = 2 // a send started and nobody knows yet how it ended
	Accepted  Delivery = 3 // the operator took it
	Sent      Delivery = 4 // the operator passed it on
	Delivered Delivery = 5
	Read      Delivery = 6
	Failed    Delivery = 7 // for good
	Cancelled Delivery = 8 // withdrawn before it was begun
)

var deliveryNames = [...]string{"", "pending", "begun", "accepted", "sent", "delivered", "read", "failed", "cancelled"}

// String gives the word used in exports and pages, "" for Internal.
func (d Delivery) String() string {
	if d < 0 || int(d) >= len(deliveryNames) {
		return ""
	}
	return deliveryNames[d]
}

// Over tells whether nothing more is expected to be sent for the line.
func (d Delivery) Over() bool { return d == Internal || d > Begun }

// Line is one entry of a conversation's log. N counts everything that
// happened, without gap, and is the console's cursor. Seq counts what the
// person may see, without gap in its thread, and is the chat's cursor; it is 0
// for the rest.
type Line struct {
	Conversation ID
	N            int64
	Thread       ID
	Seq          int64
	From         From
	Adviser      string // who wrote it, when an adviser did
	Name         string // the working name the person sees
	Audience     Audience
	Text         Text
	Choices      []Choice
	At           time.Time // UTC, to the microsecond
	Key          string    // the person's client id, or the operator's message id
	Epoch        int64     // the ownership epoch it was written under
	Lane         Lane
	Class        string // what it is for: reply, crisis, reminder, notice, adviser
	Delivery     Delivery
	Provider     string // the operator's id of the message, once known
	Error        int    // the operator's error code, when it failed
	Segments     int    // SMS segments, when it is one
}

// Microseconds cuts a time to what the stores keep, in UTC.
func Microseconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}
