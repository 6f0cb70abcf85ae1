package calendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"relais/bot/calendar"
)

var office = map[string][]string{
	"mon": {"13:30-17:00", "09:00-12:00"},
	"tue": {"09:00-12:00", "13:30-17:00"},
	"wed": {"09:00-12:00"},
	"thu": {"09:00-12:00", "13:30-17:00"},
	"fri": {"09:00-12:00", "13:30-18:00"},
}

func mustHours(t testing.TB, week map[string][]string, closures []string, loc *time.Location) calendar.Hours {
	t.Helper()
	h, err := calendar.ParseHours(week, closures, loc)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ExampleHours_Add() {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	hours, err := calendar.ParseHours(map[string][]string{
		"mon": {"09:00-12:00", "13:30-17:00"},
		"fri": {"09:00-12:00", "13:30-18:00"},
	}, nil, paris)
	if err != nil {
		panic(err)
	}

	asked := time.Date(2026, time.November, 20, 17, 30, 0, 0, paris) // a Friday
	deadline, ok := hours.Add(asked, 2*time.Hour)
	fmt.Println(calendar.Short(deadline, "fr"), ok)
	// Output: lun. 23/11 à 10h30 true
}

func TestNextOpen(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	hours := mustHours(t, office, []string{"2026-12-24/2027-01-02", "2026-11-26"}, paris)
	for _, tc := range []struct{ name, from, want string }{
		{"open", "2026-11-24 10:15", "2026-11-24 10:15"},
		{"opening minute", "2026-11-24 09:00", "2026-11-24 09:00"},
		{"before opening", "2026-11-24 07:00", "2026-11-24 09:00"},
		{"closing minute", "2026-11-24 12:00", "2026-11-24 13:30"},
		{"lunch, days written out of order", "2026-11-23 12:30", "2026-11-23 13:30"},
		{"evening", "2026-11-24 17:00", "2026-11-25 09:00"},
		{"closed day", "2026-11-26 10:00", "2026-11-27 09:00"},
		{"weekend", "2026-11-27 18:00", "2026-11-30 09:00"},
		{"holiday", "2026-11-11 09:30", "2026-11-12 09:00"},
		{"end of year", "2026-12-23 12:00", "2027-01-04 09:00"},
		{"weekend of the clocks", "2027-03-26 18:00", "2027-03-30 09:00"}, // and Easter Monday
	} {
		t.Run(tc.name, func(t *testing.T) {
			from := at(t, paris, tc.from)
			got, ok := hours.NextOpen(from.UTC())
			if want := at(t, paris, tc.want); !ok || !got.Equal(want) {
				t.Errorf("%s opens at %s, %t, want %s", tc.from, got, ok, want)
			}
			if open := tc.from == tc.want; hours.IsOpen(from) != open {
				t.Errorf("open at %s: %t", tc.from, !open)
			}
			if got.Location() != paris {
				t.Errorf("the answer is in %s", got.Location())
			}
		})
	}
}

func TestAdd(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	hours := mustHours(t, office, []string{"2026-12-24/2027-01-02"}, paris)
	for _, tc := range []struct {
		name, from string
		wait       time.Duration
		want       string
	}{
		{"within the morning", "2026-11-24 09:30", 2 * time.Hour, "2026-11-24 11:30"},
		{"up to the closing minute", "2026-11-24 10:00", 2 * time.Hour, "2026-11-24 12:00"},
		{"over lunch", "2026-11-24 11:00", 2 * time.Hour, "2026-11-24 14:30"},
		{"over a weekend", "2026-11-20 17:30", 2 * time.Hour, "2026-11-23 10:30"},
		{"asked at night", "2026-11-20 23:00", 30 * time.Minute, "2026-11-23 09:30"},
		{"over Armistice", "2026-11-10 16:00", 90 * time.Minute, "2026-11-12 09:30"},
		{"over the closure", "2026-12-23 11:00", 2 * time.Hour, "2027-01-04 10:00"},
		{"over the change of clocks", "2026-10-23 17:00", 2 * time.Hour, "2026-10-26 10:00"},
		{"a working week", "2026-11-23 09:00", 30 * time.Hour, "2026-11-27 18:00"},
		{"nothing to wait", "2026-11-24 12:10", 0, "2026-11-24 13:30"},
		{"less than nothing", "2026-11-24 12:10", -time.Hour, "2026-11-24 13:30"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := hours.Add(at(t, paris, tc.from), tc.wait)
			if want := at(t, paris, tc.want); !ok || !got.Equal(want) {
				t.Errorf("%s after %s is %s, %t, want %s", tc.wait, tc.from, got, ok, want)
			}
		})
	}
}

