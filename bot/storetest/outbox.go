package storetest

import (
	"testing"

	"relais/bot"
)

func outboxes(t *testing.T, s *suite) {
	outbox := func(t *testing.T, h *house, thread bot.ID) bot.Outbox {
		t.Helper()
		box, err := h.Outbox(t.Context(), thread, 100)
		if err != nil {
			t.Fatal(err)
		}
		return box
	}
	pending := func(class string, lane bot.Lane, from bot.From) bot.Line {
		return bot.Line{From: from, Text: "texte", Class: class, Lane: lane, Delivery: bot.Pending}
	}
	s.check(t, "an outbox holds what is not over, in order, with where it goes", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.Conversation.Threads[0].Own = "+33939980001"
		for d := bot.Internal; d <= bot.Cancelled; d++ {
			say(turn, bot.Line{From: bot.FromAssistant, Lane: bot.LaneReply, Delivery: d})
		}
		h.must(t, turn)
		box := outbox(t, h, turn.Conversation.Threads[0].ID)
		if box.Conversation != turn.Conversation.ID || box.Address != phone(1) || box.Own != "+33939980001" || box.OptedOut {
			t.Errorf("outbox of %s from %q, opted out %v", box.Conversation, box.Own, box.OptedOut)
		}
		same(t, "numbers", numbers(box.Lines), []int64{2, 4, 5})
		short, err := h.Outbox(t.Context(), turn.Conversation.Threads[0].ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the first two", numbers(short.Lines), []int64{2, 4})
	})
	s.check(t, "the crisis line goes before what already waits", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, pending("reply", bot.LaneReply, bot.FromAssistant))   // 3
		say(turn, pending("crisis", bot.LaneCrisis, bot.FromAssistant)) // 4
		say(turn, pending("crisis", bot.LaneCrisis, bot.FromAssistant)) // 5
		h.must(t, turn)
		same(t, "numbers", numbers(outbox(t, h, turn.Conversation.Threads[0].ID).Lines), []int64{4, 5, 2, 3})
	})
	s.check(t, "an unknown thread has no outbox", func(t *testing.T, h *house) {
		_, err := h.Outbox(t.Context(), h.id(), 10)
		fails(t, err, bot.ErrNotFound)
	})
	s.check(t, "an outbox tells that its address opted out", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		h.update(t, phone(1), func(turn *bot.Commit) { turn.OptOuts = []bot.OptOut{{Thread: l.Thread, At: now}} })
		if !outbox(t, h, l.Thread).OptedOut {
			t.Error("not opted out")
		}
	})
	s.check(t, "a withdrawal takes pending lines only, never the crisis line nor its own turn's", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, pending("crisis", bot.LaneCrisis, bot.FromAssistant))                                            // 3
		say(turn, bot.Line{From: bot.FromAssistant, Class: "reply", Lane: bot.LaneReply, Delivery: bot.Begun})     // 4
		say(turn, pending("adviser", bot.LaneReply, bot.FromAdviser))                                              // 5
		say(turn, bot.Line{From: bot.FromAssistant, Class: "reply", Lane: bot.LaneReply, Delivery: bot.Delivered}) // 6
		h.must(t, turn)
		thread := turn.Conversation.Threads[0].ID
		stop := h.update(t, phone(1), func(turn *bot.Commit) { turn.Cancels = []bot.Cancel{{Thread: thread}} })
		same(t, "left", numbers(outbox(t, h, thread).Lines), []int64{3, 4, 8})
		log := h.history(t, stop.Conversation.ID)
		for _, n := range []int64{2, 5} {
			if got := log[n-1].Delivery; got != bot.Cancelled {
				t.Errorf("line %d is %v, want cancelled", n, got)
			}
		}
		if log[5].Delivery != bot.Delivered {
			t.Error("a delivered line was withdrawn")
		}
	})
	s.check(t, "a withdrawal may be of the assistant's lines, or of one class", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		say(turn, pending("adviser", bot.LaneReply, bot.FromAdviser))     // 3
		say(turn, pending("reminder", bot.LaneNotice, bot.FromAssistant)) // 4
		h.must(t, turn)
		thread := turn.Conversation.Threads[0].ID
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Lines[1].Delivery = bot.Internal // 6
			turn.Cancels = []bot.Cancel{{Class: "reminder"}}
		})
		same(t, "after the reminder", numbers(outbox(t, h, thread).Lines), []int64{2, 3})
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Lines[1].Delivery = bot.Internal // 8
			turn.Cancels = []bot.Cancel{{Bot: true}}
		})
		same(t, "after the assistant's", numbers(outbox(t, h, thread).Lines), []int64{3})
	})
	s.check(t, "a withdrawal of one thread spares the others", func(t *testing.T, h *house) {
		l := h.meet(t, phone(1))
		second := h.id()
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Conversation.Threads = append(turn.Conversation.Threads, bot.Thread{ID: second, Channel: bot.SMS})
			turn.Addresses = map[bot.ID]bot.Address{second: phone(2)}
			line := pending("reply", bot.LaneReply, bot.FromAssistant)
			line.Thread = second
			say(turn, line)
		})
		h.update(t, phone(1), func(turn *bot.Commit) { turn.Cancels = []bot.Cancel{{Thread: second}} })
		if got := outbox(t, h, second).Lines; len(got) != 0 {
			t.Errorf("%d lines left in the thread", len(got))
		}
		if got := outbox(t, h, l.Thread).Lines; len(got) != 3 {
			t.Errorf("%d lines left in the other thread, want 3", len(got))
		}
	})
}
