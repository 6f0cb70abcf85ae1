package storetest

import (
	"context"
	"testing"
	"time"

	"relais/bot"
)

func crashes(t *testing.T, s *suite) {
	// stop runs f and tells whether it was stopped at the crash point.
	stop := func(f func()) (stopped bool) {
		defer func() { stopped = recover() != nil }()
		f()
		return false
	}
	// broken opens a handle that stops the program at a point.
	broken := func(t *testing.T, h *house, at string) Store {
		return h.opened.Again(t, func(point string) {
			if point == at {
				panic("crash at " + point)
			}
		})
	}
	for _, c := range []struct {
		point string
		kept  bool
	}{{"commit:before", false}, {"commit:written", false}, {"commit:after", true}} {
		s.check(t, "stopped at "+c.point+", a group is kept whole or not at all", func(t *testing.T, h *house) {
			group := []*bot.Commit{h.first(phone(1)), h.first(phone(2))}
			dying := broken(t, h, c.point)
			if !stop(func() { dying.Commit(context.WithoutCancel(t.Context()), group, nil) }) {
				t.Fatalf("%s was not passed", c.point)
			}
			for k := 1; k <= 2; k++ {
				if kept := h.load(t, phone(k)).Fresh == nil; kept != c.kept {
					t.Errorf("person %d kept: %v, want %v", k, kept, c.kept)
				}
			}
			want := error(nil)
			if c.kept {
				want = bot.ErrSeen
			}
			for _, outcome := range h.commit(t, group...) {
				fails(t, outcome, want)
			}
		})
	}
	for _, c := range []struct {
		point string
		kept  bool
	}{{"claim:before", false}, {"claim:written", false}, {"claim:after", true}} {
		s.check(t, "stopped at "+c.point+", jobs come again at once or after their lease", func(t *testing.T, h *house) {
			h.plan(t, bot.Job{Key: "k", Due: now})
			dying := broken(t, h, c.point)
			if !stop(func() { dying.Due(context.WithoutCancel(t.Context()), now, 10, time.Minute) }) {
				t.Fatalf("%s was not passed", c.point)
			}
			if got := len(h.due(t, now)); (got == 0) != c.kept {
				t.Errorf("%d jobs left to claim", got)
			}
			if got := len(h.due(t, now.Add(time.Minute))); got != 1 {
				t.Errorf("%d jobs to claim once leases are over, want 1", got)
			}
		})
	}
}
