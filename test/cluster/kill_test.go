package cluster

import (
	"math/rand/v2"
	"testing"
	"time"
)

// takeover is how soon the jobs of a dead instance belong to the other one. The
// lease is 8 s; the rest is for a machine with other work.
const takeover = 12 * time.Second

// TestKill kills one instance or the other with SIGKILL, five times, under
// load. It stays away until the other has taken its jobs over.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := seedOf(t, 1)
	c := newCluster(t)
	w := c.gather(t, seed, 16, 300*time.Millisecond)
	random := rand.New(rand.NewPCG(seed, 0))
	var slowest time.Duration
	held := 0
	for range times {
		w.more(t, 20+random.IntN(40))
		victim := []*instance{c.a, c.b}[random.IntN(2)]
		victim.running().Kill()
		left, began := c.leases(t), time.Now()
		await(t, takeover, "the jobs of "+victim.name+" are taken over", func() bool { return c.gone(t, left) })
		slowest = max(slowest, time.Since(began))
		held += len(left)
		victim.start(t)
	}
	report(t, "jobs of a dead instance, %d in all, belong to the other after %s at the most", held, slowest.Round(10*time.Millisecond))
	report(t, "%d texts were in doubt until now", c.inDoubt())
	c.check(t, w, seed, inDoubt, 0)
}
