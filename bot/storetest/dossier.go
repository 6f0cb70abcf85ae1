package storetest

import (
	"testing"
	"time"

	"relais/bot"
	"relais/bot/appointments"
)

func dossiers(t *testing.T, s *suite) {
	page := bot.Address{Channel: bot.Web, Value: "session-0001"}
	// everything stores a person of two addresses with something in every table.
	everything := func(t *testing.T, h *house) *bot.Commit {
		t.Helper()
		turn := h.first(phone(1))
		second := h.id()
		turn.Conversation.Threads = append(turn.Conversation.Threads, bot.Thread{ID: second, Channel: bot.Web})
		turn.Addresses[second] = page
		turn.Conversation.Booked = 1
		turn.Answers = []bot.Answer{{Key: "commune", Values: []string{"25056"}, At: now}}
		turn.Booked = []appointments.Appointment{booking("1", now)}
		turn.HandOffs = []bot.Hand{{HandOff: bot.HandOff{ID: h.id(), Organisation: "a", Since: now}, Adviser: "ad1", Outcome: "done", Ended: now}}
		turn.Items = []bot.Item{{ID: h.id(), Organisation: "a", Kind: "call", Text: "texte", At: now}}
		turn.Schedule = []bot.Job{{Key: "silence", Conversation: turn.Conversation.ID, Due: now}}
		turn.Audit = []bot.AuditEntry{{At: now, Actor: "person", Action: "said"}}
		say(turn, bot.Line{From: bot.FromAdviser, Text: "note", Audience: bot.ForNote})
		h.must(t, turn)
		return turn
	}
	s.check(t, "an export holds all that is kept, whichever address is given", func(t *testing.T, h *house) {
		turn := everything(t, h)
		c := turn.Conversation
		for _, a := range []bot.Address{phone(1), page} {
			got, err := h.Export(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "dossier", got, bot.Dossier{
				Address: a, Person: c.Person, Conversation: c.ID, Lines: turn.Lines, Answers: turn.Answers,
				Threads:      map[bot.ID]bot.Channel{c.Threads[0].ID: bot.SMS, c.Threads[1].ID: bot.Web},
				Appointments: turn.Booked, HandOffs: turn.HandOffs,
			})
		}
	})
	s.check(t, "an export has no limit", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		for range 700 {
			say(turn, bot.Line{From: bot.FromAssistant, Text: "texte"})
		}
		h.must(t, turn)
		if got, err := h.Export(t.Context(), phone(1)); err != nil || len(got.Lines) != 702 {
			t.Errorf("%d lines (%v), want 702", len(got.Lines), err)
		}
	})
	s.check(t, "nobody is neither exported nor erased", func(t *testing.T, h *house) {
		_, err := h.Export(t.Context(), phone(1))
		fails(t, err, bot.ErrNotFound)
		for _, ref := range []bot.Ref{{Address: phone(1)}, {Conversation: h.id()}} {
			if erased, err := h.Erase(t.Context(), ref, now); err != nil || erased {
				t.Errorf("erased %v (%v)", erased, err)
			}
		}
	})
	s.check(t, "an erasure takes everything of a person and nothing of others", func(t *testing.T, h *house) {
		other := h.meet(t, phone(2))
		turn := everything(t, h)
		erased, err := h.Erase(t.Context(), bot.Ref{Address: page}, now)
		if err != nil || !erased {
			t.Fatalf("erased %v (%v)", erased, err)
		}
		for _, a := range []bot.Address{phone(1), page} {
			if h.load(t, a).Fresh == nil {
				t.Errorf("an address by %s still leads to somebody", a.Channel)
			}
			_, err := h.Export(t.Context(), a)
			fails(t, err, bot.ErrNotFound)
		}
		if got := h.history(t, turn.Conversation.ID); len(got) != 0 {
			t.Errorf("%d lines left", len(got))
		}
		if got := h.due(t, now); len(got) != 0 {
			t.Errorf("%d jobs left", len(got))
		}
		if got, err := h.Items(t.Context(), viewer("a"), 10); err != nil || len(got) != 0 {
			t.Errorf("%d items left (%v)", len(got), err)
		}
		_, err = h.Outbox(t.Context(), turn.Conversation.Threads[0].ID, 10)
		fails(t, err, bot.ErrNotFound)
		if got := h.history(t, other.Conversation.ID); len(got) != 2 {
			t.Errorf("the other person has %d lines left, want 2", len(got))
		}
	})
	s.check(t, "an erasure may name the conversation", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		erased, err := h.Erase(t.Context(), bot.Ref{Conversation: l.Conversation.ID}, now)
		if err != nil || !erased || h.load(t, phone(1)).Fresh == nil {
			t.Errorf("erased %v (%v)", erased, err)
		}
	})
	s.check(t, "an address is free again after an erasure, at once and later", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		for _, later := range []time.Duration{0, 48 * time.Hour} {
			if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now.Add(later)); err != nil {
				t.Fatal(err)
			}
			if l := h.meet(t, phone(1)); l.Conversation.N != 2 {
				t.Errorf("the new conversation has %d lines", l.Conversation.N)
			}
		}
	})
	s.check(t, "an event seen before an erasure stays seen", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		fails(t, h.commit(t, turn)[0], bot.ErrSeen)
	})
}
