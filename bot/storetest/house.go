package storetest

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"relais/bot"
)

// now is when every case takes place.
var now = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)

// house is the store under test and the people of one case.
type house struct {
	Store
	opened Opened
	ids    uint64
	events int
}

// id names something new; later ids are greater.
func (h *house) id() (id bot.ID) {
	h.ids++
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], h.ids)
	return id
}

// phone is the address of the k-th person of a case, in the range kept for
// fiction.
func phone(k int) bot.Address {
	return bot.Address{Channel: bot.SMS, Value: fmt.Sprintf("+3363998%04d", k)}
}

// load returns what is stored behind an address.
func (h *house) load(t *testing.T, a bot.Address) bot.Loaded {
	t.Helper()
	l, err := h.Load(t.Context(), bot.Ref{Address: a})
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return l
}

// first is the turn of somebody's first message: two lines, the person's and
// an answer that waits in the outbox.
func (h *house) first(a bot.Address) *bot.Commit {
	thread := h.id()
	c := &bot.Conversation{
		ID: h.id(), Person: h.id(), Created: now, Lang: "fr", Owner: bot.Owner{Kind: bot.Assistant},
		Threads: []bot.Thread{{ID: thread, Channel: a.Channel}},
	}
	turn := h.talk(c)
	turn.Addresses = map[bot.ID]bot.Address{thread: a}
	return turn
}

// next is a further turn of whoever was loaded.
func (h *house) next(l bot.Loaded) *bot.Commit {
	c := l.Conversation
	c.Threads = append([]bot.Thread(nil), c.Threads...)
	return h.talk(&c)
}

func (h *house) talk(c *bot.Conversation) *bot.Commit {
	h.events++
	turn := &bot.Commit{Source: "test", Event: fmt.Sprint("event-", h.events), At: now, Conversation: c}
	c.Heard, c.Threads[0].HeardAt = now, now
	say(turn, bot.Line{From: bot.FromPerson, Text: "bonjour", Class: "said"})
	say(turn, bot.Line{From: bot.FromAssistant, Text: "Bonjour !", Class: "reply", Lane: bot.LaneReply,
		Delivery: bot.Pending, Segments: 1})
	return turn
}

// say adds a line to a turn, numbered, on the conversation's first thread
// unless it names one.
func say(turn *bot.Commit, l bot.Line) {
	c := turn.Conversation
	c.N++
	l.Conversation, l.N, l.At = c.ID, c.N, now
	if l.Audience == "" {
		l.Audience = bot.ForAll
	}
	if l.Thread.IsZero() {
		l.Thread = c.Threads[0].ID
	}
	if th := c.Thread(l.Thread); l.Audience == bot.ForAll {
		th.Seq++
		l.Seq = th.Seq
	}
	turn.Lines = append(turn.Lines, l)
}

// meet stores a first turn and returns what was stored.
func (h *house) meet(t *testing.T, a bot.Address) bot.Loaded {
	t.Helper()
	h.must(t, h.first(a))
	return h.load(t, a)
}

// commit stores turns and returns their outcomes.
func (h *house) commit(t *testing.T, group ...*bot.Commit) []error {
	t.Helper()
	meanwhile := 0
	outcomes, err := h.Commit(t.Context(), group, func() { meanwhile++ })
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	if meanwhile != 1 {
		t.Errorf("what is done meanwhile was done %d times", meanwhile)
	}
	if len(outcomes) != len(group) {
		t.Fatalf("commit: %d outcomes for %d turns", len(outcomes), len(group))
	}
	return outcomes
}

// must stores turns that are expected to pass.
func (h *house) must(t *testing.T, group ...*bot.Commit) {
	t.Helper()
	for i, err := range h.commit(t, group...) {
		if err != nil {
			t.Fatalf("turn %d: %v", i, err)
		}
	}
}

// update stores a further turn of whoever is at the address.
func (h *house) update(t *testing.T, a bot.Address, change func(*bot.Commit)) *bot.Commit {
	t.Helper()
	turn := h.next(h.load(t, a))
	change(turn)
	h.must(t, turn)
	return turn
}

// history returns the whole log of a conversation.
func (h *house) history(t *testing.T, conversation bot.ID) []bot.Line {
	t.Helper()
	found, err := h.History(t.Context(), bot.HistoryQuery{Conversation: conversation})
	if err != nil {
		t.Fatalf("history: %v", err)
	}
	return found
}

// due claims whatever is due at a time, under a lease of ten seconds.
func (h *house) due(t *testing.T, at time.Time) []bot.Job {
	t.Helper()
	claimed, _, err := h.Due(t.Context(), at, 100, 10*time.Second)
	if err != nil {
		t.Fatalf("due: %v", err)
	}
	return claimed
}

// plan stores jobs, in a turn of their own.
func (h *house) plan(t *testing.T, planned ...bot.Job) {
	t.Helper()
	h.must(t, &bot.Commit{At: now, Schedule: planned})
}

// same compares values; lists that are empty or missing are the same.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

// fails checks that an outcome is the one expected.
func fails(t *testing.T, got, want error) {
	t.Helper()
	if !is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
