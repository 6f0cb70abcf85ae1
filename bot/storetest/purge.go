package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/appointments"
)

// purges is about people; purgedRows about the rest.
func purges(t *testing.T, s *suite) {
	long := now.AddDate(-2, 0, -1)     // when the people of these cases were last heard
	gone := long.Add(time.Microsecond) // they go before this
	s.check(t, "whoever was last heard before goes with everything, the others stay", func(t *testing.T, h *house) {
		turn := h.past(phone(1), long)
		turn.Answers = []bot.Answer{{Key: "commune", Values: []string{"25056"}, At: long}}
		turn.HandOffs = []bot.Hand{{HandOff: bot.HandOff{ID: h.id(), Organisation: "a", Since: long}, Outcome: "done", Ended: long}}
		turn.Items = []bot.Item{{ID: h.id(), Organisation: "a", Kind: "call", Text: "texte", At: long}}
		turn.Booked = []appointments.Appointment{booking("1", long)}
		turn.Booked[0].BookedAt, turn.Booked[0].SaidAt = long, long
		turn.Conversation.Booked = 1
		turn.Schedule = []bot.Job{{Key: "silence", Conversation: turn.Conversation.ID, Due: now}}
		h.must(t, turn)
		h.plan(t, bot.Job{Key: "of another", Due: now})
		stays := h.meet(t, phone(2))

		if n := h.purge(t, bot.PurgePeople, gone); n != 1 {
			t.Errorf("%d people went, want 1", n)
		}
		if h.load(t, phone(1)).Fresh == nil {
			t.Error("the address still leads to somebody")
		}
		_, err := h.Export(t.Context(), phone(1))
		fails(t, err, bot.ErrNotFound)
		if got := h.history(t, turn.Conversation.ID); len(got) != 0 {
			t.Errorf("%d lines left", len(got))
		}
		if got, err := h.Items(t.Context(), viewer("a"), 10); err != nil || len(got) != 0 {
			t.Errorf("%d items left (%v)", len(got), err)
		}
		if got := h.due(t, now); len(got) != 1 || got[0].Key != "of another" {
			t.Errorf("jobs left: %v", got)
		}
		if got := h.history(t, stays.Conversation.ID); len(got) != 2 {
			t.Errorf("the other person has %d lines left, want 2", len(got))
		}
		if n := h.purge(t, bot.PurgePeople, gone); n != 0 {
			t.Errorf("%d people went the second time", n)
		}
	})
	s.check(t, "the moment itself is not before", func(t *testing.T, h *house) {
		h.must(t, h.past(phone(1), long))
		if n := h.purge(t, bot.PurgePeople, long); n != 0 {
			t.Errorf("%d people went, want none", n)
		}
		if n := h.purge(t, bot.PurgePeople, long.Add(time.Microsecond)); n != 1 {
			t.Errorf("%d people went a microsecond later, want 1", n)
		}
	})
	s.check(t, "nobody goes with whom something is open, or happened since", func(t *testing.T, h *house) {
		book := func(change func(*appointments.Appointment)) func(*bot.Commit) {
			return func(c *bot.Commit) {
				a := booking("1", long)
				a.BookedAt = long
				change(&a)
				c.Booked, c.Conversation.Booked = []appointments.Appointment{a}, 1
			}
		}
		for what, change := range map[string]func(*bot.Commit){
			"queue": func(c *bot.Commit) {
				c.Conversation.Owner = bot.Owner{Kind: bot.Queue, Organisation: "a", Team: "t"}
			},
			"adviser": func(c *bot.Commit) {
				c.Conversation.Owner = bot.Owner{Kind: bot.Adviser, Organisation: "a", Adviser: "ad1"}
			},
			"open hand-off":                  func(c *bot.Commit) { c.Conversation.HandOff = &bot.HandOff{ID: h.id(), State: bot.HandOffOffered} },
			"later line":                     func(c *bot.Commit) { c.Lines[len(c.Lines)-1].At = gone },
			"future appointment":             book(func(a *appointments.Appointment) { a.Start = now.AddDate(0, 1, 0) }),
			"later appointment":              book(func(a *appointments.Appointment) { a.Start = gone }),
			"later booking":                  book(func(a *appointments.Appointment) { a.BookedAt = gone }),
			"later answer to it":             book(func(a *appointments.Appointment) { a.SaidAt = gone }),
			"heard at that very microsecond": func(c *bot.Commit) { c.Conversation.Heard = gone },
		} {
			turn := h.past(phone(1), long)
			change(turn)
			h.must(t, turn)
			if n := h.purge(t, bot.PurgePeople, gone); n != 0 {
				t.Errorf("%s: %d people went", what, n)
			}
			if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
				t.Fatal(err)
			}
		}
	})
	s.check(t, "whoever never wrote goes by when they were first told of", func(t *testing.T, h *house) {
		turn := h.past(phone(1), long)
		turn.Conversation.Heard = time.Time{}
		h.must(t, turn)
		if n := h.purge(t, bot.PurgePeople, long); n != 0 {
			t.Errorf("%d people went, want none", n)
		}
		if n := h.purge(t, bot.PurgePeople, gone); n != 1 {
			t.Errorf("%d people went, want 1", n)
		}
	})
	s.check(t, "visitors are people of the page alone who said nothing of themselves", func(t *testing.T, h *house) {
		page := func(k string) bot.Address { return bot.Address{Channel: bot.Web, Value: "session-" + k} }
		h.must(t, h.past(page("visitor"), long))
		h.must(t, h.past(phone(1), long))
		answered := h.past(page("answered"), long)
		answered.Answers = []bot.Answer{{Key: "commune", Values: []string{"25056"}, At: long}}
		handed := h.past(page("handed"), long)
		handed.HandOffs = []bot.Hand{{HandOff: bot.HandOff{ID: h.id(), Organisation: "a", Since: long}, Ended: long}}
		both := h.past(page("both"), long)
		second := h.id()
		both.Conversation.Threads = append(both.Conversation.Threads, bot.Thread{ID: second, Channel: bot.SMS})
		both.Addresses[second] = phone(2)
		h.must(t, answered, handed, both)
		if n := h.purge(t, bot.PurgeVisitors, gone); n != 1 {
			t.Errorf("%d visitors went, want 1", n)
		}
		if h.load(t, page("visitor")).Fresh == nil {
			t.Error("the visitor is still there")
		}
	})
	s.check(t, "a batch takes no more than asked for, and tells where to go on", func(t *testing.T, h *house) {
		for k := range 7 {
			h.must(t, h.past(phone(k), long))
		}
		var sizes []int
		p := bot.Purge{Class: bot.PurgePeople, Before: gone, Limit: 3}
		for {
			purged, err := h.Purge(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, purged.Gone)
			if p.After = purged.Next; p.After == "" {
				break
			}
		}
		same(t, "batches", sizes, []int{3, 3, 1})
	})
	s.check(t, "a long conversation goes alone, and whole", func(t *testing.T, h *house) {
		for k := range 3 {
			turn := h.past(phone(k), long)
			for range 1500 {
				say(turn, bot.Line{From: bot.FromAssistant, Text: "texte"})
				turn.Lines[len(turn.Lines)-1].At = long
			}
			h.must(t, turn)
		}
		purged, err := h.Purge(t.Context(), bot.Purge{Class: bot.PurgePeople, Before: gone})
		if err != nil || purged.Gone != 1 || purged.Next == "" {
			t.Errorf("the first batch: %+v (%v), want one person", purged, err)
		}
		if n := h.purge(t, bot.PurgePeople, gone); n != 2 {
			t.Errorf("%d more people went, want 2", n)
		}
	})
	s.check(t, "a turn decided before its person went is run again, on somebody new", func(t *testing.T, h *house) {
		h.must(t, h.past(phone(1), long))
		turn := h.next(h.load(t, phone(1)))
		if n := h.purge(t, bot.PurgePeople, gone); n != 1 {
			t.Fatalf("%d people went, want 1", n)
		}
		fails(t, h.commit(t, turn)[0], bot.ErrConflict)
		if l := h.meet(t, phone(1)); l.Conversation.N != 2 || l.Conversation.ID == turn.Conversation.ID {
			t.Errorf("the new conversation has %d lines", l.Conversation.N)
		}
	})
	s.check(t, "a person who writes while they go stays whole, or is gone whole", func(t *testing.T, h *house) {
		const people = 40
		other := h.opened.Again(t, nil)
		turns := make([]*bot.Commit, people)
		for k := range people {
			h.must(t, h.past(phone(k), long))
			turns[k] = h.next(h.load(t, phone(k)))
		}
		var purging sync.WaitGroup
		begun := make(chan struct{})
		purging.Go(func() {
			begin := sync.OnceFunc(func() { close(begun) })
			defer begin()
			for p := (bot.Purge{Class: bot.PurgePeople, Before: gone, Limit: 2}); ; {
				purged, err := other.Purge(t.Context(), p)
				if err != nil {
					t.Errorf("purge: %v", err)
				}
				if p.After = purged.Next; p.After == "" || err != nil {
					return
				}
				begin()
			}
		})
		<-begun
		stayed := 0
		for k := people - 1; k >= 0; k-- { // from the other end
			want := 0
			switch err := h.commit(t, turns[k])[0]; {
			case err == nil:
				want, stayed = 4, stayed+1
			case !errors.Is(err, bot.ErrConflict):
				t.Errorf("person %d: %v", k, err)
			}
			if got := len(h.history(t, turns[k].Conversation.ID)); got != want {
				t.Errorf("person %d has %d lines, want %d", k, got, want)
			}
			if fresh := h.load(t, phone(k)).Fresh != nil; fresh != (want == 0) {
				t.Errorf("person %d is known: %v", k, !fresh)
			}
		}
		purging.Wait()
		if stayed == people {
			t.Error("nobody went")
		}
		t.Logf("%d of %d people wrote before they went", stayed, people)
	})
	s.check(t, "an unknown class and a place that no batch ended at are refused", func(t *testing.T, h *house) {
		for _, p := range []bot.Purge{{Class: "nothing"}, {Class: bot.PurgePeople, After: "?"}, {Class: bot.PurgeSeen, After: "?"}, {Class: bot.PurgeAudit, After: "?"}} {
			if _, err := h.Purge(t.Context(), p); err == nil {
				t.Errorf("%+v passed", p)
			}
		}
	})
	purgedRows(t, s)
}

