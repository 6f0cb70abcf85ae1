package calendar_test

import (
	"testing"
	"time"

	"relais/bot/calendar"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// at reads "2026-11-24 14:30" on the clocks of loc.
func at(t testing.TB, loc *time.Location, s string) time.Time {
	t.Helper()
	day, err := calendar.ParseDate(s[:10])
	if err != nil {
		t.Fatal(err)
	}
	clock, err := calendar.ParseClock(s[11:])
	if err != nil {
		t.Fatal(err)
	}
	return day.At(clock, loc)
}

func TestAtInParis(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	for _, tc := range []struct{ civil, utc string }{
		{"2026-07-01 10:00", "2026-07-01T08:00:00Z"},
		{"2026-12-01 10:00", "2026-12-01T09:00:00Z"},
		{"2027-03-28 01:59", "2027-03-28T00:59:00Z"},
		{"2027-03-28 02:00", "2027-03-28T01:00:00Z"}, // skipped: 03:00
		{"2027-03-28 02:30", "2027-03-28T01:30:00Z"}, // skipped: 03:30
		{"2027-03-28 03:00", "2027-03-28T01:00:00Z"},
		{"2027-03-28 10:00", "2027-03-28T08:00:00Z"},
		{"2026-10-25 01:59", "2026-10-24T23:59:00Z"},
		{"2026-10-25 02:00", "2026-10-25T00:00:00Z"}, // twice: the first
		{"2026-10-25 02:59", "2026-10-25T00:59:00Z"}, // twice: the first
		{"2026-10-25 03:00", "2026-10-25T02:00:00Z"},
	} {
		if got := at(t, paris, tc.civil).UTC().Format(time.RFC3339); got != tc.utc {
			t.Errorf("%s in Paris is %s, want %s", tc.civil, got, tc.utc)
		}
	}
}

// The territory may one day be elsewhere, and the rules do not depend on the
// size, the hour or the direction of the change.
func TestAtElsewhere(t *testing.T) {
	for _, tc := range []struct{ zone, civil, utc string }{
		{"America/Martinique", "2026-10-25 02:30", "2026-10-25T06:30:00Z"},
		{"Indian/Reunion", "2027-03-28 02:30", "2027-03-27T22:30:00Z"},
		{"Pacific/Noumea", "2027-03-28 02:30", "2027-03-27T15:30:00Z"},
		{"America/Miquelon", "2027-03-14 02:30", "2027-03-14T05:30:00Z"},    // skipped
		{"America/Miquelon", "2026-11-01 01:30", "2026-11-01T03:30:00Z"},    // twice
		{"Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03T15:40:00Z"}, // skipped, half an hour
		{"Australia/Lord_Howe", "2027-04-04 01:40", "2027-04-03T14:40:00Z"}, // twice, half an hour
		{"Pacific/Apia", "2011-12-30 12:00", "2011-12-30T22:00:00Z"},        // a whole day skipped
	} {
		if got := at(t, zone(t, tc.zone), tc.civil).UTC().Format(time.RFC3339); got != tc.utc {
			t.Errorf("%s in %s is %s, want %s", tc.civil, tc.zone, got, tc.utc)
		}
	}
}

// Every minute around every change of the clocks from 2026 to 2036, against
// the European rule: the last Sunday of March and of October, at 01:00 UTC.
func TestEveryChangeOfTheClocks(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	for year := 2026; year <= 2036; year++ {
		spring := lastSunday(year, time.March)
		for c := calendar.Clock(0); c < calendar.EndOfDay; c++ {
			ahead := time.Hour
			if c >= 3*60 {
				ahead = 2 * time.Hour
			}
			if got, want := spring.At(c, paris), midnight(spring).Add(minutes(c)-ahead); !got.Equal(want) {
				t.Errorf("%s %s is %s, want %s", spring, c, got, want.In(paris))
			}
		}
		autumn := lastSunday(year, time.October)
		for c := calendar.Clock(0); c < calendar.EndOfDay; c++ {
			ahead := 2 * time.Hour
			if c >= 3*60 {
				ahead = time.Hour
			}
			if got, want := autumn.At(c, paris), midnight(autumn).Add(minutes(c)-ahead); !got.Equal(want) {
				t.Errorf("%s %s is %s, want %s", autumn, c, got, want.In(paris))
			}
		}
	}
}

func lastSunday(year int, month time.Month) calendar.Date {
	day := calendar.Date{Year: year, Month: month, Day: 31}
	return day.AddDays(-int(day.Weekday()))
}

func midnight(d calendar.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func minutes(c calendar.Clock) time.Duration {
	return time.Duration(c) * time.Minute
}

func TestDayBeforeKeepsItsClock(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	start := at(t, paris, "2027-03-28 09:00")
	got := calendar.DateOf(start).AddDays(-1).At(calendar.ClockOf(start), paris)
	if want := at(t, paris, "2027-03-27 09:00"); !got.Equal(want) || start.Sub(got) != 23*time.Hour {
		t.Errorf("the day before %s is %s", start, got)
	}
}

func TestDates(t *testing.T) {
	for _, tc := range []struct {
		from string
		days int
		want string
	}{
		{"2026-12-31", 1, "2027-01-01"},
		{"2028-02-28", 1, "2028-02-29"},
		{"2027-03-01", -1, "2027-02-28"},
		{"2026-11-24", 0, "2026-11-24"},
		{"2026-11-24", 365, "2027-11-24"},
	} {
		day, err := calendar.ParseDate(tc.from)
		if err != nil {
			t.Fatal(err)
		}
		got := day.AddDays(tc.days)
		if got.String() != tc.want {
			t.Errorf("%s and %d days is %s, want %s", tc.from, tc.days, got, tc.want)
		}
		if want := min(1, max(-1, tc.days)); got.Compare(day) != want {
			t.Errorf("%s compared with %s is %d, want %d", got, day, got.Compare(day), want)
		}
	}
	for _, bad := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "24/11/2026", "2026-11-24 ", "demain"} {
		if day, err := calendar.ParseDate(bad); err == nil {
			t.Errorf("%q read as %s", bad, day)
		}
	}
}

func TestClocks(t *testing.T) {
	for s, want := range map[string]calendar.Clock{"00:00": 0, "09:05": 545, "14:30": 870, "23:59": 1439} {
		got, err := calendar.ParseClock(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s read as %d (%s), %v", s, got, got, err)
		}
	}
	for _, bad := range []string{"", "9:05", "24:00", "14:60", "14h30", "14:30:00", " 14:30", "-1:30"} {
		if clock, err := calendar.ParseClock(bad); err == nil {
			t.Errorf("%q read as %s", bad, clock)
		}
	}
}
