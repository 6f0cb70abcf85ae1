package engine_test

import (
	"context"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/engine"
)

// ask is one question to a pacer.
type ask struct {
	lane     bot.Lane
	segments int
}

// gate is a pacer that refuses everything while it is shut.
type gate struct {
	asked chan ask
	shut  chan time.Duration // the waits it answers, then it lets all through
}

func (g gate) Take(_ context.Context, _ string, lane bot.Lane, segments int, _ time.Time) time.Duration {
	select {
	case wait := <-g.shut:
		g.asked <- ask{lane, segments}
		return wait
	default:
		return 0
	}
}

// A text waits as long as its pacer says, and is asked for again then. The line
// that may save somebody does not wait.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		text  string
		waits bool
	}{{"Bonjour", true}, {"je veux mourir", false}} {
		t.Run(c.text, func(t *testing.T) {
			o, g := newOperator(), gate{asked: make(chan ask, 1), shut: make(chan time.Duration, 1)}
			at := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
			e := open(t, func(config *engine.Config) {
				config.Clock, config.Pace = at.Now, g
				config.Senders = map[bot.Channel]bot.Sender{bot.SMS: o}
			})
			g.shut <- time.Hour
			if _, err := e.Receive(t.Context(), phone(1), said(1, c.text)); err != nil {
				t.Fatal(err)
			}
			select {
			case asked := <-g.asked:
				if asked.segments < 1 || (asked.lane == bot.LaneCrisis) == c.waits {
					t.Errorf("asked for %+v", asked)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("the pacer was not asked")
			}
			if c.waits {
				if n := o.count(); n != 0 {
					t.Fatalf("%d texts left against the pace", n)
				}
				leaves(t, o, at, e)
			}
			o.next(t)
		})
	}
}

// leaves moves the clock by the wait until a text has left: the job may have
// been put off before or after the clock moved.
func leaves(t *testing.T, o *operator, at *clock, e *engine.Engine) {
	t.Helper()
	for range 20 {
		at.move(time.Hour)
		for later := time.After(time.Second); later != nil && o.count() == 0; {
			select {
			case <-later:
				later = nil
			case <-time.After(10 * time.Millisecond):
				e.Nudge()
			}
		}
		if o.count() > 0 {
			return
		}
	}
	t.Fatal("the text never left")
}
