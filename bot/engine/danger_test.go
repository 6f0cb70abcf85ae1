package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"relais/bot"
	"relais/bot/engine"
)

// fullDisk is a store that reads and cannot write.
type fullDisk struct{ bot.Store }

var errFull = errors.New("no space left on device")

func (fullDisk) Commit(context.Context, []*bot.Commit, func()) ([]error, error) { return nil, errFull }

func TestDangerIsAnsweredEvenWhenNothingCanBeKept(t *testing.T) {
	o := newOperator()
	e := open(t, func(c *engine.Config) {
		c.Senders = map[bot.Channel]bot.Sender{bot.SMS: o}
		c.Store = fullDisk{c.Store}
	})
	for range 2 {
		if _, err := e.Receive(t.Context(), phone(1), said(1, "je veux mourir")); !errors.Is(err, errFull) {
			t.Fatalf("got %v: what was not kept must not be acknowledged", err)
		}
	}
	if _, err := e.Receive(t.Context(), phone(2), said(2, "bonjour")); err == nil {
		t.Fatal("acknowledged, and not kept")
	}
	if got := o.count(); got != 1 {
		t.Fatalf("%d texts left, want the one line", got)
	}
	if text := string(o.taken[0].Text); !strings.HasPrefix(text, "3114") {
		t.Errorf("the text is %q, want the right line first", text)
	}
}
