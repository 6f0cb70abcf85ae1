package calendar

import (
	"fmt"
	"time"
)

// Clock is what a clock on the wall shows, in minutes since midnight.
// Opening hours may end at [EndOfDay], which no clock shows.
type Clock int

// EndOfDay is the midnight that ends a day, written "24:00".
const EndOfDay Clock = 24 * 60

// ClockOf is what the clocks show at t, in t's own location. Seconds are cut.
func ClockOf(t time.Time) Clock {
	hour, minute, _ := t.Clock()
	return Clock(hour*60 + minute)
}

// ParseClock reads "14:30", from "00:00" to "23:59".
func ParseClock(s string) (Clock, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("hour %.20q is not written HH:MM between 00:00 and 23:59", s)
	}
	return ClockOf(t), nil
}

// String writes the clock as "14:30".
func (c Clock) String() string {
	return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60)
}