// A night shelter is open while the clocks change: what counts is time that
// really passes.
func TestHoursDuringTheChange(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	night := mustHours(t, map[string][]string{"sun": {"00:00-02:15", "02:30-02:45", "02:50-24:00"}}, nil, paris)
	for _, tc := range []struct {
		name, from string
		wait       time.Duration
		utc        string
	}{
		{"spring, before the skipped hour", "2028-03-26 01:30", 30 * time.Minute, "2028-03-26T01:00:00Z"},
		{"spring, across it", "2028-03-26 01:30", 45 * time.Minute, "2028-03-26T01:15:00Z"},
		{"spring, the day is 23 h long", "2028-03-26 00:00", 23 * time.Hour, "2028-03-26T22:00:00Z"},
		{"autumn, the first time 02:20 comes", "2026-10-25 02:20", 0, "2026-10-25T00:30:00Z"},
		{"autumn, from 02:50 the first time", "2026-10-25 02:50", 20 * time.Minute, "2026-10-25T01:10:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := night.Add(at(t, paris, tc.from), tc.wait)
			if !ok || got.UTC().Format(time.RFC3339) != tc.utc {
				t.Errorf("%s after %s is %s, %t, want %s", tc.wait, tc.from, got.UTC(), ok, tc.utc)
			}
		})
	}
}

func TestNeverOpen(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	now := at(t, paris, "2026-11-24 10:00")
	for name, hours := range map[string]calendar.Hours{
		"zero value":      {},
		"no day":          mustHours(t, nil, nil, paris),
		"closed for good": mustHours(t, office, []string{"2020-01-01/2100-01-01"}, paris),
	} {
		if next, ok := hours.NextOpen(now); ok {
			t.Errorf("%s: opens at %s", name, next)
		}
		if hours.IsOpen(now) {
			t.Errorf("%s: open", name)
		}
	}
	if !(calendar.Hours{}).Empty() || mustHours(t, office, nil, paris).Empty() {
		t.Error("only hours without an interval are empty")
	}
	if at, ok := mustHours(t, office, nil, paris).Add(now, 1<<62); ok {
		t.Errorf("146 years of work are over at %s", at)
	}
}

func TestParseHoursFaults(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	for _, tc := range []struct {
		name     string
		week     map[string][]string
		closures []string
		want     string
	}{
		{"day", map[string][]string{"lun": {"09:00-12:00"}}, nil, `day "lun" is none of mon, tue`},
		{"no dash", map[string][]string{"mon": {"9h"}}, nil, `mon: interval "9h": not written "09:00-12:00"`},
		{"hour", map[string][]string{"mon": {"9:00-12:00"}}, nil, `mon: interval "9:00-12:00": hour "9:00" is not written HH:MM`},
		{"backwards", map[string][]string{"tue": {"12:00-09:00"}}, nil, `tue: interval "12:00-09:00": the end must come after`},
		{"no length", map[string][]string{"tue": {"09:00-09:00"}}, nil, `the end must come after`},
		{"begins at 24:00", map[string][]string{"tue": {"24:00-24:00"}}, nil, `hour "24:00"`},
		{"overlap", map[string][]string{"wed": {"13:00-17:00", "09:00-13:30"}}, nil, `wed: intervals 09:00-13:30 and 13:00-17:00 overlap`},
		{"too many", map[string][]string{"wed": make([]string, 13)}, nil, `wed: 13 intervals, at most 12`},
		{"closure", nil, []string{"24/12/2026"}, `closure "24/12/2026": date "24"`},
		{"closure's end", nil, []string{"2026-12-24/2026-02-30"}, `date "2026-02-30" is not an existing day`},
		{"closure backwards", nil, []string{"2026-12-26/2026-12-24"}, `the last day comes before the first`},
		{"too many closures", nil, make([]string, 401), `401 closures, at most 400`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			hours, err := calendar.ParseHours(tc.week, tc.closures, paris)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %s", err, tc.want)
			}
			if !hours.Empty() {
				t.Error("faulty hours are open")
			}
		})
	}
	if _, err := calendar.ParseHours(office, nil, nil); err == nil {
		t.Error("hours without a zone were read")
	}
	_, err := calendar.ParseHours(map[string][]string{"mon": {"x"}, "lun": nil}, []string{"y"}, paris)
	if got := strings.Count(fmt.Sprint(err), "\n") + 1; got != 3 {
		t.Errorf("%d faults told of 3: %v", got, err)
	}
}