// past is the first turn of somebody with whom everything happened at a time.
func (h *house) past(a bot.Address, at time.Time) *bot.Commit {
	turn := h.first(a)
	turn.At, turn.Conversation.Created, turn.Conversation.Heard = at, at, at
	turn.Conversation.Threads[0].HeardAt = at
	for i := range turn.Lines {
		turn.Lines[i].At = at
	}
	return turn
}

// purge walks through a class and returns how many went, which has to be how
// many were counted before.
func (h *house) purge(t *testing.T, class bot.PurgeClass, before time.Time) int {
	t.Helper()
	counted := h.walk(t, bot.Purge{Class: class, Before: before, Count: true})
	gone := h.walk(t, bot.Purge{Class: class, Before: before})
	if counted != gone {
		t.Errorf("purge %s: counted %d, gone %d", class, counted, gone)
	}
	return gone
}

func (h *house) walk(t *testing.T, p bot.Purge) (gone int) {
	t.Helper()
	for {
		purged, err := h.Purge(t.Context(), p)
		if err != nil {
			t.Fatalf("purge %s: %v", p.Class, err)
		}
		if purged.Gone > p.Most() {
			t.Errorf("purge %s: %d in one batch", p.Class, purged.Gone)
		}
		gone += purged.Gone
		if p.After = purged.Next; p.After == "" {
			return gone
		}
	}
}
