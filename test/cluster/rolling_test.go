package cluster

import (
	"slices"
	"testing"
	"time"

	"relais/test/program"
)

// untilTried is when the proxy asks an instance again that it found away; a
// container is not seen healthy before.
const untilTried = 3 * time.Second

// TestRolling restarts the instances one after the other, five times, under
// load, as a deployment does: a stop, a start, and a wait until it is ready.
// Nobody waits for it, and no text has to come again.
func TestRolling(t *testing.T) {
	t.Parallel()
	seed := seedOf(t, 4)
	c := newCluster(t)
	w := c.gather(t, seed, 16, 300*time.Millisecond)
	chat := &browser{}
	chat.open(t, c.a.address)
	defer chat.close()
	var slowest time.Duration
	for range times {
		for _, i := range []*instance{c.a, c.b} {
			w.more(t, 20)
			chat.moveTo(t, i.address)
			chat.say(t, "Bonjour")
			began := time.Now()
			if err := i.running().Stop(); err != nil {
				t.Error(err)
			}
			slowest = max(slowest, time.Since(began))
			chat.moveTo(t, c.proxy.host()) // which knows who is there
			chat.say(t, "Je suis toujours là")
			i.start(t)
			await(t, patience, i.name+" is healthy", func() bool {
				_, err := program.Run(slices.Concat(c.env, []string{"RELAIS_LISTEN=" + i.address}), "health")
				return err == nil
			})
			pause(t, untilTried)
		}
	}
	report(t, "an instance stops within %s", slowest.Round(time.Millisecond))
	c.check(t, w, seed, undoubted, 0)
	if n := c.inDoubt(); n > 0 {
		t.Errorf("nobody died, and %d texts were in doubt", n)
	}
	chat.check(t)
	if chat.byes != 2*times {
		t.Errorf("the chat was told of %d of %d stops", chat.byes, 2*times)
	}
	for status, n := range w.statuses {
		if status/100 != 2 {
			t.Errorf("%d texts were answered %d: somebody noticed", n, status)
		}
	}
}
