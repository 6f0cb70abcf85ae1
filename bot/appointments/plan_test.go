package appointments_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"relais/bot/appointments"
	"relais/bot/calendar"
)

func loadParis(t testing.TB) *time.Location {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return paris
}

// at reads "2026-11-24 14:30" on the clocks of loc.
func at(t testing.TB, loc *time.Location, s string) time.Time {
	t.Helper()
	got, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func usual(loc *time.Location) appointments.Rules {
	return appointments.Rules{Window: calendar.Window{Zone: loc}}
}

func ExamplePlan() {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	rules := appointments.Rules{Window: calendar.Window{Zone: paris}}

	// A Tuesday. Two days before is a Sunday, when nobody is written to.
	rdv := appointments.Appointment{
		Start:    time.Date(2026, time.November, 24, 14, 30, 0, 0, paris),
		Status:   appointments.Planned,
		Revision: 1,
	}
	now := time.Date(2026, time.November, 16, 9, 0, 0, 0, paris)
	for _, reminder := range appointments.Plan(rdv, rules, now) {
		fmt.Println(reminder.Kind, calendar.Short(reminder.Due.In(paris), "fr"))
	}
	// Output:
	// d2 sam. 21/11 à 10h
	// d1 lun. 23/11 à 10h
}

// show writes a plan as "d2 2026-11-21 10:00, d1 2026-11-23 10:00".
func show(plan []appointments.Reminder, loc *time.Location) string {
	var parts []string
	for _, m := range plan {
		parts = append(parts, m.Kind+" "+m.Due.In(loc).Format("2006-01-02 15:04"))
	}
	return strings.Join(parts, ", ")
}

func TestPlan(t *testing.T) {
	paris := loadParis(t)
	const long = "2026-01-01 09:00"
	for _, tc := range []struct {
		name                       string
		start, booked, now, status string // booked, now: long ago; status: planned
		want                       string
	}{
		{name: "midweek", start: "2026-11-26 14:30", want: "d2 2026-11-24 10:00, d1 2026-11-25 10:00"},
		{name: "early in the morning", start: "2026-11-26 00:15", want: "d2 2026-11-24 10:00, d1 2026-11-25 10:00"},
		{name: "D-2 on a Sunday", start: "2026-11-24 14:30", want: "d2 2026-11-21 10:00, d1 2026-11-23 10:00"},
		{name: "Monday: both on Saturday, one stays", start: "2026-11-23 14:30", want: "d1 2026-11-21 10:00"},
		{name: "D-1 on a holiday: both on the day before", start: "2026-11-12 09:00", want: "d1 2026-11-10 10:00"},
		{name: "D-2 on a holiday", start: "2026-11-13 09:00", want: "d2 2026-11-10 10:00, d1 2026-11-12 10:00"},
		{name: "after Easter: Saturday for both", start: "2027-03-30 09:00", want: "d1 2027-03-27 10:00"},
		{name: "Wednesday after Easter", start: "2027-03-31 09:00", want: "d2 2027-03-27 10:00, d1 2027-03-30 10:00"},
		{name: "on the spring change", start: "2028-03-27 09:00", want: "d1 2028-03-25 10:00"},
		{name: "after the autumn change", start: "2026-10-27 09:00", want: "d2 2026-10-24 10:00, d1 2026-10-26 10:00"},

		{name: "booked three days before", start: "2026-11-26 14:30", booked: "2026-11-23 15:00", now: "2026-11-23 15:00", want: "d2 2026-11-24 10:00, d1 2026-11-25 10:00"},
		{name: "booked the day before, early", start: "2026-11-26 14:30", booked: "2026-11-25 09:00", now: "2026-11-25 09:00", want: "d1 2026-11-25 10:00"},
		{name: "booked 24 h before", start: "2026-11-26 10:00", booked: "2026-11-25 10:00", now: "2026-11-25 10:00", want: "d1 2026-11-25 10:00"},
		{name: "booked less than 24 h before", start: "2026-11-26 09:59", booked: "2026-11-25 10:00", now: "2026-11-25 10:00"},
		{name: "booked 24 h by the clock, 23 in truth", start: "2026-03-29 09:00", booked: "2026-03-28 09:00", now: "2026-03-28 09:00"},

		{name: "learnt on D-2, after the hour", start: "2026-11-26 14:30", now: "2026-11-24 10:01", want: "d1 2026-11-25 10:00"},
		{name: "learnt on D-2, at the hour", start: "2026-11-26 14:30", now: "2026-11-24 10:00", want: "d2 2026-11-24 10:00, d1 2026-11-25 10:00"},
		{name: "learnt on D-1, after the hour", start: "2026-11-26 14:30", now: "2026-11-25 11:00"},
		{name: "begun", start: "2026-11-26 14:30", now: "2026-11-26 14:30"},
		{name: "over", start: "2026-11-26 14:30", now: "2027-11-26 14:30"},

		{name: "cancelled", start: "2026-11-26 14:30", status: "cancelled"},
		{name: "seen", start: "2026-11-26 14:30", status: "seen"},
		{name: "excused", start: "2026-11-26 14:30", status: "excused"},
		{name: "noshow", start: "2026-11-26 14:30", status: "noshow"},
		{name: "a status nobody knows", start: "2026-11-26 14:30", status: "maybe"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := appointments.Appointment{Start: at(t, paris, tc.start).UTC(), Status: appointments.Planned, Revision: 3}
			if tc.status != "" {
				a.Status = appointments.Status(tc.status)
			}
			if tc.booked != "" {
				a.BookedAt = at(t, paris, tc.booked)
			}
			now := at(t, paris, long)
			if tc.now != "" {
				now = at(t, paris, tc.now)
			}
			plan := appointments.Plan(a, usual(paris), now)
			if got := show(plan, paris); got != tc.want {
				t.Errorf("plan %q, want %q", got, tc.want)
			}
			for _, m := range plan {
				if m.Revision != 3 || m.Due.Location() != time.UTC {
					t.Errorf("reminder %+v, want revision 3 and UTC", m)
				}
			}
		})
	}
}

