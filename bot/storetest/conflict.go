package storetest

import (
	"testing"

	"relais/bot"
)

func conflicts(t *testing.T, s *suite) {
	s.check(t, "a turn decided on an older version is refused whole", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		stale := h.next(h.load(t, phone(1)))
		stale.Schedule = []bot.Job{{Key: "k", Kind: bot.JobSilence, Due: now}}
		stale.Answers = []bot.Answer{{Key: "commune", At: now}}
		h.update(t, phone(1), func(*bot.Commit) {})
		fails(t, h.commit(t, stale)[0], bot.ErrConflict)
		if got := h.due(t, now); len(got) != 0 {
			t.Errorf("a refused turn planned %d jobs", len(got))
		}
		d, err := h.Export(t.Context(), phone(1))
		if err != nil || len(d.Answers) != 0 || len(d.Lines) != 4 {
			t.Errorf("a refused turn left %d answers, %d lines (%v)", len(d.Answers), len(d.Lines), err)
		}
	})
	s.check(t, "lines that do not follow the last one are a conflict, a new conversation has its first", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		ahead := h.next(l)
		l.Conversation.N++
		gap := h.next(l)
		l.Conversation.N -= 2
		over := h.next(l)
		fails(t, h.commit(t, gap)[0], bot.ErrConflict)
		fails(t, h.commit(t, over)[0], bot.ErrConflict)
		h.must(t, ahead)
		late := h.first(phone(2))
		late.Lines = late.Lines[1:]
		if err := h.commit(t, late)[0]; err == nil {
			t.Error("a conversation begins with its second line")
		}
	})
	s.check(t, "of two first contacts from one address the second runs again", func(t *testing.T, h *house) {
		one, two := h.first(phone(1)), h.first(phone(1))
		h.must(t, one)
		fails(t, h.commit(t, two)[0], bot.ErrConflict)
		if got := h.load(t, phone(1)).Conversation.ID; got != one.Conversation.ID {
			t.Errorf("the address leads to %s, want the first one's conversation", got)
		}
	})
	s.check(t, "of two turns on one version in a group the second runs again", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		outcomes := h.commit(t, h.next(l), h.next(l))
		fails(t, outcomes[0], nil)
		fails(t, outcomes[1], bot.ErrConflict)
	})
	s.check(t, "of two first contacts in a group the second runs again", func(t *testing.T, h *house) {
		outcomes := h.commit(t, h.first(phone(1)), h.first(phone(1)))
		fails(t, outcomes[0], nil)
		fails(t, outcomes[1], bot.ErrConflict)
	})
	s.check(t, "an address that leads elsewhere cannot be added", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		h.meet(t, phone(2))
		turn := h.next(h.load(t, phone(2)))
		turn.Addresses = map[bot.ID]bot.Address{h.id(): phone(1)}
		fails(t, h.commit(t, turn)[0], bot.ErrConflict)
	})
	s.check(t, "a person has one conversation", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		turn := h.first(phone(2))
		turn.Conversation.Person = l.Conversation.Person
		fails(t, h.commit(t, turn)[0], bot.ErrConflict)
	})
	s.check(t, "a conversation that is gone is a conflict", func(t *testing.T, h *house) {
		turn := h.next(h.meet(t, phone(1)))
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		fails(t, h.commit(t, turn)[0], bot.ErrConflict)
	})
}