// The clever walk over spans against the plain one: a minute is open when its
// clock is within an interval of its day.
func TestHoursAgainstMinutes(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	rapid.Check(t, func(t *rapid.T) {
		week := rapid.MapOf(rapid.SampledFrom([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}), days()).Draw(t, "week")
		// From a week before the changes, holidays and closures of the year.
		base := rapid.SampledFrom([]string{"2026-10-23", "2027-03-26", "2027-05-05", "2026-12-22", "2036-10-24"}).Draw(t, "base")
		first, err := calendar.ParseDate(base)
		if err != nil {
			t.Fatal(err)
		}
		closed := first.AddDays(rapid.IntRange(0, 3).Draw(t, "closed"))
		hours, err := calendar.ParseHours(week, []string{closed.String()}, paris)
		if err != nil {
			t.Fatal(err)
		}

		start := first.At(0, paris).Add(time.Duration(rapid.IntRange(0, 2*1440).Draw(t, "minute")) * time.Minute)
		wait := time.Duration(rapid.IntRange(1, 600).Draw(t, "wait")) * time.Minute
		got, ok := hours.Add(start, wait)
		left := wait
		for minute := start; minute.Before(start.AddDate(0, 0, 6)); minute = minute.Add(time.Minute) {
			open := openMinute(week, closed, minute.In(paris))
			if open != hours.IsOpen(minute) {
				t.Fatalf("%s open: %t, want %t", minute, !open, open)
			}
			if !open {
				continue
			}
			if left -= time.Minute; left == 0 {
				if want := minute.Add(time.Minute); !ok || !got.Equal(want) {
					t.Fatalf("%s after %s is %s, %t, want %s", wait, start, got, ok, want)
				}
				return
			}
		}
	})
}

// days draws the intervals of a day, on whole hours so that none begins or
// ends inside the hour that comes twice: there a wall clock cannot tell.
func days() *rapid.Generator[[]string] {
	return rapid.Custom(func(t *rapid.T) []string {
		cuts := rapid.SliceOfNDistinct(rapid.SampledFrom([]int{0, 1, 3, 4, 8, 9, 12, 13, 14, 17, 20, 23, 24}), 4, 4, rapid.ID[int]).Draw(t, "cuts")
		a, b := min(cuts[0], cuts[1]), max(cuts[0], cuts[1])
		c, d := min(cuts[2], cuts[3]), max(cuts[2], cuts[3])
		intervals := []string{fmt.Sprintf("%02d:00-%02d:00", a, b)}
		if c > b || d < a {
			intervals = append(intervals, fmt.Sprintf("%02d:00-%02d:00", c, d))
		}
		return intervals
	})
}

func openMinute(week map[string][]string, closed calendar.Date, t time.Time) bool {
	if _, off := calendar.Holiday(calendar.DateOf(t)); off || calendar.DateOf(t) == closed {
		return false
	}
	clock := t.Format("15:04")
	for _, interval := range week[strings.ToLower(t.Weekday().String()[:3])] {
		if interval[:5] <= clock && clock < interval[6:] {
			return true
		}
	}
	return false
}

func FuzzParseHours(f *testing.F) {
	f.Add("mon", "09:00-12:00", "2026-12-24/2026-12-26")
	f.Add("sun", "00:00-24:00", "2026-12-24")
	f.Add("lun", "9h-12h", "Noël")
	paris := zone(f, "Europe/Paris")
	now := at(f, paris, "2026-10-24 23:30")
	f.Fuzz(func(t *testing.T, day, interval, closed string) {
		hours, err := calendar.ParseHours(map[string][]string{day: {interval}}, []string{closed}, paris)
		if err != nil {
			if !hours.Empty() {
				t.Error("faulty hours are open")
			}
			return
		}
		if next, ok := hours.NextOpen(now); ok && (next.Before(now) || !hours.IsOpen(next)) {
			t.Errorf("%s %s: next opening %s is not open", day, interval, next)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	paris := zone(b, "Europe/Paris")
	hours := mustHours(b, office, []string{"2026-12-24/2027-01-02"}, paris)
	now := at(b, paris, "2026-11-20 17:30")
	b.ReportAllocs()
	for b.Loop() {
		hours.Add(now, 2*time.Hour)
	}
}