func TestPlanUnderOtherRules(t *testing.T) {
	paris := loadParis(t)
	window := calendar.Window{Zone: paris}
	for _, tc := range []struct {
		name  string
		rules appointments.Rules
		want  string
	}{
		{"none at all", appointments.Rules{DaysBefore: []int{}, Window: window}, ""},
		{"a week before, and the eve", appointments.Rules{DaysBefore: []int{1, 7, 1}, Window: window}, "d7 2026-11-19 10:00, d1 2026-11-25 10:00"},
		{"in the evening", appointments.Rules{At: 18*60 + 30, Window: window}, "d2 2026-11-24 18:30, d1 2026-11-25 18:30"},
		{"a day apart at least", appointments.Rules{MinGap: 25 * time.Hour, Window: window}, "d1 2026-11-25 10:00"},
		{"twice the same day, and no gap", appointments.Rules{DaysBefore: []int{1, 1}, MinGap: -1, Window: window}, "d1 2026-11-25 10:00"},
		{"nonsense days", appointments.Rules{DaysBefore: []int{-1, 0, 1e9}, Window: window}, ""},
		{"an hour that the window forbids", appointments.Rules{At: 22 * 60, Window: window}, "d2 2026-11-24 19:59, d1 2026-11-25 19:59"},
		{"a window without a minute", appointments.Rules{Window: calendar.Window{Zone: paris, From: 5, To: 5}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := appointments.Appointment{Start: at(t, paris, "2026-11-26 14:30"), Status: appointments.Planned}
			if got := show(appointments.Plan(a, tc.rules, at(t, paris, "2026-01-01 09:00")), paris); got != tc.want {
				t.Errorf("plan %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCheckRules(t *testing.T) {
	paris := loadParis(t)
	window := calendar.Window{Zone: paris}
	for _, tc := range []struct {
		name  string
		rules appointments.Rules
		want  string // empty: no fault
	}{
		{"usual", usual(paris), ""},
		{"none at all", appointments.Rules{DaysBefore: []int{}, Window: window}, ""},
		{"no zone", appointments.Rules{}, "time zone"},
		{"same day", appointments.Rules{DaysBefore: []int{0}, Window: window}, "0 days before"},
		{"too far", appointments.Rules{DaysBefore: []int{61}, Window: window}, "61 days before"},
		{"at night", appointments.Rules{At: 22 * 60, Window: window}, "22:00"},
		{"negative gap", appointments.Rules{MinGap: -1, Window: window}, "negative"},
	} {
		err := tc.rules.Check()
		if tc.want == "" && err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestDecide(t *testing.T) {
	paris := loadParis(t)
	booked := appointments.Appointment{Status: appointments.Planned, Revision: 1}
	for _, tc := range []struct {
		name, start, kind, now string
		change                 func(*appointments.Appointment)
		rules                  appointments.Rules
		want                   appointments.Action
		at, why                string
	}{
		{name: "on time", kind: "d1", now: "2026-11-25 10:00", want: appointments.Send},
		{name: "late, still helpful", kind: "d1", now: "2026-11-25 18:00", want: appointments.Send},
		{name: "the same morning", kind: "d1", now: "2026-11-26 08:00", want: appointments.Send},
		{name: "an hour before", kind: "d1", now: "2026-11-26 13:30", want: appointments.Send},
		{name: "too late to help", kind: "d1", now: "2026-11-26 13:31", want: appointments.Drop, why: "too_late"},
		{name: "begun", kind: "d1", now: "2026-11-26 14:30", want: appointments.Drop, why: "too_late"},
		{name: "long over", kind: "d1", now: "2027-11-26 14:30", want: appointments.Drop, why: "too_late"},
		{name: "clock went back", kind: "d1", now: "2026-11-25 09:00", want: appointments.Later, at: "2026-11-25 10:00", why: "early"},

		{name: "woken at night", kind: "d1", now: "2026-11-25 21:00", want: appointments.Later, at: "2026-11-26 08:00", why: "quiet_hours"},
		{name: "woken at night, early appointment", start: "2026-11-26 08:30", kind: "d1", now: "2026-11-25 21:00", want: appointments.Drop, why: "too_late"},
		{name: "woken on Sunday, Monday afternoon", start: "2026-11-23 14:30", kind: "d1", now: "2026-11-22 11:00", want: appointments.Later, at: "2026-11-23 08:00", why: "quiet_hours"},

		{name: "D-2 a little late", kind: "d2", now: "2026-11-24 15:59", want: appointments.Send},
		{name: "D-2 within 18 h of D-1", kind: "d2", now: "2026-11-24 16:01", want: appointments.Drop, why: "superseded"},
		{name: "D-2 on D-1", kind: "d2", now: "2026-11-25 12:00", want: appointments.Drop, why: "superseded"},
		{name: "D-2 woken on Saturday night", start: "2026-11-24 14:30", kind: "d2", now: "2026-11-21 21:00", want: appointments.Drop, why: "superseded"},

		{name: "cancelled", kind: "d1", now: "2026-11-25 10:00", change: func(a *appointments.Appointment) { a.Status = appointments.Cancelled }, want: appointments.Drop, why: "not_planned"},
		{name: "moved", kind: "d1", now: "2026-11-25 10:00", change: func(a *appointments.Appointment) { a.Revision = 2 }, want: appointments.Drop, why: "moved"},
		{name: "moved, known by an older revision", kind: "d1", now: "2026-11-25 10:00", change: func(a *appointments.Appointment) { a.Revision = 0 }, want: appointments.Drop, why: "moved"},
		{name: "rules without it now", kind: "d1", now: "2026-11-25 10:00", rules: appointments.Rules{DaysBefore: []int{}}, want: appointments.Drop, why: "not_planned"},
		{name: "a window without a minute", kind: "d1", now: "2026-11-25 10:00", rules: appointments.Rules{Window: calendar.Window{From: 5, To: 5}}, want: appointments.Drop, why: "not_planned"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := booked
			a.Start = at(t, paris, "2026-11-26 14:30")
			if tc.start != "" {
				a.Start = at(t, paris, tc.start)
			}
			plan := appointments.Plan(a, usual(paris), at(t, paris, "2026-01-01 09:00"))
			var reminder appointments.Reminder
			for _, m := range plan {
				if m.Kind == tc.kind {
					reminder = m
				}
			}
			if reminder.Due.IsZero() {
				t.Fatalf("%s is not in the plan %s", tc.kind, show(plan, paris))
			}

			if tc.change != nil {
				tc.change(&a)
			}
			tc.rules.Window.Zone = paris
			got := appointments.Decide(a, reminder, tc.rules, at(t, paris, tc.now))
			want := appointments.Decision{Action: tc.want, Why: tc.why}
			if tc.at != "" {
				want.At = at(t, paris, tc.at).UTC()
			}
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}
