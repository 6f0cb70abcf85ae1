package calendar

import (
	"iter"
	"time"
)

// horizon bounds every search for an open moment, in days: more than a year,
// so that a yearly closure ends within it, and short enough never to be felt.
const horizon = 400

// Hours are the opening hours of a team: intervals by day of the week, minus
// closures and public holidays, in the team's time zone. They are made by
// [ParseHours]; the zero value is never open. Times may be given in any zone
// and come back in the hours' own.
type Hours struct {
	zone     *time.Location
	week     [7][]interval // by time.Weekday; in order, without overlap
	closures []closure
}

// interval is open from its first minute until, not including, its last.
type interval struct{ from, to Clock }

// closure is a run of closed days, both ends included.
type closure struct{ first, last Date }

// span is an interval on a given day.
type span struct{ from, to time.Time }

// Empty tells whether no day of the week has any opening at all.
func (h Hours) Empty() bool {
	for _, day := range h.week {
		if len(day) > 0 {
			return false
		}
	}
	return true
}

// IsOpen tells whether t is within opening hours. The closing minute is not.
func (h Hours) IsOpen(t time.Time) bool {
	next, ok := h.NextOpen(t)
	return ok && next.Equal(t)
}

// NextOpen is t itself when t is within opening hours, else the next opening.
// It is false when there is none within 400 days.
func (h Hours) NextOpen(t time.Time) (time.Time, bool) {
	return h.Add(t, 0)
}

// Add is the first instant by which d of opening time has passed since t: the
// deadline of a promise. Two hours asked on a Friday at 17:30, where Friday
// ends at 18:00 and Monday begins at 09:00, are over on Monday at 10:30. A d
// of zero or less gives [Hours.NextOpen]. It is false when that much opening
// time does not come within 400 days.
func (h Hours) Add(t time.Time, d time.Duration) (time.Time, bool) {
	left := max(d, 0)
	for open := range h.after(t) {
		length := open.to.Sub(open.from)
		if left <= length {
			return open.from.Add(left), true
		}
		left -= length
	}
	return time.Time{}, false
}

// after yields, in order, what is open from t on.
func (h Hours) after(t time.Time) iter.Seq[span] {
	return func(yield func(span) bool) {
		if h.Empty() {
			return
		}
		t = t.Round(0).In(h.zone)
		day := DateOf(t)
		for range horizon {
			for _, open := range h.on(day) {
				s := span{later(t, h.edge(day, open.from)), h.edge(day, open.to)}
				if s.from.Before(s.to) && !yield(s) {
					return
				}
			}
			day = day.AddDays(1)
		}
	}
}

// on is what the week plans for day, nothing when it is closed.
func (h Hours) on(day Date) []interval {
	if _, off := Holiday(day); off {
		return nil
	}
	for _, c := range h.closures {
		if c.first.Compare(day) <= 0 && day.Compare(c.last) <= 0 {
			return nil
		}
	}
	return h.week[day.Weekday()]
}

// edge is the instant when an interval of day begins or ends. An hour that the
// clocks skip begins and ends at the change itself, so that intervals keep
// their order and never overlap.
func (h Hours) edge(day Date, c Clock) time.Time {
	t := day.At(c, h.zone)
	if ClockOf(t) == c%EndOfDay {
		return t
	}
	change, _ := t.ZoneBounds()
	return change
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
