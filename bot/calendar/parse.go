package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Nobody opens more often than that in a day, nor lists more closures.
const (
	maxIntervals = 12
	maxClosures  = 400
)

var weekdays = map[string]time.Weekday{
	"mon": time.Monday,
	"tue": time.Tuesday,
	"wed": time.Wednesday,
	"thu": time.Thursday,
	"fri": time.Friday,
	"sat": time.Saturday,
	"sun": time.Sunday,
}

// ParseHours reads the opening hours of a territory's file. week gives for
// "mon" to "sun" the intervals of the day, as "09:00-12:00", the last of which
// may end at "24:00"; a day left out is closed. closures are days
// ("2026-12-24") or runs of days, both ends included
// ("2026-12-24/2026-12-26"). The error tells every fault at once.
func ParseHours(week map[string][]string, closures []string, zone *time.Location) (Hours, error) {
	if zone == nil {
		return Hours{}, errors.New("opening hours need a time zone")
	}
	h := Hours{zone: zone}
	var faults []error

	for _, name := range slices.Sorted(maps.Keys(week)) {
		day, known := weekdays[name]
		if !known {
			faults = append(faults, fmt.Errorf("day %.20q is none of mon, tue, wed, thu, fri, sat, sun", name))
			continue
		}
		intervals, err := parseDay(week[name])
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		h.week[day] = intervals
	}

	if len(closures) > maxClosures {
		faults = append(faults, fmt.Errorf("%d closures, at most %d are read", len(closures), maxClosures))
		closures = nil
	}
	for _, s := range closures {
		c, err := parseClosure(s)
		if err != nil {
			faults = append(faults, fmt.Errorf("closure %.40q: %w", s, err))
		}
		h.closures = append(h.closures, c)
	}

	if err := errors.Join(faults...); err != nil {
		return Hours{}, err
	}
	return h, nil
}

// parseDay reads the intervals of one day and puts them in order.
func parseDay(texts []string) ([]interval, error) {
	if len(texts) > maxIntervals {
		return nil, fmt.Errorf("%d intervals, at most %d are read", len(texts), maxIntervals)
	}
	var day []interval
	for _, s := range texts {
		i, err := parseInterval(s)
		if err != nil {
			return nil, fmt.Errorf("interval %.40q: %w", s, err)
		}
		day = append(day, i)
	}

	slices.SortFunc(day, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(day); i++ {
		if day[i].from < day[i-1].to {
			return nil, fmt.Errorf("intervals %s and %s overlap", day[i-1], day[i])
		}
	}
	return day, nil
}

func parseInterval(s string) (interval, error) {
	begin, end, found := strings.Cut(s, "-")
	if !found {
		return interval{}, errors.New(`not written "09:00-12:00"`)
	}
	from, err := ParseClock(begin)
	if err != nil {
		return interval{}, err
	}
	if end == EndOfDay.String() {
		return interval{from, EndOfDay}, nil
	}
	to, err := ParseClock(end)
	if err != nil {
		return interval{}, err
	}
	if to <= from {
		return interval{}, errors.New("the end must come after the beginning, on the same day")
	}
	return interval{from, to}, nil
}

func parseClosure(s string) (closure, error) {
	begin, end, several := strings.Cut(s, "/")
	first, err := ParseDate(begin)
	if err != nil {
		return closure{}, err
	}
	if !several {
		return closure{first, first}, nil
	}
	last, err := ParseDate(end)
	if err != nil {
		return closure{}, err
	}
	if last.Compare(first) < 0 {
		return closure{}, errors.New("the last day comes before the first")
	}
	return closure{first, last}, nil
}

// String writes the interval as "09:00-12:00".
func (i interval) String() string {
	return i.from.String() + "-" + i.to.String()
}
