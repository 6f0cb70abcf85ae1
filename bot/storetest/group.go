package storetest

import (
	"fmt"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/appointments"
)

func groups(t *testing.T, s *suite) {
	s.check(t, "a turn that was sealed ahead is kept as it is, however many lines it has", func(t *testing.T, h *house) {
		turn := h.next(h.meet(t, phone(1)))
		for i := range 5 {
			say(turn, bot.Line{From: bot.FromAssistant, Text: bot.Text(fmt.Sprint("ligne ", i)), Class: "reply"})
		}
		turn.Conversation.Step = "welcome/notice"
		turn.Answers = []bot.Answer{{Key: "commune", Words: "Besançon", At: now}, {Key: "needs", Words: "un logement", At: now}}
		fresh := h.first(phone(2))
		for _, c := range []*bot.Commit{turn, fresh, {At: now}} {
			h.Seal(c)
		}
		if turn.Sealed == nil {
			t.Error("the key of somebody who was just here is not at hand")
		}
		h.must(t, turn, fresh, &bot.Commit{At: now})
		d, err := h.Export(t.Context(), phone(1))
		if err != nil || len(d.Lines) != 9 || len(d.Answers) != 2 {
			t.Fatalf("%d lines, %d answers (%v)", len(d.Lines), len(d.Answers), err)
		}
		for i, l := range turn.Lines {
			if got := d.Lines[2+i].Text; got != l.Text {
				t.Errorf("line %d says %q, want %q", l.N, got, l.Text)
			}
		}
		words := map[string]bot.Text{d.Answers[0].Key: d.Answers[0].Words, d.Answers[1].Key: d.Answers[1].Words}
		if words["commune"] != "Besançon" || words["needs"] != "un logement" {
			t.Errorf("answers %v", words)
		}
		if step := h.load(t, phone(1)).Conversation.Step; step != "welcome/notice" {
			t.Errorf("the conversation is at %q", step)
		}
		if h.load(t, phone(2)).Fresh != nil {
			t.Error("the first turn of somebody new was not kept")
		}
	})
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
	s.check(t, "turns of one person in a group take effect one after the other", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		one := h.next(l)
		l.Conversation = *one.Conversation
		l.Conversation.Version++
		two := h.next(l) // decided on what the first will have left
		one.Answers = []bot.Answer{{Key: "a", Values: []string{"1"}, At: now}}
		two.Withdrawn = []string{"a"}
		stale := h.next(l)
		outcomes := h.commit(t, one, h.first(phone(2)), two, stale)
		for i, want := range []error{nil, nil, nil, bot.ErrConflict} {
			fails(t, outcomes[i], want)
		}
		got := h.load(t, phone(1)).Conversation
		if got.Version != 3 || got.N != 6 || len(h.history(t, got.ID)) != 6 {
			t.Errorf("version %d, %d lines", got.Version, got.N)
		}
		d, err := h.Export(t.Context(), phone(1))
		if err != nil || len(d.Answers) != 0 {
			t.Errorf("%d answers (%v), want the one withdrawn", len(d.Answers), err)
		}
	})
	s.check(t, "an event that comes twice in a group takes effect once", func(t *testing.T, h *house) {
		one, two, other := h.first(phone(1)), h.first(phone(2)), h.first(phone(3))
		two.Event = one.Event
		other.Source, other.Event = "elsewhere", one.Event
		outcomes := h.commit(t, one, two, other)
		for i, want := range []error{nil, bot.ErrSeen, nil} {
			fails(t, outcomes[i], want)
		}
	})
	s.check(t, "marks of one line in a group take effect in order", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		mark := func(d bot.Delivery) bot.Mark { return bot.Mark{Conversation: l.Conversation.ID, N: 2, Delivery: d} }
		h.must(t,
			&bot.Commit{At: now, Marks: []bot.Mark{mark(bot.Begun), mark(bot.Pending), mark(bot.Begun)}},
			&bot.Commit{At: now, Marks: []bot.Mark{{Conversation: l.Conversation.ID, N: 2, Delivery: bot.Accepted, Provider: "SM1"}, mark(bot.Sent)}},
			&bot.Commit{At: now, Marks: []bot.Mark{mark(bot.Pending), mark(bot.Delivered), mark(bot.Sent)}})
		if got := h.history(t, l.Conversation.ID)[1]; got.Delivery != bot.Delivered || got.Provider != "SM1" {
			t.Errorf("the line is %v under %q", got.Delivery, got.Provider)
		}
	})
	s.check(t, "what turns of a group do to one job they do in order", func(t *testing.T, h *house) {
		h.plan(t, bot.Job{Key: "k", Due: now}, bot.Job{Key: "other", Due: now})
		done := map[string]bot.Job{}
		for _, j := range h.due(t, now) {
			j.Due = now.Add(time.Minute) // put off
			done[j.Key] = j
		}
		first, second, other := done["k"], done["k"], done["other"]
		plan := func(in time.Duration) *bot.Commit {
			return &bot.Commit{At: now, Schedule: []bot.Job{{Key: "k", Due: now.Add(in)}}}
		}
		outcomes := h.commit(t, &bot.Commit{At: now, Done: &first}, &bot.Commit{At: now, Done: &second}, &bot.Commit{At: now, Done: &other},
			plan(time.Hour), &bot.Commit{At: now, Forget: []string{"k"}}, plan(time.Second))
		for i, want := range []error{nil, bot.ErrLease, nil, nil, nil, nil} {
			fails(t, outcomes[i], want)
		}
		planned(t, h.due(t, now.Add(time.Second)), bot.Job{Key: "k", Due: now.Add(time.Second)})
		h.must(t, &bot.Commit{At: now, Forget: []string{"k"}})
		planned(t, h.due(t, now.Add(time.Minute)), bot.Job{Key: "other", Due: now.Add(time.Minute), Attempts: 1})
	})
	s.check(t, "a group with turns of every kind keeps what holds, and of the rest nothing", func(t *testing.T, h *house) {
		const people = 5
		full := func(k int) *bot.Commit {
			turn := h.next(h.load(t, phone(k)))
			thread := turn.Conversation.Threads[0].ID
			say(turn, bot.Line{From: bot.FromAdviser, Audience: bot.ForNote, Text: "note"})
			turn.Answers = []bot.Answer{{Key: "a", Codes: []string{`"`, `\`, "{,}", "", "NULL", "é|b"}, At: now}, {Key: "b", At: now}}
			turn.HandOffs = []bot.Hand{{HandOff: bot.HandOff{ID: h.id(), State: bot.HandOffOffered, Organisation: "a", Since: now}}}
			turn.Booked = []appointments.Appointment{booking(fmt.Sprint("1-", k), now), booking(fmt.Sprint("2-", k), now)}
			turn.Conversation.Booked = 2
			turn.Items = []bot.Item{{ID: h.id(), Kind: "call", Organisation: "a", Text: "rappeler", At: now}}
			turn.Audit = []bot.AuditEntry{{At: now, Actor: "system", Action: "x"}}
			turn.Schedule = []bot.Job{{Key: fmt.Sprint("job-", k), Due: now}}
			turn.Begin = &bot.Begin{Thread: thread}
			return turn
		}
		group := make([]*bot.Commit, people)
		for k := range group {
			h.meet(t, phone(k))
			group[k] = full(k)
		}
		for _, k := range []int{1, 3} {
			h.update(t, phone(k), func(*bot.Commit) {})
		}
		outcomes := h.commit(t, group...)
		for k, outcome := range outcomes {
			want, kept := error(nil), 1
			if k == 1 || k == 3 {
				want, kept = bot.ErrConflict, 0
			}
			fails(t, outcome, want)
			d, err := h.Export(t.Context(), phone(k))
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Lines) != 4+kept || len(d.Answers) != 2*kept || len(d.HandOffs) != kept || len(d.Appointments) != 2*kept {
				t.Errorf("person %d: %d lines, %d answers, %d hand-offs, %d appointments", k, len(d.Lines), len(d.Answers), len(d.HandOffs), len(d.Appointments))
			}
			if kept == 1 {
				same(t, "codes", d.Answers[0].Codes, group[k].Answers[0].Codes)
			}
			if got := d.Lines[1].Delivery == bot.Begun; got != (kept == 1) {
				t.Errorf("person %d: a line was begun: %v", k, got)
			}
		}
		if got := len(h.due(t, now)); got != people-2 {
			t.Errorf("%d jobs, want %d", got, people-2)
		}
		items, err := h.Items(t.Context(), bot.Viewer{Organisation: "a"}, 100)
		if err != nil || len(items) != people-2 {
			t.Errorf("%d items (%v), want %d", len(items), err, people-2)
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
