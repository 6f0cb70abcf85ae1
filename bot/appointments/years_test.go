package appointments_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
	"relais/bot/appointments"
)

// quiet is the reference for the days when nobody is written to, made from a
// printed calendar rather than from the rules under test.
func quiet(day time.Time) bool {
	easterMondays := map[int]string{
		2026: "04-06", 2027: "03-29", 2028: "04-17", 2029: "04-02", 2030: "04-22", 2031: "04-14",
		2032: "03-29", 2033: "04-18", 2034: "04-10", 2035: "03-26", 2036: "04-14", 2037: "04-06",
	}
	fixed := []string{"01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25"}
	monday, err := time.Parse(time.DateOnly, fmt.Sprintf("%d-%s", day.Year(), easterMondays[day.Year()]))
	if err != nil {
		panic(err)
	}
	movable := []string{monday.Format("01-02"), monday.AddDate(0, 0, 38).Format("01-02"), monday.AddDate(0, 0, 49).Format("01-02")}
	return day.Weekday() == time.Sunday || slices.Contains(fixed, day.Format("01-02")) || slices.Contains(movable, day.Format("01-02"))
}

// expected is the plan as a secretary would make it with that calendar.
func expected(start, booked, now time.Time, loc *time.Location) string {
	if start.Sub(booked) < 24*time.Hour {
		return ""
	}
	var days []time.Time
	for _, n := range []int{2, 1} {
		year, month, day := start.In(loc).Date()
		noon := time.Date(year, month, day-n, 12, 0, 0, 0, loc)
		for quiet(noon) {
			noon = noon.AddDate(0, 0, -1)
		}
		days = append(days, noon)
	}
	kinds := []string{"d2", "d1"}
	if days[0].Equal(days[1]) {
		days, kinds = days[1:], kinds[1:]
	}
	text := ""
	for i, noon := range days {
		ten := noon.Add(-2 * time.Hour)
		if ten.Before(now) {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += kinds[i] + ten.Format(" 2006-01-02 15:04")
	}
	return text
}

// Every day of ten years, at hours on both sides of midnight and of the
// reminder's own: 0 missed, 0 too many, each when the secretary would.
func TestTenYearsOfPlans(t *testing.T) {
	paris := loadParis(t)
	rules := usual(paris)
	total := 0
	for day := at(t, paris, "2026-01-12 00:00"); day.Year() < 2037; day = day.AddDate(0, 0, 1) {
		for _, minute := range []int{15, 150, 480, 600, 870, 1230} {
			year, month, date := day.Date()
			start := time.Date(year, month, date, 0, minute, 0, 0, paris)
			for _, notice := range []time.Duration{240 * time.Hour, 47 * time.Hour, 25 * time.Hour, 23 * time.Hour} {
				booked := start.Add(-notice)
				a := appointments.Appointment{Start: start.UTC(), Status: appointments.Planned, BookedAt: booked}
				plan := appointments.Plan(a, rules, booked)
				if got, want := show(plan, paris), expected(start, booked, booked, paris); got != want {
					t.Errorf("%s booked %s before: plan %q, want %q", start, notice, got, want)
				}
				for _, m := range plan {
					if d := appointments.Decide(a, m, rules, m.Due); d.Action != appointments.Send {
						t.Errorf("%s: %s on time is %+v", start, m.Kind, d)
					}
				}
				total += len(plan)
			}
		}
	}
	if total < 30_000 {
		t.Errorf("only %d reminders in ten years", total)
	}
	t.Logf("%d reminders", total)
}

// Appointments are moved, called off and restored; servers sleep through the
// due time for minutes or days; clocks step an hour either way; old jobs are
// sometimes left in the queue. Whatever happens, no reminder leaves twice,
// outside hours, for what is no longer so, after the start, or within 18 h of
// another of the same plan.
func TestRemindersWhateverHappens(t *testing.T) {
	paris := loadParis(t)
	decisions, sent := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			l := &life{T: t, rules: usual(paris), loc: paris}
			l.run(time.Date(2026, time.January, 12, 0, 0, 0, 0, paris))
			decisions += l.decisions
			sent += len(l.ledger)
		}
	})
	if decisions < 1000 || sent < 500 {
		t.Errorf("%d decisions and %d reminders sent prove little", decisions, sent)
	}
	t.Logf("%d decisions, %d reminders sent", decisions, sent)
}

// life is one appointment, from its booking to its last job, on a server that
// has its troubles.
type life struct {
	*rapid.T
	rules       appointments.Rules
	loc         *time.Location
	now         time.Time // the true time; the server's clock may differ
	appointment appointments.Appointment
	jobs        []job
	ledger      []sent
	decisions   int
}

