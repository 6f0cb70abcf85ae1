package storetest

import (
	"testing"

	"relais/bot"
)

func optOuts(t *testing.T, s *suite) {
	refuse := func(t *testing.T, h *house) {
		t.Helper()
		thread := h.load(t, phone(1)).Thread
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.OptOuts = []bot.OptOut{{Thread: thread, At: now, Proof: "STOP SM1"}}
		})
	}
	s.check(t, "a refusal outlives its person", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		refuse(t, h)
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		if l := h.load(t, phone(1)); l.Fresh == nil || !l.Fresh.OptedOut {
			t.Errorf("after the erasure: fresh %+v, want opted out", l.Fresh)
		}
		if l := h.load(t, phone(2)); l.Fresh.OptedOut {
			t.Error("another address opted out too")
		}
	})
	s.check(t, "a refusal taken back is over, and may come again", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		outOf := func() bool {
			t.Helper()
			box, err := h.Outbox(t.Context(), l.Thread, 1)
			if err != nil {
				t.Fatal(err)
			}
			return box.OptedOut
		}
		refuse(t, h)
		h.update(t, phone(1), func(turn *bot.Commit) { turn.OptIns = []bot.OptIn{{Thread: l.Thread, At: now}} })
		if outOf() {
			t.Error("still opted out")
		}
		refuse(t, h)
		if !outOf() {
			t.Error("the second refusal was not kept")
		}
	})
	s.check(t, "a refusal taken back before an erasure is over after it", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		refuse(t, h)
		h.update(t, phone(1), func(turn *bot.Commit) { turn.OptIns = []bot.OptIn{{Thread: l.Thread, At: now}} })
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		if l := h.load(t, phone(1)); l.Fresh == nil || l.Fresh.OptedOut {
			t.Errorf("fresh %+v, want not opted out", l.Fresh)
		}
	})
	s.check(t, "a first contact may refuse in the same turn", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.OptOuts = []bot.OptOut{{Thread: turn.Conversation.Threads[0].ID, At: now, Proof: "STOP"}}
		h.must(t, turn)
		box, err := h.Outbox(t.Context(), turn.Conversation.Threads[0].ID, 1)
		if err != nil || !box.OptedOut {
			t.Errorf("opted out %v (%v)", box.OptedOut, err)
		}
	})
}
