package storetest

import (
	"testing"
	"time"

	"relais/bot"
)

func answers(t *testing.T, s *suite) {
	kept := func(t *testing.T, h *house) []bot.Answer {
		t.Helper()
		d, err := h.Export(t.Context(), phone(1))
		if err != nil {
			t.Fatal(err)
		}
		return d.Answers
	}
	at := func(minute int) time.Time { return now.Add(time.Duration(minute) * time.Minute) }
	record := func(t *testing.T, h *house, list ...bot.Answer) {
		t.Helper()
		h.update(t, phone(1), func(turn *bot.Commit) { turn.Answers = list })
	}
	s.check(t, "an answer comes back whole", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		want := []bot.Answer{
			{Key: "commune", Values: []string{"25056"}, Codes: []string{"insee 25056", "a|b"}, Words: "à Besançon", At: at(1), By: bot.SMS, Flow: "prediagnostic@9f2c"},
			{Key: "health", Values: []string{"declined"}, At: at(2), By: bot.Web, Shared: true},
		}
		record(t, h, want...)
		same(t, "answers", kept(t, h), want)
	})
	s.check(t, "a withdrawal takes the last answer under its key", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		record(t, h, bot.Answer{Key: "a", At: at(1)}, bot.Answer{Key: "a", At: at(2)}, bot.Answer{Key: "b", At: at(3)})
		h.update(t, phone(1), func(turn *bot.Commit) { turn.Withdrawn = []string{"a", "unknown"} })
		same(t, "answers", kept(t, h), []bot.Answer{{Key: "a", At: at(1)}, {Key: "b", At: at(3)}})
	})
	s.check(t, "a withdrawal without a key takes them all", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		record(t, h, bot.Answer{Key: "a", At: at(1)}, bot.Answer{Key: "b", At: at(2)})
		h.update(t, phone(1), func(turn *bot.Commit) { turn.Withdrawn = []string{""} })
		same(t, "answers", kept(t, h), []bot.Answer{})
	})
	s.check(t, "what a turn withdraws makes room for what it records", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		record(t, h, bot.Answer{Key: "a", Values: []string{"old"}, At: at(1)})
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Withdrawn = []string{"a"}
			turn.Answers = []bot.Answer{{Key: "a", Values: []string{"new"}, At: at(2)}}
		})
		same(t, "answers", kept(t, h), []bot.Answer{{Key: "a", Values: []string{"new"}, At: at(2)}})
	})
	s.check(t, "of two answers under one key in one turn the last is kept", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		record(t, h, bot.Answer{Key: "a", Values: []string{"1"}, At: at(1)}, bot.Answer{Key: "a", Values: []string{"2"}, At: at(1)})
		same(t, "answers", kept(t, h), []bot.Answer{{Key: "a", Values: []string{"2"}, At: at(1)}})
	})
	s.check(t, "sharing opens the answers so far and the turn's own, not later ones", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		record(t, h, bot.Answer{Key: "a", At: at(1)})
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Answers, turn.Share = []bot.Answer{{Key: "b", At: at(2)}}, true
		})
		record(t, h, bot.Answer{Key: "c", At: at(3)})
		same(t, "answers", kept(t, h), []bot.Answer{{Key: "a", At: at(1), Shared: true}, {Key: "b", At: at(2), Shared: true}, {Key: "c", At: at(3)}})
	})
}
