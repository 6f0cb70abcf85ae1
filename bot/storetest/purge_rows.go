package storetest

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"relais/bot"
)

func purgedRows(t *testing.T, s *suite) {
	later := now.Add(time.Microsecond)
	s.check(t, "ids of events go by their age, in any number of batches", func(t *testing.T, h *house) {
		const events = 450
		var names []string
		for i := range events {
			at := now
			if i%3 == 0 {
				at = later
			}
			names = append(names, fmt.Sprint("e", i))
			h.must(t, &bot.Commit{Source: "test", Event: names[i], At: at})
		}
		once := &bot.Commit{Source: "engine", Event: "once in the life of a store", At: now}
		h.must(t, once)
		if n := h.purge(t, bot.PurgeSeen, now); n != 0 {
			t.Errorf("%d went before their time", n)
		}
		if n := h.purge(t, bot.PurgeSeen, later); n != events*2/3 {
			t.Errorf("%d went, want %d", n, events*2/3)
		}
		known, err := h.Known(t.Context(), "test", names)
		if err != nil || len(known) != events/3 || !known["e0"] || known["e1"] {
			t.Errorf("%d are known (%v), want %d", len(known), err, events/3)
		}
		fails(t, h.commit(t, &bot.Commit{Source: "test", Event: "e0", At: now})[0], bot.ErrSeen)
		fails(t, h.commit(t, once)[0], bot.ErrSeen)
		h.must(t, &bot.Commit{Source: "test", Event: "e1", At: now})
	})
	s.check(t, "the journal goes by its age, and keeps its last 300 days whatever is asked", func(t *testing.T, h *house) {
		year := now.AddDate(-1, 0, 0)
		for i := range 450 {
			h.must(t, &bot.Commit{At: now, Audit: []bot.AuditEntry{{At: year.Add(time.Duration(i) * time.Hour), Actor: "person", Action: "said"}}})
		}
		h.must(t, &bot.Commit{At: now, Audit: []bot.AuditEntry{{At: now, Actor: "person", Action: "said"}}})
		if n := h.purge(t, bot.PurgeAudit, year); n != 0 {
			t.Errorf("%d went before their time", n)
		}
		if n := h.purge(t, bot.PurgeAudit, year.Add(400*time.Hour)); n != 400 {
			t.Errorf("%d went, want 400", n)
		}
		if n := h.purge(t, bot.PurgeAudit, now.Add(time.Hour)); n != 50 {
			t.Errorf("%d went, want the 50 that were left", n)
		}
		if n := h.purge(t, bot.PurgeAudit, now.AddDate(9, 0, 0)); n != 0 {
			t.Error("what just happened went")
		}
	})
	s.check(t, "a tombstone goes at its end", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		end := now.Add(24 * time.Hour)
		if n := h.purge(t, bot.PurgeTombstones, end.Add(-time.Microsecond)); n != 0 {
			t.Errorf("%d went before their end", n)
		}
		if n := h.purge(t, bot.PurgeTombstones, end); n != 1 {
			t.Errorf("%d went, want 1", n)
		}
	})
	s.check(t, "a session goes at its end, the idle one and the longest", func(t *testing.T, h *house) {
		save(t, h, bot.Account{ID: "0123456789abcdef0123456789abcdef", Email: "samira@example.org", Name: "Samira", Created: now})
		sign := func(name string, until, latest time.Time) [32]byte {
			token := sha256.Sum256([]byte(name))
			err := h.OpenSession(t.Context(), bot.SignIn{TokenHash: token, Adviser: "0123456789abcdef0123456789abcdef", Until: until, Latest: latest})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		sign("idle", now, now.Add(time.Hour))
		sign("long", now.Add(time.Hour), now)
		alive := sign("alive", later, later)
		if n := h.purge(t, bot.PurgeSessions, now.Add(-time.Microsecond)); n != 0 {
			t.Errorf("%d went before their end", n)
		}
		if n := h.purge(t, bot.PurgeSessions, now); n != 2 {
			t.Errorf("%d went, want 2", n)
		}
		if _, err := h.Signed(t.Context(), alive, now, now); err != nil {
			t.Errorf("the live session: %v", err)
		}
	})
	s.check(t, "the proof of a refusal goes once it has ended, or once nobody is at the address", func(t *testing.T, h *house) {
		refuse := func(k int) *bot.Commit {
			turn := h.past(phone(k), now)
			turn.OptOuts = []bot.OptOut{{Thread: turn.Conversation.Threads[0].ID, At: now, Proof: "STOP"}}
			h.must(t, turn)
			return turn
		}
		refuse(1) // still here, still refuses
		ended := refuse(2)
		refuse(3) // erased
		h.update(t, phone(2), func(c *bot.Commit) {
			c.OptIns = []bot.OptIn{{Thread: ended.Conversation.Threads[0].ID, At: later}}
		})
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(3)}, now); err != nil {
			t.Fatal(err)
		}
		if n := h.purge(t, bot.PurgeOptOuts, now); n != 0 {
			t.Errorf("%d went before their time", n)
		}
		if !h.load(t, phone(3)).Fresh.OptedOut {
			t.Error("the refusal did not survive the person")
		}
		if n := h.purge(t, bot.PurgeOptOuts, later); n != 1 {
			t.Errorf("%d went, want that of the address where nobody is", n)
		}
		if h.load(t, phone(3)).Fresh.OptedOut {
			t.Error("the refusal is still there")
		}
		if n := h.purge(t, bot.PurgeOptOuts, later.Add(time.Microsecond)); n != 1 {
			t.Errorf("%d went, want the one that has ended", n)
		}
		if _, err := h.Erase(t.Context(), bot.Ref{Address: phone(1)}, now); err != nil {
			t.Fatal(err)
		}
		if !h.load(t, phone(1)).Fresh.OptedOut {
			t.Error("the refusal of somebody who is still here went")
		}
	})
}
