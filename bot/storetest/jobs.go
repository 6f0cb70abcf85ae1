package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"relais/bot"
)

// planned compares jobs without what a claim sets.
func planned(t *testing.T, got []bot.Job, want ...bot.Job) {
	t.Helper()
	ignore := cmpopts.IgnoreFields(bot.Job{}, "Token", "Serial")
	if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("jobs differ (-want +got):\n%s", diff)
	}
}

func jobs(t *testing.T, s *suite) {
	s.check(t, "a job comes back whole when it is due, not before", func(t *testing.T, h *house) {
		job := bot.Job{
			Key: "reminder:1", Kind: bot.JobReminder, Lane: bot.LaneNotice, Due: now.Add(time.Minute),
			Conversation: h.id(), Thread: h.id(), Subject: "rdv|1", Revision: 3,
		}
		h.plan(t, job)
		early, next, err := h.Due(t.Context(), now.Add(time.Minute-time.Microsecond), 10, time.Second)
		if err != nil || len(early) != 0 || next != job.Due {
			t.Errorf("a moment early: %d jobs, the next at %v (%v); want none, at %v", len(early), next, err, job.Due)
		}
		planned(t, h.due(t, job.Due), job)
	})
	s.check(t, "nothing planned means no next time", func(t *testing.T, h *house) {
		claimed, next, err := h.Due(t.Context(), now, 10, time.Second)
		if err != nil || len(claimed) != 0 || !next.IsZero() {
			t.Errorf("%d jobs, next %v (%v)", len(claimed), next, err)
		}
	})
	s.check(t, "planned again, a job keeps the more pressing lane", func(t *testing.T, h *house) {
		for _, lane := range []bot.Lane{bot.LaneCrisis, bot.LaneReply} {
			h.must(t, &bot.Commit{At: now, Schedule: []bot.Job{{Key: "k", Lane: lane, Due: now}}})
		}
		jobs, _, err := h.Due(t.Context(), now, 10, time.Minute)
		if err != nil || len(jobs) != 1 || jobs[0].Lane != bot.LaneCrisis {
			t.Errorf("jobs %+v (%v)", jobs, err)
		}
	})
	s.check(t, "lanes go first, then due times, as many as asked for", func(t *testing.T, h *house) {
		at := func(key string, lane bot.Lane, ago time.Duration) bot.Job {
			return bot.Job{Key: key, Lane: lane, Due: now.Add(-ago)}
		}
		h.plan(t,
			at("bulk", bot.LaneBulk, 4*time.Hour), at("notice", bot.LaneNotice, 3*time.Hour),
			at("reply late", bot.LaneReply, time.Hour), at("reply early", bot.LaneReply, 2*time.Hour),
			at("crisis", bot.LaneCrisis, time.Minute), at("later", bot.LaneCrisis, -time.Hour))
		var order []string
		for range 3 {
			claimed, _, err := h.Due(t.Context(), now, 2, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range claimed {
				order = append(order, j.Key)
			}
		}
		same(t, "order", order, []string{"crisis", "reply early", "reply late", "notice", "bulk"})
	})
	s.check(t, "what is left over is told as due already", func(t *testing.T, h *house) {
		for i := range 3 {
			h.plan(t, bot.Job{Key: fmt.Sprint(i), Lane: bot.LaneReply, Due: now.Add(time.Duration(i) * time.Second)})
		}
		later := now.Add(time.Hour)
		claimed, next, err := h.Due(t.Context(), later, 2, time.Minute)
		if err != nil || len(claimed) != 2 || next != now.Add(2*time.Second) {
			t.Errorf("%d jobs, next %v (%v); want 2, and %v", len(claimed), next, err, now.Add(2*time.Second))
		}
		_, next, err = h.Due(t.Context(), later, 2, time.Minute)
		if err != nil || next != later.Add(time.Minute) {
			t.Errorf("all claimed: next %v (%v), want the end of the leases", next, err)
		}
	})
	s.check(t, "what another has is told for when the lease ends, unless something is due before", func(t *testing.T, h *house) {
		other := h.opened.Again(t, nil)
		next := func(at time.Time) time.Time {
			t.Helper()
			claimed, next, err := other.Due(t.Context(), at, 0, time.Minute)
			if err != nil || len(claimed) != 0 {
				t.Fatalf("%d jobs (%v)", len(claimed), err)
			}
			return next
		}
		h.plan(t, bot.Job{Key: "a", Lane: bot.LaneReply, Due: now}, bot.Job{Key: "b", Lane: bot.LaneCrisis, Due: now.Add(-time.Second)})
		if got, want := next(now), now.Add(-time.Second); got != want {
			t.Errorf("nobody has them: next %v, want %v", got, want)
		}
		h.due(t, now)
		if got, want := next(now), now.Add(10*time.Second); got != want {
			t.Errorf("all claimed: next %v, want the end of the lease, %v", got, want)
		}
		h.plan(t, bot.Job{Key: "later", Lane: bot.LaneBulk, Due: now.Add(time.Minute)})
		if got, want := next(now), now.Add(10*time.Second); got != want {
			t.Errorf("one due after the lease: next %v, want %v", got, want)
		}
		h.plan(t, bot.Job{Key: "soon", Lane: bot.LaneNotice, Due: now.Add(5 * time.Second)})
		if got, want := next(now), now.Add(5*time.Second); got != want {
			t.Errorf("one due before the lease ends: next %v, want %v", got, want)
		}
		if got, want := next(now.Add(10*time.Second)), now.Add(-time.Second); got != want {
			t.Errorf("the lease is over: next %v, want %v", got, want)
		}
	})
	s.check(t, "a job planned for later while somebody has it is told for then", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		h.due(t, now)
		h.plan(t, bot.Job{Key: "k", Due: now.Add(time.Hour)})
		_, next, err := h.Due(t.Context(), now, 10, time.Second)
		if err != nil || next != now.Add(time.Hour) {
			t.Errorf("next %v (%v), want %v", next, err, now.Add(time.Hour))
		}
		h.plan(t, bot.Job{Key: "k", Due: now.Add(time.Second)})
		_, next, err = h.Due(t.Context(), now, 10, time.Second)
		if err != nil || next.Before(now.Add(time.Second)) || next.After(now.Add(10*time.Second)) {
			t.Errorf("next %v (%v), want when it is due, or the end of the lease, %v", next, err, now.Add(10*time.Second))
		}
	})
	s.check(t, "a claim takes from several lanes, and no more than asked for", func(t *testing.T, h *house) {
		for i := range 12 {
			h.plan(t, bot.Job{Key: fmt.Sprintf("%02d", i), Lane: bot.Lane(i / 3), Due: now.Add(-time.Duration(i) * time.Second)})
		}
		for _, want := range [][]string{{"02", "01", "00", "05", "04"}, {"03", "08", "07", "06", "11"}, {"10", "09"}, nil} {
			claimed, _, err := h.Due(t.Context(), now, 5, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, j := range claimed {
				got = append(got, j.Key)
			}
			same(t, "claimed", got, want)
		}
	})
	s.check(t, "planned twice in one turn, a job holds the last plan", func(t *testing.T, h *house) {
		last := bot.Job{Key: "k", Lane: bot.LaneReply, Due: now.Add(time.Second), Revision: 2}
		h.plan(t, bot.Job{Key: "k", Lane: bot.LaneBulk, Due: now, Revision: 1}, last)
		if got := h.due(t, now); len(got) != 0 {
			t.Errorf("%d jobs due at the first plan's time", len(got))
		}
		planned(t, h.due(t, now.Add(time.Second)), last)
	})
	s.check(t, "planning a job again moves it", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Kind: bot.JobSilence, Lane: bot.LaneNotice, Due: now, Subject: "a", Revision: 1})
		moved := bot.Job{
			Key: "k", Kind: bot.JobReminder, Lane: bot.LaneReply, Due: now.Add(time.Hour), Subject: "b", Revision: 2,
			Conversation: h.id(), Thread: h.id(),
		}
		h.plan(t, moved)
		if got := h.due(t, now); len(got) != 0 {
			t.Errorf("it is still due at the old time")
		}
		planned(t, h.due(t, now.Add(time.Hour)), moved)
	})
	s.check(t, "a forgotten job never comes", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now}, bot.Job{Key: "kept", Due: now})
		h.must(t, &bot.Commit{At: now, Forget: []string{"k", "unknown"}})
		planned(t, h.due(t, now), bot.Job{Key: "kept", Due: now})
	})
	s.check(t, "of forget and plan in one turn the plan holds", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		h.must(t, &bot.Commit{At: now, Forget: []string{"k"}, Schedule: []bot.Job{{Key: "k", Due: now.Add(time.Second)}}})
		planned(t, h.due(t, now.Add(time.Second)), bot.Job{Key: "k", Due: now.Add(time.Second)})
	})
	s.check(t, "a job without a time is due at once", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k"})
		if got := h.due(t, now); len(got) != 1 {
			t.Errorf("%d jobs due, want 1", len(got))
		}
	})
}