// job is a reminder that wakes when the server gets to it.
type job struct {
	reminder appointments.Reminder
	wake     time.Time
}

// sent is what the person got, by the server's clock.
type sent struct {
	revision int
	kind     string
	at       time.Time
}

// lateness is by how much jobs wake after their time, most often by little.
var lateness = []time.Duration{
	0, 20 * time.Second, 5 * time.Minute, time.Hour,
	7 * time.Hour, 9 * time.Hour, 14 * time.Hour, 26 * time.Hour, 60 * time.Hour,
}

// run books an appointment within eleven years of first and lives through its
// changes and its jobs in the order in which they come.
func (l *life) run(first time.Time) {
	l.now = first
	l.now = l.soon("booked", 11*365)
	l.appointment = appointments.Appointment{Start: l.soon("start", 9), Status: appointments.Planned, BookedAt: l.now}
	l.plan()

	changes := rapid.IntRange(0, 4).Draw(l.T, "changes")
	nextChange := l.soon("change", 4)
	for turns := 0; len(l.jobs) > 0 || changes > 0; turns++ {
		if turns > 100 {
			l.Fatalf("jobs never end: %+v", l.jobs)
		}
		slices.SortStableFunc(l.jobs, func(x, y job) int { return x.wake.Compare(y.wake) })
		if changes > 0 && (len(l.jobs) == 0 || nextChange.Before(l.jobs[0].wake)) {
			l.now = nextChange
			l.change()
			changes--
			nextChange = l.soon("change", 4)
			continue
		}
		next := l.jobs[0]
		l.jobs = l.jobs[1:]
		l.now = next.wake
		l.wake(next)
	}
}

// soon is a minute of the days to come.
func (l *life) soon(what string, days int) time.Time {
	day := rapid.IntRange(0, days).Draw(l.T, what+" in days")
	minute := rapid.IntRange(1, 24*60).Draw(l.T, what+" in minutes")
	return l.now.AddDate(0, 0, day).Add(time.Duration(minute) * time.Minute)
}

// plan queues the reminders still to come; the server will be late for some.
func (l *life) plan() {
	for _, m := range appointments.Plan(l.appointment, l.rules, l.now) {
		l.jobs = append(l.jobs, job{m, m.Due.Add(rapid.SampledFrom(lateness).Draw(l.T, "late"))})
	}
}

// change has the source tell something new, or the same again.
func (l *life) change() {
	told := l.appointment
	told.BookedAt = time.Time{}
	switch rapid.IntRange(0, 4).Draw(l.T, "change") {
	case 1:
		told.Start = l.soon("start", 9)
	case 2:
		told.Status = appointments.Cancelled
	case 3:
		told.Status = appointments.Planned
	case 4:
		told.Place = "CCAS"
	}
	revised, what := appointments.Revise(l.appointment, told, l.now)
	l.appointment = revised
	if !what.Replans() {
		return
	}
	if rapid.Bool().Draw(l.T, "forget the old jobs") {
		l.jobs = nil
	}
	l.plan()
}

// wake judges a job whose time has come by a clock that may be an hour off.
func (l *life) wake(j job) {
	step := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Hour, -time.Hour}).Draw(l.T, "step")
	clock := l.now.Add(step)
	l.decisions++
	switch d := appointments.Decide(l.appointment, j.reminder, l.rules, clock); d.Action {
	case appointments.Later:
		if !d.At.After(clock) {
			l.Fatalf("at %s put off until %s", clock, d.At)
		}
		j.wake = d.At
		if !j.wake.After(l.now) {
			j.wake = l.now.Add(time.Second) // the clock had been behind
		}
		l.jobs = append(l.jobs, j)
	case appointments.Send:
		l.send(sent{j.reminder.Revision, j.reminder.Kind, clock})
	}
}

// send holds what leaves against every promise.
func (l *life) send(got sent) {
	a, local := l.appointment, got.at.In(l.loc)
	if quiet(local) || local.Hour() < 8 || local.Hour() >= 20 {
		l.Errorf("sent outside hours, at %s", local)
	}
	if a.Status != appointments.Planned || got.revision != a.Revision {
		l.Errorf("sent for revision %d of what is %s at revision %d", got.revision, a.Status, a.Revision)
	}
	if !got.at.Before(a.Start) {
		l.Errorf("sent at %s, after the start %s", local, a.Start.In(l.loc))
	}
	for _, before := range l.ledger {
		if before.revision != got.revision {
			continue
		}
		if before.kind == got.kind {
			l.Errorf("%s sent twice for revision %d", got.kind, got.revision)
		}
		if gap := got.at.Sub(before.at); gap < 18*time.Hour {
			l.Errorf("%s sent %s after %s", got.kind, gap, before.kind)
		}
	}
	l.ledger = append(l.ledger, got)
}
