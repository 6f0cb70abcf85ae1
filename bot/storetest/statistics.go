package storetest

import (
	"testing"
	"time"

	"relais/bot"
)

func statistics(t *testing.T, s *suite) {
	count := func(t *testing.T, h *house, at time.Time) bot.Statistics {
		t.Helper()
		found, err := h.Statistics(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	s.check(t, "an empty store has nothing to count", func(t *testing.T, h *house) {
		same(t, "statistics", count(t, h, now), bot.Statistics{})
	})
	s.check(t, "due jobs are counted by lane, with the oldest; those of later are not", func(t *testing.T, h *house) {
		at := func(key string, lane bot.Lane, ago time.Duration) bot.Job {
			return bot.Job{Key: key, Lane: lane, Due: now.Add(-ago)}
		}
		h.plan(t,
			at("1", bot.LaneCrisis, time.Second), at("2", bot.LaneReply, 0), at("3", bot.LaneReply, 2*time.Hour),
			at("4", bot.LaneReply, -time.Microsecond), at("5", bot.LaneBulk, -time.Hour))
		want := bot.Statistics{Lanes: [4]bot.Backlog{
			bot.LaneCrisis: {Due: 1, Oldest: now.Add(-time.Second)},
			bot.LaneReply:  {Due: 2, Oldest: now.Add(-2 * time.Hour)},
		}}
		same(t, "statistics", count(t, h, now), want)
	})
	s.check(t, "a job under way still counts, a finished one does not", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "1", Lane: bot.LaneNotice, Due: now}, bot.Job{Key: "2", Lane: bot.LaneNotice, Due: now})
		claimed := h.due(t, now)
		if got := count(t, h, now).Lanes[bot.LaneNotice].Due; got != 2 {
			t.Errorf("%d due while both are under way, want 2", got)
		}
		done := claimed[0]
		done.Due = time.Time{}
		h.must(t, &bot.Commit{At: now, Done: &done})
		if got := count(t, h, now).Lanes[bot.LaneNotice].Due; got != 1 {
			t.Errorf("%d due when one is done, want 1", got)
		}
	})
	s.check(t, "those who wait are counted by team, with the oldest; those in good hands are not", func(t *testing.T, h *house) {
		h.wait(t, phone(1), "a", nil)
		h.wait(t, phone(2), "a", func(w *bot.HandOff) { w.Since = now.Add(-time.Hour) })
		h.wait(t, phone(3), "b", nil)
		h.wait(t, phone(4), "b", nil)
		h.update(t, phone(4), func(turn *bot.Commit) {
			turn.Conversation.Owner = bot.Owner{Kind: bot.Adviser, Organisation: "b", Team: "t", Adviser: "ad1"}
		})
		h.meet(t, phone(5))
		same(t, "queues", count(t, h, now).Queues, []bot.Queued{
			{Organisation: "a", Team: "t", Conversations: 2, Oldest: now.Add(-time.Hour)},
			{Organisation: "b", Team: "t", Conversations: 1, Oldest: now},
		})
	})
}
