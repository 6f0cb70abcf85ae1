package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/engine"
	"relais/handoff"
)

// beside returns another instance at work on the same store.
func beside(t *testing.T, e *engine.Engine) *engine.Engine {
	t.Helper()
	library, _ := builtin()
	other := engine.New(engine.Config{
		Store: e.Store, Flows: engine.NewFlows(e.Store, library), Clock: e.Clock, Idle: true, Log: slog.New(slog.DiscardHandler),
	})
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- other.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return other
}

// monday is an engine whose clock stands in the opening hours.
func monday(c *engine.Config) {
	c.Idle = true
	c.Clock = func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
}

// Each instance remembers where the conversation stood after its own last turn,
// and the other one moves it on meanwhile.
func TestTwoInstancesTakeTurns(t *testing.T) {
	a := open(t, monday)
	b := beside(t, a)
	texts := []string{"bonjour", "oui", "5", "besançon", "1990", "1", "1", "2", "1", "5", "2", "aide", "retour", "1"}
	for i, text := range texts {
		if _, err := []*engine.Engine{a, b}[i%2].Receive(t.Context(), phone(1), said(int64(i), text)); err != nil {
			t.Fatalf("text %d: %v", i, err)
		}
	}
	loaded, err := a.Store.Load(t.Context(), phone(1))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := a.Store.History(t.Context(), bot.HistoryQuery{Conversation: loaded.Conversation.ID})
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	for i, l := range lines {
		if l.N != int64(i)+1 {
			t.Fatalf("line %d has number %d", i+1, l.N)
		}
		if l.From == bot.FromPerson {
			heard = append(heard, string(l.Text))
		}
	}
	if got, want := fmt.Sprint(heard), fmt.Sprint(texts); got != want {
		t.Errorf("heard %s, want %s", got, want)
	}
	if got := loaded.Conversation.Version; got != int64(len(texts)) {
		t.Errorf("%d turns took effect, want %d", got, len(texts))
	}
}

// A refusal writes nothing that could be checked, so it is never decided on
// what is only remembered.
func TestARefusalIsNotDecidedFromMemory(t *testing.T) {
	a := open(t, monday)
	b := beside(t, a)
	asked, err := a.Receive(t.Context(), phone(1), said(1, "conseiller"))
	if err != nil {
		t.Fatal(err)
	}
	to := bot.Ref{Conversation: asked.Conversation}
	loaded, err := a.Store.Load(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	owner := loaded.Conversation.Owner
	adviser := func(id, name string) bot.Actor {
		account := bot.Account{ID: id, Email: id + "@example.org", Name: name, Organisation: owner.Organisation, Team: owner.Team, Role: "adviser"}
		if err := a.Store.SaveAdviser(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		return bot.Actor{Adviser: id, Name: name, Organisation: owner.Organisation, Team: owner.Team, Role: "adviser"}
	}
	samira, paul := adviser("a1", "Samira"), adviser("a2", "Paul")
	does := func(e *engine.Engine, what bot.What) engine.Result {
		t.Helper()
		result, err := e.Receive(t.Context(), to, bot.Event{Source: "desk", What: what})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	does(a, bot.Claimed{By: samira}) // a remembers that Samira has it
	if got := does(b, bot.Claimed{By: paul}); got.Refused == nil || got.Refused.Why != bot.RefusedTaken || got.Refused.Who != "Samira" {
		t.Errorf("a claim of what is Samira's: %+v", got.Refused)
	}
	does(b, bot.GivenBack{By: samira})
	if _, err := b.Receive(t.Context(), phone(1), said(2, "conseiller")); err != nil {
		t.Fatal(err)
	}
	if got := does(a, bot.Claimed{By: paul}); got.Refused != nil {
		t.Errorf("refused because %s, who gave it back meanwhile", got.Refused.Who)
	}
}

func TestAPublicationIsNoticedByTheNextTurn(t *testing.T) {
	a := open(t, monday)
	b := beside(t, a)
	receive(t, a, 1, "bonjour")
	if _, err := b.Store.SaveTerritory(t.Context(), handoff.Doubs); err != nil {
		t.Fatal(err)
	}
	before := a.Counts().Conflicts.Load()
	receive(t, a, 2, "oui")
	if got := a.Counts().Conflicts.Load() - before; got != 1 {
		t.Errorf("the turn ran again %d times, want once: on what was published", got)
	}
	receive(t, a, 3, "5")
	if got := a.Counts().Conflicts.Load() - before; got != 1 {
		t.Error("the turn after it ran again too")
	}
}

func TestWhoWasErasedIsNotRemembered(t *testing.T) {
	a := open(t, monday)
	b := beside(t, a)
	before := receive(t, a, 1, "bonjour")
	if _, err := b.Store.Erase(t.Context(), phone(1), a.Clock()); err != nil {
		t.Fatal(err)
	}
	after := receive(t, a, 2, "bonjour")
	if after.Conversation == before.Conversation || after.Seq != 1 {
		t.Errorf("line %d of conversation %s: it goes on after the erasure", after.Seq, after.Conversation)
	}
}
