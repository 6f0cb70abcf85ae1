package storetest

import (
	"context"
	"testing"
	"time"

	"relais/bot"
)

func commits(t *testing.T, s *suite) {
	s.check(t, "each commit raises the version by one", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		for want := int64(1); want < 4; want++ {
			if got := h.load(t, phone(1)).Conversation.Version; got != want {
				t.Fatalf("version %d, want %d", got, want)
			}
			h.update(t, phone(1), func(*bot.Commit) {})
		}
	})
	s.check(t, "a commit leaves what it was given unchanged", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		if turn.Conversation.Version != 0 {
			t.Errorf("the caller's version became %d", turn.Conversation.Version)
		}
	})
	s.check(t, "times come back in UTC to the microsecond", func(t *testing.T, h *house) {
		at := time.Date(2026, 3, 29, 3, 30, 0, 123456789, time.FixedZone("CEST", 2*3600))
		turn := h.first(phone(1))
		turn.Conversation.Heard, turn.Lines[0].At = at, at
		h.must(t, turn)
		want := time.Date(2026, 3, 29, 1, 30, 0, 123456000, time.UTC)
		if got := h.load(t, phone(1)).Conversation.Heard; got != want {
			t.Errorf("heard %v, want %v", got, want)
		}
		if got := h.history(t, turn.Conversation.ID)[0].At; got != want {
			t.Errorf("line at %v, want %v", got, want)
		}
	})
	s.check(t, "an empty group changes nothing", func(t *testing.T, h *house) {
		if outcomes, err := h.Commit(t.Context(), nil, nil); err != nil || len(outcomes) != 0 {
			t.Errorf("outcomes %v, error %v", outcomes, err)
		}
	})
	s.check(t, "rows of a person need a conversation", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		for name, turn := range map[string]*bot.Commit{
			"line":     {Lines: []bot.Line{{Conversation: h.load(t, phone(1)).Conversation.ID, N: 3}}},
			"answer":   {Answers: []bot.Answer{{Key: "k", At: now}}},
			"withdraw": {Withdrawn: []string{""}},
			"hand-off": {HandOffs: []bot.Hand{{HandOff: bot.HandOff{ID: h.id()}}}},
			"item":     {Items: []bot.Item{{ID: h.id()}}},
			"cancel":   {Cancels: []bot.Cancel{{}}},
		} {
			if err := h.commit(t, turn)[0]; err == nil {
				t.Errorf("a turn without a conversation wrote a row: %s", name)
			}
		}
	})
	s.check(t, "a line of another conversation is refused", func(t *testing.T, h *house) {
		other := h.meet(t, phone(1))
		turn := h.first(phone(2))
		turn.Lines[1].Conversation, turn.Lines[1].N = other.Conversation.ID, 3
		if err := h.commit(t, turn)[0]; err == nil {
			t.Error("a turn wrote into another conversation")
		}
		if got := len(h.history(t, other.Conversation.ID)); got != 2 {
			t.Errorf("the other conversation has %d lines, want its 2", got)
		}
	})
	s.check(t, "an ended context stops a commit before it begins", func(t *testing.T, h *house) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.Commit(ctx, []*bot.Commit{h.first(phone(1))}, nil); err == nil {
			t.Error("a commit went on without anybody waiting for it")
		}
		if h.load(t, phone(1)).Fresh == nil {
			t.Error("a commit that failed was kept")
		}
	})
}
