package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"relais/bot"
)

func handles(t *testing.T, s *suite) {
	// both runs f for each of two handles on the same data, at the same time.
	both := func(t *testing.T, h *house, f func(store Store, k int) error) {
		t.Helper()
		other := h.opened.Again(t, nil)
		failed := make(chan error, 2)
		for k, store := range []Store{h.Store, other} {
			go func() { failed <- f(store, k) }()
		}
		for range 2 {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
	}
	s.check(t, "what one handle wrote the other reads at once", func(t *testing.T, h *house) {
		other := &house{Store: h.opened.Again(t, nil), ids: 1 << 32, events: 1 << 20}
		for k := range 20 {
			h.meet(t, phone(k))
			if other.load(t, phone(k)).Fresh != nil {
				t.Fatalf("person %d is not known to the other handle", k)
			}
			other.update(t, phone(k), func(*bot.Commit) {})
			if got := h.load(t, phone(k)).Conversation.Version; got != 2 {
				t.Fatalf("person %d is at version %d, want 2", k, got)
			}
		}
	})
	s.check(t, "the marker moves when somebody else wrote, and rests otherwise", func(t *testing.T, h *house) {
		marker := func() int64 {
			t.Helper()
			m, err := h.Marker(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		other := &house{Store: h.opened.Again(t, nil)}
		before := marker()
		h.load(t, phone(1))
		other.load(t, phone(1))
		if marker() != before {
			t.Error("it moved although nobody wrote")
		}
		other.meet(t, phone(1))
		after := marker()
		if after == before {
			t.Error("it rests although another handle wrote")
		}
		if marker() != after {
			t.Error("it moved although nobody wrote again")
		}
	})
	s.check(t, "no turn is lost when two handles write to the same people", func(t *testing.T, h *house) {
		const people, turns = 3, 30
		for k := range people {
			h.meet(t, phone(k))
		}
		both(t, h, func(store Store, k int) error {
			mine := &house{Store: store, ids: uint64(k+1) << 32, events: (k + 1) << 20}
			for i := range turns {
				if err := mine.insist(t, phone(i%people)); err != nil {
					return err
				}
			}
			return nil
		})
		for k := range people {
			l := h.load(t, phone(k))
			if want := int64(1 + 2*turns/people); l.Conversation.Version != want {
				t.Errorf("person %d is at version %d, want %d", k, l.Conversation.Version, want)
			}
			for i, line := range h.history(t, l.Conversation.ID) {
				if line.N != int64(i)+1 || line.Seq != int64(i)+1 {
					t.Fatalf("person %d: line %d is numbered %d, %d in its thread", k, i+1, line.N, line.Seq)
				}
			}
		}
	})
	s.check(t, "of first contacts at the same moment one is kept for each address", func(t *testing.T, h *house) {
		const people = 20
		both(t, h, func(store Store, k int) error {
			mine := &house{Store: store, ids: uint64(k+1) << 32, events: (k + 1) << 20}
			for i := range people {
				if err := mine.insist(t, phone(i)); err != nil {
					return err
				}
			}
			return nil
		})
		for k := range people {
			if got := h.load(t, phone(k)).Conversation; got.Version != 2 || got.N != 4 {
				t.Errorf("person %d: version %d, %d lines; want 2 and 4", k, got.Version, got.N)
			}
		}
	})
	s.check(t, "a job goes to one handle only", func(t *testing.T, h *house) {
		const planned = 60
		for i := range planned {
			h.plan(t, bot.Job{Key: fmt.Sprint(i), Lane: bot.LaneReply, Due: now})
		}
		var mu sync.Mutex
		claimed := make(map[string]int)
		both(t, h, func(store Store, _ int) error {
			for {
				got, _, err := store.Due(t.Context(), now, 7, time.Minute)
				if err != nil || len(got) == 0 {
					return err
				}
				mu.Lock()
				for _, j := range got {
					claimed[j.Key]++
				}
				mu.Unlock()
			}
		})
		for key, times := range claimed {
			if times != 1 {
				t.Errorf("job %s was claimed %d times", key, times)
			}
		}
		if len(claimed) != planned {
			t.Errorf("%d jobs claimed, want %d", len(claimed), planned)
		}
	})
}

// insist runs a turn until it holds, as the engine does.
func (h *house) insist(t *testing.T, a bot.Address) error {
	for range 1000 {
		l, err := h.Load(t.Context(), bot.Ref{Address: a})
		if err != nil {
			return err
		}
		turn := h.first(a)
		if l.Fresh == nil {
			turn = h.next(l)
		}
		outcomes, err := h.Commit(t.Context(), []*bot.Commit{turn}, nil)
		if err != nil {
			return err
		}
		if !is(outcomes[0], bot.ErrConflict) {
			return outcomes[0]
		}
	}
	return fmt.Errorf("still in conflict after 1000 runs")
}
