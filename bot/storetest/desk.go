package storetest

import (
	"testing"
	"time"

	"relais/bot"
)

func viewer(organisation string) bot.Viewer {
	return bot.Viewer{Adviser: "ad-" + organisation, Organisation: organisation, Team: "t", Role: "adviser"}
}

// wait hands whoever is at the address to an organisation's queue.
func (h *house) wait(t *testing.T, a bot.Address, organisation string, change func(*bot.HandOff)) bot.ID {
	t.Helper()
	if h.load(t, a).Fresh != nil {
		h.meet(t, a)
	}
	handOff := bot.HandOff{
		ID: h.id(), State: bot.HandOffOffered, Organisation: organisation, Team: "t", Reason: "housing",
		AskedBy: bot.FromPerson, Flow: "prediagnostic", Step: "q02", Since: now, Deadline: now.Add(time.Hour),
	}
	if change != nil {
		change(&handOff)
	}
	turn := h.update(t, a, func(turn *bot.Commit) {
		turn.Conversation.Owner = bot.Owner{Kind: bot.Queue, Organisation: organisation, Team: "t"}
		turn.Conversation.HandOff = &handOff
		turn.HandOffs = []bot.Hand{{HandOff: handOff}}
	})
	return turn.Conversation.ID
}

func desks(t *testing.T, s *suite) {
	inbox := func(t *testing.T, h *house, organisation string) []bot.Waiter {
		t.Helper()
		list, err := h.Inbox(t.Context(), viewer(organisation), 100)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	s.check(t, "an inbox shows the most pressing first: crisis, urgent, oldest promise, no promise", func(t *testing.T, h *house) {
		var want []bot.ID
		for k, change := range []func(*bot.HandOff){
			func(w *bot.HandOff) { w.Reason, w.Urgent, w.Deadline = "crisis_suicide", true, now.Add(9*time.Hour) },
			func(w *bot.HandOff) { w.Urgent, w.Deadline = true, now.Add(8*time.Hour) },
			func(w *bot.HandOff) { w.Deadline = now.Add(time.Hour) },
			func(w *bot.HandOff) { w.Deadline = now.Add(2 * time.Hour) },
			func(w *bot.HandOff) { w.Deadline, w.Since = time.Time{}, now.Add(-time.Hour) },
			func(w *bot.HandOff) { w.Deadline = time.Time{} },
		} {
			want = append(want, h.wait(t, phone(k), "a", change))
		}
		var got []bot.ID
		for _, w := range inbox(t, h, "a") {
			got = append(got, w.Conversation)
		}
		same(t, "order", got, want)
		if short, err := h.Inbox(t.Context(), viewer("a"), 2); err != nil || len(short) != 2 || short[0].Conversation != want[0] {
			t.Errorf("the first two: %d (%v)", len(short), err)
		}
	})
	s.check(t, "a row of the inbox says who waits and why", func(t *testing.T, h *house) {
		save(t, h, bot.Account{ID: "ad1", Email: "s@example.org", Name: "Samira", Organisation: "a", Team: "t"})
		id := h.wait(t, phone(1), "a", func(w *bot.HandOff) { w.Waiting, w.Urgent = now.Add(time.Minute), true })
		turn := h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Conversation.Owner = bot.Owner{Kind: bot.Adviser, Organisation: "a", Team: "t", Adviser: "ad1", Name: "Samira"}
		})
		same(t, "row", inbox(t, h, "a"), []bot.Waiter{{
			Conversation: id, HandOff: turn.Conversation.HandOff.ID, Owner: turn.Conversation.Owner, Reason: "housing",
			Urgent: true, Since: now, Waiting: now.Add(time.Minute), Deadline: now.Add(time.Hour),
			Channel: bot.SMS, Lang: "fr", N: 6,
		}})
	})
	s.check(t, "the channel shown is the one last heard", func(t *testing.T, h *house) {
		h.wait(t, phone(1), "a", nil)
		h.update(t, phone(1), func(turn *bot.Commit) {
			second := h.id()
			turn.Conversation.Threads = append(turn.Conversation.Threads,
				bot.Thread{ID: second, Channel: bot.Web, HeardAt: now.Add(time.Second)})
			turn.Addresses = map[bot.ID]bot.Address{second: {Channel: bot.Web, Value: "session-0001"}}
		})
		if got := inbox(t, h, "a")[0].Channel; got != bot.Web {
			t.Errorf("channel %q, want the web", got)
		}
	})
	s.check(t, "an inbox holds neither the assistant's people nor another organisation's", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		h.wait(t, phone(2), "b", nil)
		for _, organisation := range []string{"a", ""} {
			if got := inbox(t, h, organisation); len(got) != 0 {
				t.Errorf("organisation %q sees %d conversations", organisation, len(got))
			}
		}
	})
	s.check(t, "a file holds what an adviser needs", func(t *testing.T, h *house) {
		id := h.wait(t, phone(1), "a", nil)
		item := bot.Item{ID: h.id(), Conversation: id, Kind: "call", Organisation: "a", Team: "t", Subject: "5", Reason: "asked", Text: "rappelez-moi", At: now, Deadline: now.Add(time.Hour)}
		foreign := bot.Item{ID: h.id(), Kind: "call", Organisation: "b", At: now}
		turn := h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Answers = []bot.Answer{
				{Key: "commune", Values: []string{"25056"}, At: now, Shared: true},
				{Key: "health", Values: []string{"yes"}, At: now},
			}
			turn.Items = []bot.Item{item, foreign}
			ended := *turn.Conversation.HandOff
			ended.State = bot.HandOffClosed
			turn.HandOffs = []bot.Hand{{HandOff: ended, Adviser: "ad1", Outcome: "done", Ended: now.Add(time.Hour)}}
		})
		file, err := h.File(t.Context(), viewer("a"), id)
		if err != nil {
			t.Fatal(err)
		}
		want := *turn.Conversation
		want.Version = 3
		same(t, "conversation", file.Conversation, want)
		same(t, "addresses", file.Addresses, []bot.Address{phone(1)})
		same(t, "answers the person shared", file.Answers, turn.Answers[:1])
		same(t, "hand-offs", file.HandOffs, turn.HandOffs)
		same(t, "items of the organisation", file.Items, []bot.Item{item})
	})
	s.check(t, "a conversation is nobody's business but its organisation's", func(t *testing.T, h *house) {
		id := h.wait(t, phone(1), "a", nil)
		alone := h.meet(t, phone(2)).Conversation.ID
		for _, try := range []struct {
			organisation string
			id           bot.ID
		}{{"b", id}, {"", id}, {"a", alone}, {"", alone}, {"a", h.id()}} {
			_, err := h.File(t.Context(), viewer(try.organisation), try.id)
			fails(t, err, bot.ErrNotFound)
			_, err = h.Read(t.Context(), viewer(try.organisation), try.id, 0, 10)
			fails(t, err, bot.ErrNotFound)
		}
	})
	s.check(t, "an organisation keeps what was handed to it last, and loses what was handed on", func(t *testing.T, h *house) {
		id := h.wait(t, phone(1), "a", nil)
		h.update(t, phone(1), func(turn *bot.Commit) {
			turn.Conversation.Owner, turn.Conversation.HandOff = bot.Owner{Kind: bot.Assistant}, nil
		})
		if _, err := h.File(t.Context(), viewer("a"), id); err != nil {
			t.Errorf("given back: %v, want it readable", err)
		}
		h.wait(t, phone(1), "b", func(w *bot.HandOff) { w.Since = now.Add(time.Minute) })
		if _, err := h.File(t.Context(), viewer("b"), id); err != nil {
			t.Errorf("handed on: %v, want the new organisation to read it", err)
		}
		_, err := h.File(t.Context(), viewer("a"), id)
		fails(t, err, bot.ErrNotFound)
	})
	s.check(t, "a reader sees what is for all and for their own organisation", func(t *testing.T, h *house) {
		id := h.wait(t, phone(1), "a", nil)            // lines 1 to 4
		h.update(t, phone(1), func(turn *bot.Commit) { // 5 and 6
			say(turn, bot.Line{From: bot.FromAdviser, Text: "note de a", Audience: bot.ForNote})          // 7
			say(turn, bot.Line{From: bot.FromSystem, Text: "pour a", Audience: bot.ForOrganisation("a")}) // 8
			say(turn, bot.Line{From: bot.FromSystem, Text: "pour b", Audience: bot.ForOrganisation("b")}) // 9
		})
		read := func(organisation string, after int64, limit int) []int64 {
			t.Helper()
			got, err := h.Read(t.Context(), viewer(organisation), id, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			return numbers(got)
		}
		same(t, "a reads", read("a", 0, 100), []int64{1, 2, 3, 4, 5, 6, 7, 8})
		same(t, "a reads on", read("a", 5, 2), []int64{6, 7})
		h.wait(t, phone(1), "b", func(w *bot.HandOff) { w.Since = now.Add(time.Minute) }) // 10 and 11
		same(t, "b reads", read("b", 4, 100), []int64{5, 6, 9, 10, 11})
	})
	s.check(t, "a note stays with the organisation that owned the conversation before its turn", func(t *testing.T, h *house) {
		id := h.wait(t, phone(1), "a", nil) // lines 1 to 4
		h.update(t, phone(1), func(turn *bot.Commit) {
			say(turn, bot.Line{From: bot.FromSystem, Class: "given_back", Audience: bot.ForNote}) // 7
			turn.Conversation.Owner, turn.Conversation.HandOff = bot.Owner{Kind: bot.Assistant}, nil
		})
		got, err := h.Read(t.Context(), viewer("a"), id, 6, 10)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "a reads", numbers(got), []int64{7})
	})
	s.check(t, "items are listed to their organisation, the earliest deadline first", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		item := func(organisation string, deadline time.Time) bot.Item {
			return bot.Item{ID: h.id(), Conversation: id, Kind: "call", Organisation: organisation, Text: "texte", At: now, Deadline: deadline}
		}
		late, early, none := item("a", now.Add(2*time.Hour)), item("a", now.Add(time.Hour)), item("a", time.Time{})
		h.update(t, phone(1), func(turn *bot.Commit) { turn.Items = []bot.Item{none, late, early, item("b", now)} })
		got, err := h.Items(t.Context(), viewer("a"), 10)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "items", got, []bot.Item{early, late, none})
		if got, err := h.Items(t.Context(), viewer(""), 10); err != nil || len(got) != 0 {
			t.Errorf("a viewer of no organisation sees %d items (%v)", len(got), err)
		}
	})
	s.check(t, "an item is settled by its organisation, and gone from the list", func(t *testing.T, h *house) {
		id := h.meet(t, phone(1)).Conversation.ID
		item := bot.Item{ID: h.id(), Conversation: id, Kind: "call", Organisation: "a", Text: "texte", At: now}
		h.update(t, phone(1), func(turn *bot.Commit) { turn.Items = []bot.Item{item} })
		settle := func(organisation string) []bot.Item {
			h.update(t, phone(1), func(turn *bot.Commit) {
				turn.Settled = []bot.Settle{{Item: item.ID, Organisation: organisation, By: "ad1"}}
			})
			got, err := h.Items(t.Context(), viewer("a"), 10)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		same(t, "after another organisation's try", settle("b"), []bot.Item{item})
		if got := settle("a"); len(got) != 0 {
			t.Errorf("%d items are still open", len(got))
		}
	})
}
