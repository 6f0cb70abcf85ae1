package storetest

import (
	"testing"

	"relais/bot"
)

func marks(t *testing.T, s *suite) {
	mark := func(t *testing.T, h *house, m ...bot.Mark) {
		t.Helper()
		h.must(t, &bot.Commit{At: now, Marks: m})
	}
	s.check(t, "a line only ever goes further", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		for _, step := range []struct{ mark, want bot.Delivery }{
			{bot.Begun, bot.Begun}, {bot.Sent, bot.Sent}, {bot.Accepted, bot.Sent}, {bot.Delivered, bot.Delivered},
			{bot.Sent, bot.Delivered}, {bot.Pending, bot.Delivered}, {bot.Read, bot.Read}, {bot.Delivered, bot.Read},
		} {
			mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: step.mark})
			if got := h.history(t, id)[1].Delivery; got != step.want {
				t.Fatalf("marked %v, it is %v; want %v", step.mark, got, step.want)
			}
		}
	})
	s.check(t, "what was begun and did not leave waits again; what left does not", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		for _, step := range []struct{ mark, want bot.Delivery }{
			{bot.Begun, bot.Begun}, {bot.Pending, bot.Pending}, {bot.Begun, bot.Begun}, {bot.Accepted, bot.Accepted}, {bot.Pending, bot.Accepted},
		} {
			mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: step.mark})
			if got := h.history(t, id)[1].Delivery; got != step.want {
				t.Fatalf("marked %v, it is %v; want %v", step.mark, got, step.want)
			}
		}
	})
	s.check(t, "failed and cancelled are for good", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		h.update(t, phone(1), func(*bot.Commit) {})
		mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: bot.Failed, Error: 30003}, bot.Mark{Conversation: id, N: 4, Delivery: bot.Cancelled})
		for d := bot.Internal; d <= bot.Cancelled; d++ {
			mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: d, Error: 1}, bot.Mark{Conversation: id, N: 4, Delivery: d})
		}
		log := h.history(t, id)
		if log[1].Delivery != bot.Failed || log[1].Error != 30003 || log[3].Delivery != bot.Cancelled {
			t.Errorf("they are %v (%d) and %v", log[1].Delivery, log[1].Error, log[3].Delivery)
		}
	})
	s.check(t, "what failed in the turn that withdraws the rest has failed", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Marks = []bot.Mark{{Conversation: id, N: 2, Delivery: bot.Failed, Error: 21610}}
			turn.Cancels = []bot.Cancel{{}}
		})
		if got := h.history(t, id)[1]; got.Delivery != bot.Failed || got.Error != 21610 {
			t.Errorf("it is %v (%d)", got.Delivery, got.Error)
		}
	})
	s.check(t, "a mark brings the operator's id, segments and error", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: bot.Accepted, Provider: "SM1", Segments: 3})
		mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: bot.Failed, Error: 30007})
		got := h.history(t, id)[1]
		if got.Provider != "SM1" || got.Segments != 3 || got.Error != 30007 || got.Delivery != bot.Failed {
			t.Errorf("provider %q, %d segments, error %d, %v", got.Provider, got.Segments, got.Error, got.Delivery)
		}
	})
	s.check(t, "a mark that comes late fills in what was not known, and only that", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.Lines[1].Segments = 0
		h.must(t, turn)
		id := turn.Conversation.ID
		mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: bot.Sent})
		mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: bot.Accepted, Provider: "SM1", Segments: 2})
		mark(t, h, bot.Mark{Conversation: id, N: 2, Delivery: bot.Accepted, Provider: "SM2", Segments: 9, Error: 5})
		got := h.history(t, id)[1]
		if got.Delivery != bot.Sent || got.Provider != "SM1" || got.Segments != 2 || got.Error != 0 {
			t.Errorf("%v, provider %q, %d segments, error %d", got.Delivery, got.Provider, got.Segments, got.Error)
		}
	})
	s.check(t, "a mark of an unknown line is passed over", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		mark(t, h, bot.Mark{Conversation: h.id(), N: 1, Delivery: bot.Read}, bot.Mark{Conversation: id, N: 99, Delivery: bot.Read})
		for _, l := range h.history(t, id) {
			if l.Delivery == bot.Read {
				t.Errorf("line %d was marked", l.N)
			}
		}
	})
	s.check(t, "marks move no version", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		mark(t, h, bot.Mark{Conversation: l.Conversation.ID, N: 2, Delivery: bot.Sent})
		h.must(t, h.next(l))
	})
}
