package storetest

import (
	"errors"
	"testing"
	"time"

	"relais/bot"
	"relais/flows"
)

func is(got, want error) bool { return errors.Is(got, want) }

func load(t *testing.T, s *suite) {
	s.check(t, "an unknown address is fresh and nothing is written", func(t *testing.T, h *house) {
		l := h.load(t, phone(1))
		if l.Fresh == nil || l.Fresh.Channel != bot.SMS || l.Fresh.OptedOut {
			t.Errorf("fresh = %+v, want an SMS address that is not opted out", l.Fresh)
		}
		same(t, "conversation", l.Conversation, bot.Conversation{})
		if again := h.load(t, phone(1)); again.Fresh == nil {
			t.Error("loading an unknown address made it known")
		}
	})
	s.check(t, "an unknown conversation is not found", func(t *testing.T, h *house) {
		_, err := h.Load(t.Context(), bot.Ref{Conversation: h.id()})
		fails(t, err, bot.ErrNotFound)
	})
	s.check(t, "a conversation comes back whole by address and by id", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		fill(turn.Conversation, h)
		h.must(t, turn)
		want := *turn.Conversation
		want.Version = 1
		l := h.load(t, phone(1))
		same(t, "by address", l.Conversation, want)
		if l.Thread != want.Threads[0].ID || l.Fresh != nil {
			t.Errorf("thread %s, fresh %v; want thread %s of a known person", l.Thread, l.Fresh, want.Threads[0].ID)
		}
		byID, err := h.Load(t.Context(), bot.Ref{Conversation: want.ID})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "by id", byID.Conversation, want)
		if !byID.Thread.IsZero() {
			t.Errorf("loaded by id it came through thread %s, want none", byID.Thread)
		}
	})
	s.check(t, "every thread of a conversation leads to it", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		web := bot.Address{Channel: bot.Web, Value: "session-0001"}
		second := h.id()
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Conversation.Threads = append(turn.Conversation.Threads, bot.Thread{ID: second, Channel: bot.Web})
			turn.Addresses = map[bot.ID]bot.Address{second: web}
		})
		found := h.load(t, web)
		if found.Conversation.ID != l.Conversation.ID || found.Thread != second {
			t.Errorf("the second address leads to conversation %s, thread %s", found.Conversation.ID, found.Thread)
		}
	})
	s.check(t, "a session stands where its thread does", func(t *testing.T, h *house) {
		web := bot.Address{Channel: bot.Web, Value: "session-0001"}
		_, err := h.Session(t.Context(), web)
		fails(t, err, bot.ErrNotFound)
		turn := h.first(web)
		turn.Conversation.Owner = bot.Owner{Kind: bot.Queue, Organisation: "a", Team: "t"}
		turn.Conversation.HandOff = &bot.HandOff{ID: h.id(), Since: now, Deadline: now.Add(time.Hour)}
		h.must(t, turn)
		got, err := h.Session(t.Context(), web)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "session", got, bot.Session{
			Conversation: turn.Conversation.ID, Thread: turn.Conversation.Threads[0].ID, Seq: 2,
			Owner: turn.Conversation.Owner, Deadline: now.Add(time.Hour), Lang: "fr",
		})
	})
}

// fill gives a conversation something in every field.
func fill(c *bot.Conversation, h *house) {
	c.Asked, c.Epoch, c.Paused, c.Known = 3, 2, true, true
	c.Owner = bot.Owner{Kind: bot.Adviser, Organisation: "a", Team: "t", Adviser: "ad1", Name: "Samira"}
	c.Threads[0].Own, c.Threads[0].OptedOut = "+33939980001", true
	c.Frames = []bot.Frame{{
		Flow: "prediagnostic", Hash: "9f2c", Subject: "rdv", Asked: 3, AskedAt: now, Line: 2,
		At: flows.Position{
			State: "q02", Back: "recap", Misses: 1,
			Vars:  flows.Vars{{Name: "urgency", Values: []string{"none", "food"}}, {Name: "empty"}},
			Trail: []flows.Step{{State: "q01", Known: 1, Back: "q00"}},
		},
	}}
	c.HandOff = &bot.HandOff{
		ID: h.id(), State: bot.HandOffAccepted, Organisation: "a", Team: "t", Reason: "housing", Urgent: true,
		AskedBy: bot.FromPerson, Flow: "prediagnostic", Step: "q02", Since: now, Deadline: now.Add(time.Hour), Missed: 1,
		Waiting: now.Add(time.Minute), Acknowledged: true, Alerts: 2, Asked: 2,
	}
	c.Crisis = []bot.CrisisSent{{Family: "food", At: now}}
	c.Pace = bot.Pace{Stalls: []int64{now.Unix()}, Minute: now.Truncate(time.Minute), Count: 4, Parked: true}
	c.Step = "prediagnostic/q02"
}
