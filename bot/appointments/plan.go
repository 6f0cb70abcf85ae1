package appointments

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"relais/bot/calendar"
)

// Rules say when reminders leave. Territories and organisations may each have
// their own; the zero value, but for its zone, is the usual plan.
type Rules struct {
	// DaysBefore are the days, counted on the calendar, by which a reminder
	// precedes the appointment. Defaults to 2 and 1 when nil; an empty list
	// means no reminder, where the source sends its own.
	DaysBefore []int
	// At is the local hour at which they leave. Defaults to 10:00.
	At calendar.Clock
	// MinGap is how far apart two reminders must be. Defaults to 18 h.
	MinGap time.Duration
	// MinNotice is how long before the start an appointment must be booked to
	// be reminded of at all. Defaults to 24 h.
	MinNotice time.Duration
	// Window is when reminders may leave, in the zone that dates them.
	// Defaults to Monday to Saturday, 08:00 to 20:00, without holidays.
	Window calendar.Window
}

// maxDaysBefore keeps plans, and a mistyped rule, within reason.
const maxDaysBefore = 60

// Check tells everything that is wrong with rules that were read from a file.
// [Plan] takes any, and plans nothing that breaks its promises.
func (r Rules) Check() error {
	r = r.withDefaults()
	var faults []error
	if r.Window.Zone == nil {
		faults = append(faults, errors.New("a reminder plan needs a time zone"))
	}
	for _, days := range r.DaysBefore {
		if days < 1 || days > maxDaysBefore {
			faults = append(faults, fmt.Errorf("a reminder %d days before, want 1 to %d", days, maxDaysBefore))
		}
	}
	if r.MinGap < 0 || r.MinNotice < 0 {
		faults = append(faults, errors.New("the gap and the notice of reminders cannot be negative"))
	}
	if monday := (calendar.Date{Year: 2026, Month: time.November, Day: 23}); !r.Window.Allowed(monday.At(r.At, r.zone())) {
		faults = append(faults, fmt.Errorf("reminders at %s are outside the allowed hours", r.At))
	}
	return errors.Join(faults...)
}

// Reminder is one message to send about an appointment.
type Reminder struct {
	Kind     string    // "d2", "d1": how many days before it was meant for
	Due      time.Time // UTC
	Revision int       // of the appointment it reminds of
}

// Plan gives the reminders of a, earliest first, that are still to come at
// now. The rules, in this order:
//
//   - nothing for an appointment that is not planned or has begun, nor for one
//     booked less than MinNotice before its start (an unknown booking time
//     passes: better one reminder too many);
//   - each is due so many calendar days before, at the same local hour on
//     either side of a change of clocks;
//   - on a day that the window forbids, it moves earlier, to the same hour of
//     the last allowed day, never later;
//   - of two that come within MinGap of each other the later one stays;
//   - one whose time is past is not planned: an appointment learnt the day
//     before gets what still makes sense, not a bundle.
func Plan(a Appointment, r Rules, now time.Time) []Reminder {
	return slices.DeleteFunc(schedule(a, r), func(m Reminder) bool {
		return m.Due.Before(now)
	})
}

// schedule is the plan before anything of it is past. It depends on nothing
// but the appointment and the rules, so it can be found again at send time.
func schedule(a Appointment, r Rules) []Reminder {
	r = r.withDefaults()
	if a.Status != Planned || a.Start.IsZero() {
		return nil
	}
	if !a.BookedAt.IsZero() && a.Start.Sub(a.BookedAt) < r.MinNotice {
		return nil
	}

	days := slices.Sorted(slices.Values(r.DaysBefore))
	var plan []Reminder // latest first, to let the later of two win
	for _, n := range slices.Compact(days) {
		if n < 1 || n > maxDaysBefore {
			continue
		}
		due, ok := r.due(a.Start, n)
		if !ok || (len(plan) > 0 && plan[len(plan)-1].Due.Sub(due) < r.MinGap) {
			continue
		}
		plan = append(plan, Reminder{Kind: fmt.Sprintf("d%d", n), Due: due, Revision: a.Revision})
	}
	slices.Reverse(plan)
	return plan
}

// due is the instant of the reminder n days before start. It is false when
// that is not before the start, or the window has no such moment.
func (r Rules) due(start time.Time, n int) (time.Time, bool) {
	day := calendar.DateOf(start.In(r.zone())).AddDays(-n)
	due, ok := r.Window.LastAllowedBefore(day.At(r.At, r.zone()))
	return due.UTC(), ok && due.Before(start)
}

func (r Rules) zone() *time.Location {
	if r.Window.Zone == nil {
		return time.UTC
	}
	return r.Window.Zone
}

func (r Rules) withDefaults() Rules {
	if r.DaysBefore == nil {
		r.DaysBefore = []int{2, 1}
	}
	if r.At == 0 {
		r.At = 10 * 60
	}
	if r.MinGap == 0 {
		r.MinGap = 18 * time.Hour
	}
	if r.MinNotice == 0 {
		r.MinNotice = 24 * time.Hour
	}
	return r
}
