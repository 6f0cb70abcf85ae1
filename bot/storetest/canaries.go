package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"relais/bot"
)

// Mark is the word that stands in everything Plant stores for an organisation.
func Mark(organisation string) string { return "canary-" + organisation }

// Plant hands somebody new to an organisation and fills everything an adviser
// may read of them with the organisation's mark: lines, notes, answers, work
// items, names, hand-offs. It returns the conversation.
func Plant(t *testing.T, s Store, who bot.Address, organisation string) bot.ID {
	t.Helper()
	h := &house{Store: s, ids: rand.Uint64N(1 << 60), events: rand.IntN(1 << 60)}
	return h.plant(t, who, organisation)
}

func (h *house) plant(t *testing.T, who bot.Address, organisation string) bot.ID {
	t.Helper()
	mark := Mark(organisation)
	adviser := bot.Account{ID: "ad-" + organisation, Email: mark + "@example.org", Name: mark, Organisation: organisation, Team: mark}
	save(t, h, adviser)
	id := h.wait(t, who, organisation, func(w *bot.HandOff) { w.Reason, w.Team, w.Step = mark, mark, mark })
	h.update(t, who, func(turn *bot.Commit) {
		c := turn.Conversation
		c.Owner = bot.Owner{Kind: bot.Adviser, Organisation: organisation, Team: mark, Adviser: adviser.ID, Name: mark}
		c.HandOff.State = bot.HandOffAccepted
		turn.HandOffs = []bot.Hand{{HandOff: *c.HandOff, Adviser: adviser.ID, Outcome: mark}}
		say(turn, bot.Line{From: bot.FromAdviser, Adviser: adviser.ID, Name: mark, Text: bot.Text(mark)})
		say(turn, bot.Line{From: bot.FromAdviser, Adviser: adviser.ID, Text: bot.Text("note " + mark), Audience: bot.ForNote})
		say(turn, bot.Line{From: bot.FromSystem, Text: bot.Text("inside " + mark), Audience: bot.ForOrganisation(organisation)})
		turn.Answers = []bot.Answer{
			{Key: "shared", Values: []string{mark}, Words: bot.Text(mark), At: now, Flow: mark, Shared: true},
			{Key: "kept", Values: []string{"unshared " + mark}, At: now},
		}
		turn.Items = []bot.Item{{ID: h.id(), Conversation: c.ID, Kind: "call", Organisation: organisation, Team: mark,
			Subject: mark, Reason: mark, Text: bot.Text("item " + mark), At: now, Deadline: now.Add(time.Hour)}}
	})
	return id
}

// seenBy is all that a viewer is told about some conversations, whatever they
// call.
func (h *house) seenBy(t *testing.T, v bot.Viewer, ids ...bot.ID) string {
	t.Helper()
	var all strings.Builder
	told := func(what string, got any, err error) {
		if is(err, bot.ErrNotFound) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %s\n", what, text)
	}
	inbox, err := h.Inbox(t.Context(), v, 1000)
	told("inbox", inbox, err)
	items, err := h.Items(t.Context(), v, 1000)
	told("items", items, err)
	for _, id := range ids {
		file, err := h.File(t.Context(), v, id)
		told("file", file, err)
		lines, err := h.Read(t.Context(), v, id, 0, 1000)
		told("lines", lines, err)
	}
	return all.String()
}

