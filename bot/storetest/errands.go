package storetest

import (
	"slices"
	"testing"
	"time"

	"relais/bot"
)

func errands(t *testing.T, s *suite) {
	reply := bot.Line{From: bot.FromAssistant, Text: "texte", Class: "reply", Lane: bot.LaneReply, Delivery: bot.Pending, Segments: 1}
	// answering is a turn of somebody known that says two texts, and whose errand
	// begins the first of them.
	answering := func(t *testing.T, h *house, who bot.Address) *bot.Commit {
		t.Helper()
		l := h.load(t, who)
		turn := h.next(l) // ends with one text
		say(turn, reply)
		key := "deliver:" + l.Thread.String()
		turn.Schedule = []bot.Job{{
			Key: key, Kind: bot.JobDeliver, Lane: bot.LaneReply, Due: now, Conversation: l.Conversation.ID, Thread: l.Thread,
			Token: 1<<61 | 7, Lease: now.Add(10 * time.Second),
		}}
		turn.Errand = &bot.Errand{Key: key, N: turn.Conversation.N - 1}
		return turn
	}
	stored := func(t *testing.T, h *house, turn *bot.Commit) []bot.Delivery {
		t.Helper()
		lines := h.history(t, turn.Conversation.ID)
		return deliveries(lines[len(lines)-2:])
	}

	s.check(t, "a line is begun by the turn that says it, when its job is born there", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		turn := answering(t, h, phone(1))
		h.must(t, turn)
		if !turn.Errand.Born {
			t.Error("the job is not told to be born")
		}
		same(t, "ranks", stored(t, h, turn), []bot.Delivery{bot.Begun, bot.Pending})
		if turn.Lines[len(turn.Lines)-2].Delivery != bot.Pending {
			t.Error("the turn's own line was changed")
		}
	})
	s.check(t, "a line waits when its job was there, whoever has it", func(t *testing.T, h *house) {
		for k, claimed := range []bool{false, true} {
			who := phone(k + 1)
			l := h.meet(t, who)
			h.plan(t, bot.Job{Key: "deliver:" + l.Thread.String(), Due: now})
			if claimed {
				h.due(t, now)
			}
			turn := answering(t, h, who)
			h.must(t, turn)
			if turn.Errand.Born {
				t.Errorf("claimed %v: the job is told to be born", claimed)
			}
			same(t, "ranks", stored(t, h, turn), []bot.Delivery{bot.Pending, bot.Pending})
			if !claimed {
				h.due(t, now.Add(time.Hour))
			}
		}
	})
	s.check(t, "an errand without a line only tells whether its job is born", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		turn := answering(t, h, phone(1))
		turn.Errand.N = 0
		h.must(t, turn)
		if !turn.Errand.Born {
			t.Error("the job is not told to be born")
		}
		same(t, "ranks", stored(t, h, turn), []bot.Delivery{bot.Pending, bot.Pending})
	})
	s.check(t, "each errand of a group is told of its own job", func(t *testing.T, h *house) {
		var group []*bot.Commit
		for k := range 6 {
			l := h.meet(t, phone(k+1))
			if k%2 == 1 {
				h.plan(t, bot.Job{Key: "deliver:" + l.Thread.String(), Due: now})
			}
			group = append(group, answering(t, h, phone(k+1)))
		}
		h.must(t, group...)
		for k, turn := range group {
			if born := k%2 == 0; turn.Errand.Born != born {
				t.Errorf("turn %d: born %v, want %v", k, turn.Errand.Born, born)
			}
		}
	})
	s.check(t, "of two errands for one job the second finds it there", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		one := answering(t, h, phone(1))
		c := *one.Conversation
		c.Version++
		c.Threads = slices.Clone(c.Threads)
		two := h.talk(&c)
		two.Schedule, two.Errand = one.Schedule, &bot.Errand{Key: one.Errand.Key, N: two.Conversation.N}
		h.must(t, one, two)
		if !one.Errand.Born || two.Errand.Born {
			t.Errorf("born %v and %v, want the first alone", one.Errand.Born, two.Errand.Born)
		}
		lines := h.history(t, c.ID)
		same(t, "rank", lines[len(lines)-1].Delivery, bot.Pending)
	})
	s.check(t, "a turn that does not hold has no errand", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		stale := answering(t, h, phone(1))
		h.update(t, phone(1), func(*bot.Commit) {})
		stale.Errand.Born = true // of an earlier try
		fails(t, h.commit(t, stale)[0], bot.ErrConflict)
		if stale.Errand.Born {
			t.Error("told to be born")
		}
	})
}
