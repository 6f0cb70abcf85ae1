package calendar

import "time"

// A Window is when a person may be written to unasked: Monday to Saturday, not
// on a public holiday, between two hours of the day. French law asks that of
// advertising only; for reminders it is courtesy.
//
// The zero hours mean 08:00 to 20:00. Zone is the person's, and defaults to
// UTC. The first minute is allowed, the last is not.
type Window struct {
	Zone     *time.Location
	From, To Clock
}

// reach bounds a search, in days. Sundays and holidays make three days in a row
// at most (8 May, a Sunday, Whit Monday), so only a window without any minute
// runs out of it.
const reach = 14

// Allowed tells whether t is within the window.
func (w Window) Allowed(t time.Time) bool {
	from, to := w.hours()
	t = t.In(w.zone())
	clock := ClockOf(t)
	if clock < from || clock >= to || t.Weekday() == time.Sunday {
		return false
	}
	_, off := Holiday(DateOf(t))
	return !off
}

// LastAllowedBefore is t itself when it is allowed; else it moves t earlier,
// to the same clock on the nearest allowed day. A clock outside the hours
// becomes the last minute before they end. It is for what must come before
// something, such as a reminder. It is false when the window has no minute.
func (w Window) LastAllowedBefore(t time.Time) (time.Time, bool) {
	t = t.Round(0).In(w.zone())
	if w.Allowed(t) {
		return t, true
	}
	day, clock := DateOf(t), ClockOf(t)
	from, to := w.hours()
	if clock < from {
		day = day.AddDays(-1)
	}
	if clock < from || clock >= to {
		clock = to - 1
	}
	for range reach {
		if at := day.At(clock, w.zone()); w.Allowed(at) {
			return at, true
		}
		day = day.AddDays(-1)
	}
	return time.Time{}, false
}

// NextAllowed is t itself when it is allowed, else the next opening of the
// window. It is for what may only wait, such as a nudge. It is false when the
// window has no minute.
func (w Window) NextAllowed(t time.Time) (time.Time, bool) {
	t = t.Round(0).In(w.zone())
	if w.Allowed(t) {
		return t, true
	}
	from, _ := w.hours()
	day := DateOf(t)
	for range reach {
		if at := day.At(from, w.zone()); at.After(t) && w.Allowed(at) {
			return at, true
		}
		day = day.AddDays(1)
	}
	return time.Time{}, false
}

func (w Window) hours() (from, to Clock) {
	if w.From == 0 && w.To == 0 {
		return 8 * 60, 20 * 60
	}
	return w.From, w.To
}

func (w Window) zone() *time.Location {
	if w.Zone == nil {
		return time.UTC
	}
	return w.Zone
}
