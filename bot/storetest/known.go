package storetest

import (
	"fmt"
	"testing"

	"relais/bot"
)

func known(t *testing.T, s *suite) {
	ask := func(t *testing.T, h *house, source string, events ...string) map[string]bool {
		t.Helper()
		found, err := h.Known(t.Context(), source, events)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	s.check(t, "of several events those that took effect are known, of their own source only", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		h.update(t, phone(1), func(c *bot.Commit) { c.Event = "it's, \"quoted\"" })
		same(t, "known", ask(t, h, "test", "never", turn.Event, "it's, \"quoted\"", turn.Event),
			map[string]bool{turn.Event: true, "it's, \"quoted\"": true})
		same(t, "of another source", ask(t, h, "other", turn.Event), map[string]bool{})
		same(t, "of nothing", ask(t, h, "test"), map[string]bool{})
	})
	s.check(t, "an event whose turn failed is not known", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		stale := h.next(h.load(t, phone(1)))
		h.update(t, phone(1), func(*bot.Commit) {})
		fails(t, h.commit(t, stale)[0], bot.ErrConflict)
		same(t, "known", ask(t, h, "test", stale.Event), map[string]bool{})
	})
	s.check(t, "an erased person's events stay known", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		same(t, "known", ask(t, h, "test", turn.Event), map[string]bool{turn.Event: true})
	})
	s.check(t, "hundreds are asked for at once", func(t *testing.T, h *house) {
		var asked []string
		want := map[string]bool{}
		for i := range 500 {
			event := fmt.Sprint("asked-", i)
			asked = append(asked, event)
			if i%100 == 0 {
				want[event] = true
				h.must(t, &bot.Commit{Source: "test", Event: event, At: now})
			}
		}
		same(t, "known", ask(t, h, "test", asked...), want)
	})
}
