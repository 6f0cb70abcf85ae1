package storetest

import (
	"testing"

	"relais/bot"
)

func seen(t *testing.T, s *suite) {
	s.check(t, "an event takes effect once", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		again := h.next(h.load(t, phone(1)))
		again.Event = turn.Event
		fails(t, h.commit(t, again)[0], bot.ErrSeen)
		if got := h.load(t, phone(1)).Conversation; got.N != 2 || got.Version != 1 {
			t.Errorf("after a repeated event: %d lines, version %d", got.N, got.Version)
		}
	})
	s.check(t, "the same id from another source is another event", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		h.update(t, phone(1), func(again *bot.Commit) { again.Source, again.Event = "other", turn.Event })
	})
	s.check(t, "a turn that fails does not remember its event", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		stale := h.next(h.load(t, phone(1)))
		h.update(t, phone(1), func(*bot.Commit) {})
		fails(t, h.commit(t, stale)[0], bot.ErrConflict)
		h.update(t, phone(1), func(again *bot.Commit) { again.Event = stale.Event })
	})
	s.check(t, "an event seen before is told before a conflict", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		fails(t, h.commit(t, turn)[0], bot.ErrSeen)
	})
	s.check(t, "turns without an event are not remembered", func(t *testing.T, h *house) {
		for range 2 {
			h.must(t, &bot.Commit{Source: "test", At: now})
		}
	})
}
