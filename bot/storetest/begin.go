package storetest

import (
	"testing"
	"time"

	"relais/bot"
)

// begun stores a turn that begins a thread's first line, and returns what it
// was told of the outbox, and whether that line was begun before.
func (h *house) begun(t *testing.T, thread bot.ID) (box bot.Outbox, earlier bool) {
	t.Helper()
	turn := &bot.Commit{At: now, Begin: &bot.Begin{Thread: thread}}
	h.must(t, turn)
	return turn.Begin.Outbox, turn.Begin.Earlier
}

// stands compares an outbox with what Outbox reads now, its first two lines.
func (h *house) stands(t *testing.T, thread bot.ID, told bot.Outbox) {
	t.Helper()
	read, err := h.Outbox(t.Context(), thread, 2)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the outbox told", told, read)
}

// deliveries are the ranks of some lines.
func deliveries(lines []bot.Line) []bot.Delivery {
	list := make([]bot.Delivery, len(lines))
	for i := range lines {
		list[i] = lines[i].Delivery
	}
	return list
}

func begins(t *testing.T, s *suite) {
	reply := bot.Line{From: bot.FromAssistant, Text: "texte", Class: "reply", Lane: bot.LaneReply, Delivery: bot.Pending, Segments: 1}
	crisis := bot.Line{From: bot.FromAssistant, Text: "3114", Class: "crisis", Lane: bot.LaneCrisis, Delivery: bot.Pending, Segments: 1}
	goodbye := bot.Line{From: bot.FromAssistant, Text: "au revoir", Class: "opt_out", Lane: bot.LaneReply, Delivery: bot.Pending, Segments: 1}

	s.check(t, "the first line that waits is begun and told with the next one", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.Conversation.Threads[0].Own = "+33939980001"
		say(turn, reply) // 3
		say(turn, reply) // 4
		h.must(t, turn)
		thread := turn.Conversation.Threads[0].ID
		box, earlier := h.begun(t, thread)
		if earlier {
			t.Error("it is told that the line was begun before")
		}
		if box.Conversation != turn.Conversation.ID || box.Address != phone(1) || box.Own != "+33939980001" || box.OptedOut {
			t.Errorf("outbox of %s from %q, opted out %v", box.Conversation, box.Own, box.OptedOut)
		}
		same(t, "numbers", numbers(box.Lines), []int64{2, 3})
		same(t, "ranks", deliveries(box.Lines), []bot.Delivery{bot.Begun, bot.Pending})
		h.stands(t, thread, box)
	})
	s.check(t, "of an outbox where nothing waits only the address is told", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		h.must(t, &bot.Commit{At: now, Marks: []bot.Mark{{Conversation: l.Conversation.ID, N: 2, Delivery: bot.Accepted}}})
		box, earlier := h.begun(t, l.Thread)
		if len(box.Lines) != 0 || earlier || box.Address != phone(1) || box.Conversation != l.Conversation.ID {
			t.Errorf("%d lines for conversation %s", len(box.Lines), box.Conversation)
		}
	})
	s.check(t, "what is begun already is told as it is, and nothing else begins", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, reply) // 3
		h.must(t, turn)
		thread := turn.Conversation.Threads[0].ID
		one, _ := h.begun(t, thread)
		two, earlier := h.begun(t, thread)
		same(t, "the second time", two, one)
		if !earlier {
			t.Error("it is not told that the line was begun before")
		}
		same(t, "ranks", deliveries(h.history(t, turn.Conversation.ID)), []bot.Delivery{bot.Internal, bot.Begun, bot.Pending})
	})
	s.check(t, "the crisis line begins first, even before a line already begun", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		thread := turn.Conversation.Threads[0].ID
		h.begun(t, thread)
		h.update(t, phone(1), func(turn *bot.Commit) { say(turn, crisis) }) // 4 waits, 5 is the crisis line
		box, earlier := h.begun(t, thread)
		if earlier {
			t.Error("it is told that the crisis line was begun before")
		}
		same(t, "numbers", numbers(box.Lines), []int64{5, 2})
		same(t, "ranks", deliveries(box.Lines), []bot.Delivery{bot.Begun, bot.Begun})
		h.stands(t, thread, box)
	})
	s.check(t, "for an address that opted out nothing begins but the crisis line and the last word", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		h.update(t, phone(1), func(turn *bot.Commit) { turn.OptOuts = []bot.OptOut{{Thread: l.Thread, At: now}} }) // 4 waits too
		box, _ := h.begun(t, l.Thread)
		if !box.OptedOut {
			t.Error("it is not told that the address opted out")
		}
		same(t, "numbers", numbers(box.Lines), []int64{2, 4})
		same(t, "ranks", deliveries(box.Lines), []bot.Delivery{bot.Pending, bot.Pending})

		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Cancels = []bot.Cancel{{Thread: l.Thread}}
			turn.Lines[1].Delivery = bot.Internal // 6
			say(turn, goodbye)                    // 7
		})
		box, _ = h.begun(t, l.Thread)
		same(t, "numbers", numbers(box.Lines), []int64{7})
		same(t, "ranks", deliveries(box.Lines), []bot.Delivery{bot.Begun})

		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Lines[1].Delivery = bot.Internal // 9
			say(turn, crisis)                     // 10
		})
		box, _ = h.begun(t, l.Thread)
		same(t, "numbers", numbers(box.Lines), []int64{10, 7})
		same(t, "ranks", deliveries(box.Lines), []bot.Delivery{bot.Begun, bot.Begun})
	})
	s.check(t, "once an opt-out has ended lines begin again", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		h.update(t, phone(1), func(turn *bot.Commit) { turn.OptOuts = []bot.OptOut{{Thread: l.Thread, At: now}} })
		h.update(t, phone(1), func(turn *bot.Commit) { turn.OptIns = []bot.OptIn{{Thread: l.Thread, At: now.Add(time.Hour)}} })
		box, _ := h.begun(t, l.Thread)
		if box.OptedOut || len(box.Lines) == 0 || box.Lines[0].Delivery != bot.Begun {
			t.Errorf("opted out %v, ranks %v", box.OptedOut, deliveries(box.Lines))
		}
	})
	s.check(t, "the outbox of an erased thread is empty", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		for _, thread := range []bot.ID{l.Thread, h.id()} {
			box, earlier := h.begun(t, thread)
			same(t, "the outbox told", box, bot.Outbox{})
			if earlier {
				t.Error("it is told that a line was begun before")
			}
		}
	})
	s.check(t, "a turn that does not hold begins nothing", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		h.plan(t, bot.Job{Key: "k", Due: now})
		job := h.due(t, now)[0]
		job.Token++
		lost := &bot.Commit{At: now, Done: &job, Begin: &bot.Begin{Thread: l.Thread}}
		fails(t, h.commit(t, lost)[0], bot.ErrLease)
		same(t, "the outbox told", lost.Begin.Outbox, bot.Outbox{})
		if got := h.history(t, l.Conversation.ID)[1].Delivery; got != bot.Pending {
			t.Errorf("the line is %v", got)
		}
	})
	s.check(t, "a turn under a lease begins while that holds, and leaves the job as it is", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, reply) // 3
		h.must(t, turn)
		id, thread := turn.Conversation.ID, turn.Conversation.Threads[0].ID
		h.plan(t, bot.Job{Key: "k", Due: now})
		job := h.due(t, now)[0]
		h.must(t, &bot.Commit{At: now, Under: &job, Begin: &bot.Begin{Thread: thread}})
		if got := h.due(t, now.Add(10*time.Second)); len(got) != 1 || !got[0].Reclaimed {
			t.Fatalf("jobs due once the lease is over: %v", got)
		}
		sent := bot.Mark{Conversation: id, N: 2, Delivery: bot.Accepted}
		late := &bot.Commit{At: now, Under: &job, Marks: []bot.Mark{sent}, Begin: &bot.Begin{Thread: thread}}
		fails(t, h.commit(t, late)[0], bot.ErrLease)
		same(t, "ranks", deliveries(h.history(t, id)), []bot.Delivery{bot.Internal, bot.Begun, bot.Pending})
	})
	s.check(t, "one turn ends a line, its job, and begins the next", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, reply) // 3
		say(turn, reply) // 4
		h.must(t, turn)
		id, thread := turn.Conversation.ID, turn.Conversation.Threads[0].ID
		h.plan(t, bot.Job{Key: "k", Conversation: id, Thread: thread, Due: now})
		job := h.due(t, now)[0]
		h.begun(t, thread)

		job.Due = now.Add(time.Minute)
		sent := &bot.Commit{At: now, Begin: &bot.Begin{Thread: thread}, Done: &job,
			Marks: []bot.Mark{{Conversation: id, N: 2, Delivery: bot.Accepted, Provider: "SM1", Segments: 1}}}
		h.must(t, sent)
		same(t, "numbers", numbers(sent.Begin.Outbox.Lines), []int64{3, 4})
		same(t, "ranks", deliveries(sent.Begin.Outbox.Lines), []bot.Delivery{bot.Begun, bot.Pending})
		if got := h.history(t, id)[1]; got.Delivery != bot.Accepted || got.Provider != "SM1" {
			t.Errorf("the line sent is %v under %q", got.Delivery, got.Provider)
		}
		if got := h.due(t, now.Add(time.Minute)); len(got) != 1 {
			t.Errorf("%d jobs due, want the one put off", len(got))
		}
	})
	s.check(t, "what a turn withdraws it does not begin", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, crisis) // 3
		say(turn, reply)  // 4
		h.must(t, turn)
		id, thread := turn.Conversation.ID, turn.Conversation.Threads[0].ID
		h.must(t, &bot.Commit{At: now, Marks: []bot.Mark{{Conversation: id, N: 3, Delivery: bot.Accepted}}})
		stop := &bot.Commit{At: now, Cancels: []bot.Cancel{{Thread: thread}}, Begin: &bot.Begin{Thread: thread}}
		h.must(t, stop)
		if got := stop.Begin.Outbox.Lines; len(got) != 0 {
			t.Errorf("lines %v wait", numbers(got))
		}
	})
	s.check(t, "of two that begin one thread in a group the second is told what the first began", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, reply) // 3
		h.must(t, turn)
		thread := turn.Conversation.Threads[0].ID
		one := &bot.Commit{At: now, Begin: &bot.Begin{Thread: thread}}
		two := &bot.Commit{At: now, Begin: &bot.Begin{Thread: thread}}
		h.must(t, one, two)
		same(t, "the second outbox", two.Begin.Outbox, one.Begin.Outbox)
		if one.Begin.Earlier || !two.Begin.Earlier {
			t.Errorf("begun before: %v for the first, %v for the second", one.Begin.Earlier, two.Begin.Earlier)
		}
		same(t, "ranks", deliveries(two.Begin.Outbox.Lines), []bot.Delivery{bot.Begun, bot.Pending})
	})
	s.check(t, "in a group a turn's lines are there for those after it", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		h.must(t, &bot.Commit{At: now, Marks: []bot.Mark{{Conversation: l.Conversation.ID, N: 2, Delivery: bot.Accepted}}})
		before := &bot.Commit{At: now, Begin: &bot.Begin{Thread: l.Thread}}
		after := &bot.Commit{At: now, Begin: &bot.Begin{Thread: l.Thread}}
		h.must(t, before, h.next(l), after)
		if got := before.Begin.Outbox.Lines; len(got) != 0 {
			t.Errorf("before the turn lines %v wait", numbers(got))
		}
		same(t, "after the turn", numbers(after.Begin.Outbox.Lines), []int64{4})
		same(t, "ranks", deliveries(after.Begin.Outbox.Lines), []bot.Delivery{bot.Begun})
	})
	s.check(t, "threads of many people begin in one group, each its own", func(t *testing.T, h *house) {
		const people = 20
		group := make([]*bot.Commit, people)
		for k := range group {
			l := h.meet(t, phone(k))
			group[k] = &bot.Commit{At: now, Begin: &bot.Begin{Thread: l.Thread}}
		}
		h.must(t, group...)
		for k, c := range group {
			box := c.Begin.Outbox
			if box.Address != phone(k) || len(box.Lines) != 1 || box.Lines[0].Delivery != bot.Begun || box.Lines[0].Text != "Bonjour !" {
				t.Errorf("person %d: %d lines, ranks %v", k, len(box.Lines), deliveries(box.Lines))
			}
		}
	})
	s.check(t, "one thread is begun by one of two handles", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		other := &house{Store: h.opened.Again(t, nil)}
		h.begun(t, l.Thread)
		box, earlier := other.begun(t, l.Thread)
		same(t, "ranks", deliveries(box.Lines), []bot.Delivery{bot.Begun})
		if !earlier {
			t.Error("the other is not told that the line was begun before")
		}
	})
}
