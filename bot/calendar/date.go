// Package calendar is the arithmetic of civil time that reminders and
// hand-off share: dates and clocks, public holidays, opening hours, quiet
// hours, and the short way of writing a moment in an SMS.
//
// It is pure: no clock, no I/O, no global state, nothing but the standard
// library. The time zone is the territory's and always comes from the caller.
//
// # Across a change of clocks
//
// A civil time is a date and a clock. Twice a year it does not name exactly
// one instant, and [Date.At] follows two rules:
//
//   - a time that the clocks skip moves forward by what they skipped
//     (2027-03-28 02:30 in Paris is 03:30, summer time);
//   - a time that comes twice is the first of the two (2026-10-25 02:30 in
//     Paris is 00:30 UTC, still summer time). [time.Date] picks the second
//     and promises neither, so it is not relied on.
//
// "The day before at 10:00" is arithmetic on the date, never minus 24 hours.
package calendar

import (
	"fmt"
	"time"
)

// Date is a day of the civil (Gregorian) calendar, in no zone. It is
// comparable; the zero value is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day of t in t's own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// ParseDate reads "2026-11-24". A day that does not exist is an error.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %.20q is not an existing day written YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

// String writes the date as "2026-11-24".
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// AddDays is the date n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Compare is -1, 0 or 1 when d is before, on or after e.
func (d Date) Compare(e Date) int {
	a := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return a.Compare(time.Date(e.Year, e.Month, e.Day, 0, 0, 0, 0, time.UTC))
}

// At is the instant, in zone, when the clocks show c on day d. The package
// comment says what happens to a time that is skipped or comes twice.
func (d Date) At(c Clock, zone *time.Location) time.Time {
	utc := time.Date(d.Year, d.Month, d.Day, 0, int(c), 0, 0, time.UTC)
	// No zone is further than a day from UTC, so a day on either side gives
	// the offsets in force before and after a change that touches this time.
	before := offset(utc.AddDate(0, 0, -1), zone)
	after := offset(utc.AddDate(0, 0, 1), zone)

	first := utc.Add(-before)
	second := utc.Add(-after)
	if offset(first, zone) != before && offset(second, zone) == after {
		return second.In(zone)
	}
	return first.In(zone)
}

// offset is how far the clocks of zone are ahead of UTC at t.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
