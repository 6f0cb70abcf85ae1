package storetest

import (
	"testing"
	"time"

	"relais/bot"
)

func leases(t *testing.T, s *suite) {
	const lease = 10 * time.Second
	claimOne := func(t *testing.T, h *house, at time.Time) bot.Job {
		t.Helper()
		claimed := h.due(t, at)
		if len(claimed) != 1 {
			t.Fatalf("%d jobs claimed, want 1", len(claimed))
		}
		return claimed[0]
	}
	finish := func(j bot.Job, again time.Time) *bot.Commit {
		j.Due = again
		return &bot.Commit{At: now, Done: &j}
	}
	s.check(t, "a claimed job is nobody else's until its lease is over", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		one := claimOne(t, h, now)
		if one.Reclaimed || one.Attempts != 0 {
			t.Errorf("first claim: reclaimed %v, %d attempts", one.Reclaimed, one.Attempts)
		}
		if got := h.due(t, now.Add(lease-time.Microsecond)); len(got) != 0 {
			t.Fatal("claimed twice")
		}
		two := claimOne(t, h, now.Add(lease))
		if !two.Reclaimed || two.Attempts != 1 || two.Token <= one.Token {
			t.Errorf("second claim: reclaimed %v, %d attempts, token %d after %d", two.Reclaimed, two.Attempts, two.Token, one.Token)
		}
	})
	s.check(t, "a job may be born claimed, by whoever plans it", func(t *testing.T, h *house) {
		born := bot.Job{Key: "k", Due: now, Token: 1<<61 | 7, Lease: now.Add(lease)}
		h.plan(t, born)
		if got := h.due(t, now); len(got) != 0 {
			t.Fatal("claimed by another, although it was born claimed")
		}
		born.Serial = 1
		h.must(t, finish(born, time.Time{}))
		if got := h.due(t, now.Add(time.Hour)); len(got) != 0 {
			t.Error("it came back after it was finished")
		}
	})
	s.check(t, "who finishes a job is told when it was planned anew", func(t *testing.T, h *house) {
		for _, again := range []bool{false, true} {
			for _, later := range []time.Time{{}, now.Add(time.Minute)} {
				h.plan(t, bot.Job{Key: "k", Due: now})
				job := claimOne(t, h, now)
				if again {
					h.plan(t, bot.Job{Key: "k", Due: now.Add(time.Second)})
				}
				turn := finish(job, later)
				turn.Again = !again // of an earlier try
				h.must(t, turn)
				if turn.Again != again {
					t.Errorf("planned anew %v, put off %v: told %v", again, !later.IsZero(), turn.Again)
				}
				h.must(t, &bot.Commit{At: now, Forget: []string{"k"}})
			}
		}
	})
	s.check(t, "of two leases of one job only the latest is renewed", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		one := claimOne(t, h, now)
		two := claimOne(t, h, now.Add(lease))
		kept, err := h.Renew(t.Context(), []bot.Job{one, two}, now.Add(3*lease))
		if err != nil || len(kept) != 1 || kept[0].Token != two.Token {
			t.Errorf("kept %d leases (%v), want the second alone", len(kept), err)
		}
	})
	s.check(t, "a job that is there already is not born claimed", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "waits", Due: now}, bot.Job{Key: "held", Due: now.Add(-time.Second)})
		if got := h.due(t, now.Add(-time.Second)); len(got) != 1 || got[0].Key != "held" {
			t.Fatalf("claimed %d jobs, want the one held", len(got))
		}
		for _, key := range []string{"waits", "held"} {
			late := bot.Job{Key: key, Due: now, Token: 1<<61 | 7, Lease: now.Add(time.Minute)}
			h.plan(t, late)
			late.Serial = 1
			fails(t, h.commit(t, finish(late, time.Time{}))[0], bot.ErrLease)
		}
		if got := claimOne(t, h, now); got.Key != "waits" {
			t.Errorf("claimed %s, want the one that waits", got.Key)
		}
	})
	s.check(t, "a job that is born claimed and left alone goes to whoever comes after its lease", func(t *testing.T, h *house) {
		born := bot.Job{Key: "k", Due: now, Token: 1<<61 | 7, Lease: now.Add(lease)}
		h.plan(t, born)
		if got := claimOne(t, h, now.Add(lease)); !got.Reclaimed {
			t.Error("it does not tell that somebody had it")
		}
		born.Serial = 1
		fails(t, h.commit(t, finish(born, time.Time{}))[0], bot.ErrLease)
	})
	s.check(t, "a finished job is gone", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		h.must(t, finish(claimOne(t, h, now), time.Time{}))
		if got := h.due(t, now.Add(time.Hour)); len(got) != 0 {
			t.Error("a finished job came back")
		}
	})
	s.check(t, "only the latest lease may finish a job", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		dead := claimOne(t, h, now)
		alive := claimOne(t, h, now.Add(lease))
		turn := h.first(phone(1))
		turn.Done = &dead
		turn.Done.Due = time.Time{}
		fails(t, h.commit(t, turn)[0], bot.ErrLease)
		if h.load(t, phone(1)).Fresh == nil {
			t.Error("a turn under a dead lease was kept")
		}
		h.must(t, finish(alive, time.Time{}))
	})
	s.check(t, "a lease that is over but not taken still holds", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		late := finish(claimOne(t, h, now), time.Time{})
		late.At = now.Add(time.Hour)
		h.must(t, late)
	})
	s.check(t, "a job is finished once", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		job := claimOne(t, h, now)
		h.must(t, finish(job, time.Time{}))
		fails(t, h.commit(t, finish(job, time.Time{}))[0], bot.ErrLease)
	})
	s.check(t, "a lease from an earlier life of a job is no good for the present one", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		sleeper := claimOne(t, h, now)
		h.must(t, finish(claimOne(t, h, now.Add(lease)), time.Time{}))
		h.plan(t, bot.Job{Key: "k", Due: now})
		h.due(t, now.Add(lease))
		fails(t, h.commit(t, finish(sleeper, time.Time{}))[0], bot.ErrLease)
	})
	s.check(t, "a job planned again while it runs is not lost when it finishes", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		job := claimOne(t, h, now)
		h.plan(t, bot.Job{Key: "k", Due: now.Add(time.Second)})
		if got := h.due(t, now.Add(time.Second)); len(got) != 0 {
			t.Error("planning again took the lease away")
		}
		h.must(t, finish(job, time.Time{}))
		again := claimOne(t, h, now.Add(time.Second))
		if again.Reclaimed || again.Token <= job.Token {
			t.Errorf("reclaimed %v, token %d after %d", again.Reclaimed, again.Token, job.Token)
		}
	})
	s.check(t, "a turn may plan again the very job it finishes", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		turn := finish(claimOne(t, h, now), time.Time{})
		turn.Schedule = []bot.Job{{Key: "k", Due: now.Add(time.Minute)}}
		h.must(t, turn)
		planned(t, h.due(t, now.Add(time.Minute)), bot.Job{Key: "k", Due: now.Add(time.Minute)})
	})
	s.check(t, "a job put off comes again then, and counts the attempt", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		for attempt := 1; attempt <= 3; attempt++ {
			at := now.Add(time.Duration(attempt-1) * time.Minute)
			h.must(t, finish(claimOne(t, h, at), at.Add(time.Minute)))
			if got := h.due(t, at.Add(time.Minute-time.Microsecond)); len(got) != 0 {
				t.Fatal("it came too early")
			}
		}
		job := claimOne(t, h, now.Add(3*time.Minute))
		if job.Attempts != 3 || job.Reclaimed {
			t.Errorf("%d attempts, reclaimed %v; want 3, not reclaimed", job.Attempts, job.Reclaimed)
		}
	})
	s.check(t, "planning wins over putting off", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now})
		job := claimOne(t, h, now)
		h.plan(t, bot.Job{Key: "k", Due: now.Add(time.Second)})
		h.must(t, finish(job, now.Add(time.Hour)))
		planned(t, h.due(t, now.Add(time.Second)), bot.Job{Key: "k", Due: now.Add(time.Second)})
	})
	s.check(t, "a renewed lease lasts, a lost one is left out", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "a", Due: now}, bot.Job{Key: "b", Due: now}, bot.Job{Key: "c", Due: now})
		claimed := h.due(t, now)
		h.must(t, finish(claimed[1], time.Time{}))
		claimed[2].Token++
		kept, err := h.Renew(t.Context(), claimed, now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "kept", kept, claimed[:1])
		if got := h.due(t, now.Add(lease)); len(got) != 1 || got[0].Key != "c" {
			t.Errorf("due once leases are over: %v, want the one not renewed", got)
		}
	})
}
