// Package appointments says what an appointment is, when its reminders are
// due, what has changed when it moves, and how a file of appointments is read.
//
// It is pure: the clock is an argument, nothing is stored, nothing is sent.
// An appointment is changed only by turns of its person's conversation; its
// reminders are jobs that carry the [Appointment.Revision] they were planned
// for, so that the reminder of what was moved or cancelled never leaves.
package appointments

import (
	"log/slog"
	"time"
)

// Status is where an appointment stands, in the words of the CSV file.
type Status string

// An appointment is to come, called off by the service, attended, called off
// by the person, or missed.
const (
	Planned   Status = "planned"
	Cancelled Status = "cancelled"
	Seen      Status = "seen"
	Excused   Status = "excused"
	NoShow    Status = "noshow"
)

// Key names an appointment: one row per source, id at that source, and
// participant (a collective appointment has one row for each).
type Key struct {
	Source      string
	ExternalID  string
	Participant string
}

// Appointment is one person's appointment as its source last told it.
// Adviser, Place, Address, Motive and the like are personal data, plain here
// and sealed by whoever stores them.
type Appointment struct {
	Key

	Start    time.Time // UTC
	Duration time.Duration
	Status   Status

	Organisation string
	Place        string
	Address      string
	Motive       string
	Adviser      string
	Lang         string // of its messages: "fr"

	// Kind is the source's code for this sort of appointment. Sensitive means
	// that it tells something by itself: its place, service and motive are
	// then never named in a message.
	Kind      string
	Sensitive bool

	// Revision counts what makes a planned reminder wrong; see [Revise].
	Revision int

	// Said is what the person answered to a reminder of the present Start:
	// "", yes, no, move or wrong_person; SaidAt is when.
	Said   string
	SaidAt time.Time

	// Reminded is set once a reminder of it left: a change must then be told.
	Reminded bool

	// BookedAt is when the present Start was agreed: the booking, or the last
	// move. Zero means that the source does not tell.
	BookedAt time.Time
}

// LogValue keeps what is personal out of the logs.
func (a Appointment) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("source", a.Source),
		slog.String("external_id", a.ExternalID),
		slog.String("status", string(a.Status)),
		slog.Int("revision", a.Revision),
	)
}
