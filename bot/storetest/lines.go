package storetest

import (
	"testing"

	"relais/bot"
)

func lines(t *testing.T, s *suite) {
	s.check(t, "a line comes back whole", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, bot.Line{
			From: bot.FromAdviser, Adviser: "ad1", Name: "Samira", Text: "Bonjour, c'est Samira.", Key: "client-1",
			Choices: []bot.Choice{{Value: "yes", Label: "Oui"}, {Value: "no", Label: "Non"}},
			Epoch:   3, Lane: bot.LaneReply, Class: "adviser", Delivery: bot.Failed, Provider: "SM1", Error: 30003, Segments: 2,
		})
		say(turn, bot.Line{From: bot.FromSystem, Class: "opt_out", Audience: bot.ForOrganisation("a")})
		h.must(t, turn)
		same(t, "log", h.history(t, turn.Conversation.ID), turn.Lines)
	})
	s.check(t, "history goes on after a cursor, oldest first", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		for range 3 {
			h.update(t, phone(1), func(*bot.Commit) {})
		}
		got, err := h.History(t.Context(), bot.HistoryQuery{Conversation: l.Conversation.ID, After: 3, Limit: 4})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "numbers", numbers(got), []int64{4, 5, 6, 7})
	})
	s.check(t, "a thread's history is what its person may see", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		second := h.id()
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Conversation.Threads = append(turn.Conversation.Threads, bot.Thread{ID: second, Channel: bot.Web})
			turn.Addresses = map[bot.ID]bot.Address{second: {Channel: bot.Web, Value: "session-0001"}}
			say(turn, bot.Line{From: bot.FromAdviser, Text: "note", Audience: bot.ForNote})
			say(turn, bot.Line{From: bot.FromAssistant, Text: "sur la page", Thread: second})
			say(turn, bot.Line{From: bot.FromAssistant, Text: "encore par SMS"})
		})
		for _, want := range []struct {
			thread bot.ID
			n      []int64
		}{{l.Thread, []int64{2, 3, 4, 7}}, {second, nil}} {
			got, err := h.History(t.Context(), bot.HistoryQuery{Thread: want.thread, After: 1})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "numbers", numbers(got), want.n)
		}
		got, err := h.History(t.Context(), bot.HistoryQuery{Thread: second})
		if err != nil || len(got) != 1 || got[0].Seq != 1 || got[0].Text != "sur la page" {
			t.Errorf("the page's thread shows %d lines (%v)", len(got), err)
		}
	})
	s.check(t, "nobody's history is empty", func(t *testing.T, h *house) {
		for _, q := range []bot.HistoryQuery{{Conversation: h.id()}, {Thread: h.id()}, {}} {
			if got, err := h.History(t.Context(), q); err != nil || len(got) != 0 {
				t.Errorf("%d lines (%v)", len(got), err)
			}
		}
	})
}

func numbers(lines []bot.Line) []int64 {
	var n []int64
	for _, l := range lines {
		n = append(n, l.N)
	}
	return n
}
