package appointments

import (
	"slices"
	"time"
)

// Action is what to do with a reminder whose job has come up.
type Action int

// A reminder is dropped for good, put off until [Decision.At], or sent.
const (
	Drop Action = iota
	Later
	Send
)

// Decision is what becomes of a reminder. Why is a short code for the journal,
// empty when it is sent.
type Decision struct {
	Action Action
	At     time.Time // UTC, after now; only with Later
	Why    string
}

// Why a reminder does not leave now.
const (
	WhyNotPlanned = "not_planned" // called off, over, or no longer in the rules
	WhyMoved      = "moved"       // planned for another revision
	WhyTooLate    = "too_late"    // the appointment has begun or is about to
	WhySuperseded = "superseded"  // the next reminder is too close
	WhyEarly      = "early"       // the clock went back, or the job woke early
	WhyQuiet      = "quiet_hours" // outside the window
)

// lastCall is how long before the start a reminder still helps: time to answer
// it, or to set out.
const lastCall = time.Hour

// Decide judges a planned reminder at the moment of sending it, from the
// appointment as it is now. Planning moved it into the window; but a server
// that was down, or a clock that jumped, may bring it up at any time. It then
// waits for the window to open again, so that none leaves outside hours, and
// is dropped when by then the appointment is less than an hour away or the
// next reminder less than MinGap away: a late one never makes two.
//
// A decision of Later is to be taken again at that time.
func Decide(a Appointment, m Reminder, r Rules, now time.Time) Decision {
	r = r.withDefaults()
	plan := schedule(a, r)
	switch {
	case a.Status != Planned:
		return Decision{Why: WhyNotPlanned}
	case m.Revision != a.Revision:
		return Decision{Why: WhyMoved}
	case find(plan, m.Kind) < 0:
		return Decision{Why: WhyNotPlanned}
	case now.Before(m.Due):
		return Decision{Action: Later, At: m.Due, Why: WhyEarly}
	}

	at, ok := r.Window.NextAllowed(now)
	if !ok || a.Start.Sub(at) < lastCall {
		return Decision{Why: WhyTooLate}
	}
	if next := find(plan, m.Kind) + 1; next < len(plan) && plan[next].Due.Sub(at) < r.MinGap {
		return Decision{Why: WhySuperseded}
	}
	if at.After(now) {
		return Decision{Action: Later, At: at.UTC(), Why: WhyQuiet}
	}
	return Decision{Action: Send}
}

// find is the place of a kind of reminder in a plan, or -1.
func find(plan []Reminder, kind string) int {
	return slices.IndexFunc(plan, func(m Reminder) bool { return m.Kind == kind })
}
