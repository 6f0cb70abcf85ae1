package storetest

import (
	"fmt"
	"testing"

	"relais/bot"
)

func groups(t *testing.T, s *suite) {
	s.check(t, "each turn of a group has its own outcome", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		h.meet(t, phone(2))
		stale := h.next(h.load(t, phone(2)))
		h.update(t, phone(2), func(*bot.Commit) {})
		good, again, fresh := h.next(h.load(t, phone(1))), h.next(h.load(t, phone(2))), h.first(phone(3))
		again.Event = "event-1"
		guarded := h.first(phone(4))
		guarded.Guards = []bot.Guard{{Kind: bot.GuardGeneration, Want: -1}}
		lost := h.first(phone(5))
		lost.Done = &bot.Job{Key: "none", Token: 1}

		outcomes := h.commit(t, good, stale, again, guarded, lost, fresh)
		for i, want := range []error{nil, bot.ErrConflict, bot.ErrSeen, bot.ErrGuard, bot.ErrLease, nil} {
			if !is(outcomes[i], want) {
				t.Errorf("turn %d: got %v, want %v", i, outcomes[i], want)
			}
		}
		if got := h.load(t, phone(1)).Conversation.N; got != 4 {
			t.Errorf("the first turn left %d lines, want 4", got)
		}
		if h.load(t, phone(3)).Fresh != nil {
			t.Error("the last turn was lost with those before it")
		}
		for _, k := range []int{4, 5} {
			if h.load(t, phone(k)).Fresh == nil {
				t.Errorf("refused turn of person %d was kept", k)
			}
		}
	})
	s.check(t, "a turn that cannot be written leaves no trace and sinks nobody", func(t *testing.T, h *house) {
		poisoned := map[string]func(*bot.Commit){
			"a zero byte in an event":    func(c *bot.Commit) { c.Event = "a\x00b" },
			"a zero byte in a key":       func(c *bot.Commit) { c.Lines[1].Key = "a\x00b" },
			"broken UTF-8 in a step":     func(c *bot.Commit) { c.Conversation.Step = "q\xff" },
			"a line numbered twice":      func(c *bot.Commit) { c.Lines[1].N = c.Lines[0].N },
			"a sequence number twice":    func(c *bot.Commit) { c.Lines[1].Seq = c.Lines[0].Seq },
			"a job in no lane":           func(c *bot.Commit) { c.Schedule = []bot.Job{{Key: "k", Lane: 9, Due: now}} },
			"an opt-out of no thread":    func(c *bot.Commit) { c.OptOuts = []bot.OptOut{{Thread: h.id(), At: now}} },
			"a zero byte in the journal": func(c *bot.Commit) { c.Audit = []bot.AuditEntry{{At: now, Actor: "a\x00"}} },
		}
		k := 1
		for name, poison := range poisoned {
			before, bad, after := h.first(phone(k)), h.first(phone(k+1)), h.first(phone(k+2))
			poison(bad)
			outcomes := h.commit(t, before, bad, after)
			if outcomes[0] != nil || outcomes[2] != nil {
				t.Errorf("%s: its neighbours got %v and %v", name, outcomes[0], outcomes[2])
			}
			if outcomes[1] == nil {
				t.Errorf("%s: passed", name)
			}
			if h.load(t, phone(k+1)).Fresh == nil {
				t.Errorf("%s: left a trace", name)
			}
			k += 3
		}
		if got := h.due(t, now); len(got) != 0 {
			t.Errorf("%d jobs were left behind", len(got))
		}
	})
	s.check(t, "texts are kept as they are, whatever is in them", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.Lines[0].Text = "ça va ? <b> & \u2028 \U0001F44B\U0001F3FD '; DROP TABLE line; --"
		h.must(t, turn)
		if got := h.history(t, turn.Conversation.ID)[0].Text; got != turn.Lines[0].Text {
			t.Errorf("text came back as %q", string(got))
		}
	})
	s.check(t, "thirty-two people write at once", func(t *testing.T, h *house) {
		group := make([]*bot.Commit, 32)
		for round := range 3 {
			for i := range group {
				l := h.load(t, phone(i))
				if group[i] = h.first(phone(i)); round > 0 {
					group[i] = h.next(l)
				}
				group[i].Schedule = []bot.Job{{Key: fmt.Sprint("job-", i), Kind: bot.JobSilence, Due: now}}
			}
			h.must(t, group...)
		}
		for i := range group {
			if got := h.load(t, phone(i)).Conversation; got.N != 6 || got.Version != 3 {
				t.Errorf("person %d: %d lines, version %d; want 6 and 3", i, got.N, got.Version)
			}
		}
	})
}
