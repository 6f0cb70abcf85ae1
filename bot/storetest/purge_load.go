package storetest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"relais/bot"
)

// PurgeBesideTurns purges 100,000 old lines while people talk: no turn fails,
// all that is old goes, and nothing else. How long a turn takes with and
// without the purge is printed, not judged.
func PurgeBesideTurns(t *testing.T, open func(t *testing.T) Opened) {
	const (
		people, each = 2000, 50
		talkers      = 20
	)
	opened := open(t)
	h := &house{Store: opened.Again(t, nil), opened: opened}
	long := now.AddDate(-2, -1, 0)
	h.crowd(t, people, each, long)
	for k := range talkers {
		h.must(t, h.first(phone(k)))
	}

	alone := h.talking(t, talkers, func(turns int) bool { return turns < 500 })
	var purging sync.WaitGroup
	var gone, over atomic.Int64
	purging.Go(func() {
		defer over.Store(1)
		for p := (bot.Purge{Class: bot.PurgePeople, Before: long.Add(time.Hour)}); ; {
			began := time.Now()
			purged, err := h.Purge(t.Context(), p)
			if err != nil {
				t.Errorf("purge: %v", err)
				return
			}
			gone.Add(int64(purged.Gone))
			if p.After = purged.Next; p.After == "" {
				return
			}
			time.Sleep(2 * time.Since(began)) // in proportion, as an engine does
		}
	})
	began := time.Now()
	beside := h.talking(t, talkers, func(int) bool { return over.Load() == 0 })
	purging.Wait()
	if gone.Load() != people {
		t.Errorf("%d people went, want %d", gone.Load(), people)
	}
	for k := range talkers {
		l := h.load(t, phone(k))
		if got := int64(len(h.history(t, l.Conversation.ID))); got < 2 || l.Conversation.N < 500 && got != l.Conversation.N {
			t.Errorf("person %d has %d lines of %d", k, got, l.Conversation.N)
		}
	}
	fmt.Printf("storetest: %s: purging %d lines took %s; a turn took %s (p99 %s) alone, %s (p99 %s) beside it, over %d and %d turns\n",
		opened.Name, people*each, time.Since(began).Round(time.Millisecond),
		quantile(alone, 50), quantile(alone, 99), quantile(beside, 50), quantile(beside, 99), len(alone), len(beside))
}

// crowd stores people who said all they ever said at a time.
func (h *house) crowd(t *testing.T, people, each int, at time.Time) {
	t.Helper()
	group := make([]*bot.Commit, 0, 32)
	for k := range people {
		turn := h.past(bot.Address{Channel: bot.SMS, Value: fmt.Sprintf("+336%08d", k)}, at)
		for len(turn.Lines) < each {
			say(turn, bot.Line{From: bot.FromPerson, Text: "un texte de quelques mots", Class: "said"})
			turn.Lines[len(turn.Lines)-1].At = at
		}
		if group = append(group, turn); len(group) == cap(group) || k == people-1 {
			h.must(t, group...)
			group = group[:0]
		}
	}
}

// talking lets people say one thing after the other, and returns how long each
// commit took, sorted.
func (h *house) talking(t *testing.T, talkers int, goOn func(turns int) bool) []time.Duration {
	t.Helper()
	var took []time.Duration
	for goOn(len(took)) && !t.Failed() {
		turn := h.next(h.load(t, phone(len(took)%talkers)))
		began := time.Now()
		h.must(t, turn)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took
}

func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*percent/100].Round(time.Microsecond)
}