// canaries shows that nothing of one organisation is returned, listed or
// counted to another.
func canaries(t *testing.T, s *suite) {
	s.check(t, "an adviser who went to another organisation is not named", func(t *testing.T, h *house) {
		id := h.plant(t, phone(1), "one")
		save(t, h, bot.Account{ID: "ad-one", Email: "moved@example.org", Name: "moved away", Organisation: "two", Team: "two"})
		inbox, err := h.Inbox(t.Context(), bot.Viewer{Organisation: "one", Team: Mark("one")}, 10)
		if err != nil || len(inbox) != 1 || inbox[0].Conversation != id {
			t.Fatalf("%d in the inbox (%v), want the one", len(inbox), err)
		}
		if name := inbox[0].Owner.Name; name != "" {
			t.Errorf("the owner is named %q", name)
		}
	})
	s.check(t, "two organisations see all of their own, and nothing of each other", func(t *testing.T, h *house) {
		ids := []bot.ID{h.plant(t, phone(1), "a"), h.plant(t, phone(2), "b"), h.plant(t, phone(3), "a"), h.plant(t, phone(4), "b")}
		for own, other := range map[string]string{"a": "b", "b": "a"} {
			seen := h.seenBy(t, viewer(own), ids...)
			for _, want := range []string{Mark(own), "note " + Mark(own), "inside " + Mark(own), "item " + Mark(own)} {
				if !strings.Contains(seen, want) {
					t.Errorf("%s does not see %q of its own", own, want)
				}
			}
			for _, leak := range []string{Mark(other), "unshared"} {
				if strings.Contains(seen, leak) {
					t.Errorf("%s is told %q:\n%s", own, leak, seen)
				}
			}
		}
	})
	s.check(t, "what another organisation has takes no place in a list", func(t *testing.T, h *house) {
		mine := h.plant(t, phone(1), "a")
		for k := range 5 {
			h.wait(t, phone(10+k), "b", func(w *bot.HandOff) { w.Reason, w.Urgent = "crisis_suicide", true })
			h.plant(t, phone(20+k), "b")
		}
		inbox, err := h.Inbox(t.Context(), viewer("a"), 1)
		if err != nil || len(inbox) != 1 || inbox[0].Conversation != mine {
			t.Errorf("the first of the inbox: %v (%v)", inbox, err)
		}
		items, err := h.Items(t.Context(), viewer("a"), 1)
		if err != nil || len(items) != 1 || items[0].Conversation != mine {
			t.Errorf("the first item: %v (%v)", items, err)
		}
	})
	s.check(t, "a conversation passed on leaves its first organisation, which keeps its items and its notes", func(t *testing.T, h *house) {
		id := h.plant(t, phone(1), "a")
		h.wait(t, phone(1), "b", func(w *bot.HandOff) { w.Since = now.Add(time.Minute) })
		h.update(t, phone(1), func(turn *bot.Commit) {
			say(turn, bot.Line{From: bot.FromAdviser, Text: "note of b", Audience: bot.ForNote})
		})
		a, b := h.seenBy(t, viewer("a"), id), h.seenBy(t, viewer("b"), id)
		if !strings.Contains(a, "item "+Mark("a")) {
			t.Error("a has lost its own item")
		}
		for _, leak := range []string{"file", "lines", "note", "inside"} {
			if strings.Contains(a, leak) {
				t.Errorf("a is still told %q:\n%s", leak, a)
			}
		}
		if !strings.Contains(b, "note of b") || !strings.Contains(b, Mark("a")) {
			t.Errorf("b does not see what was said to all, and its own note:\n%s", b)
		}
		for _, leak := range []string{"note " + Mark("a"), "inside " + Mark("a"), "item " + Mark("a"), "unshared"} {
			if strings.Contains(b, leak) {
				t.Errorf("b is told %q:\n%s", leak, b)
			}
		}
	})
	s.check(t, "what was given back is read by whom it was handed to last, until somebody else has it", func(t *testing.T, h *house) {
		id := h.plant(t, phone(1), "a")
		giveBack := func() {
			h.update(t, phone(1), func(turn *bot.Commit) {
				turn.Conversation.Owner, turn.Conversation.HandOff = bot.Owner{Kind: bot.Assistant}, nil
			})
		}
		readers := func() (found []string) {
			for _, organisation := range []string{"a", "b", "c"} {
				if _, err := h.Read(t.Context(), viewer(organisation), id, 0, 1); err == nil {
					found = append(found, organisation)
				}
			}
			return found
		}
		giveBack()
		same(t, "readers once a gave it back", readers(), []string{"a"})
		h.wait(t, phone(1), "b", func(w *bot.HandOff) { w.Since = now.Add(time.Minute) })
		same(t, "readers while b has it", readers(), []string{"b"})
		giveBack()
		same(t, "readers once b gave it back", readers(), []string{"b"})
	})
	s.check(t, "neither a guessed id nor a strange organisation opens anything", func(t *testing.T, h *house) {
		ids := []bot.ID{h.plant(t, phone(1), "a"), h.meet(t, phone(2)).Conversation.ID, h.id(), {}}
		for _, organisation := range []string{"b", "", " ", "A", "a ", "%", "_", "org:a", "a' OR '1'='1", "a,b", "all", "*"} {
			v := viewer(organisation)
			for _, id := range ids {
				_, err := h.File(t.Context(), v, id)
				fails(t, err, bot.ErrNotFound)
				_, err = h.Read(t.Context(), v, id, 0, 10)
				fails(t, err, bot.ErrNotFound)
			}
			if seen := h.seenBy(t, v, ids...); strings.Contains(seen, "canary") {
				t.Errorf("organisation %q is told:\n%s", organisation, seen)
			}
		}
	})
}
