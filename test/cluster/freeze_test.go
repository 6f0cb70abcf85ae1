package cluster

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// beyondLease is longer than a job is anybody's without a renewal.
const beyondLease = 13 * time.Second

// TestFreeze stops one instance or the other with SIGSTOP, five times, for
// longer than its leases, then lets it go on in the middle of what it was doing.
// The other has taken over meanwhile, and keeps it.
func TestFreeze(t *testing.T) {
	t.Parallel()
	seed := seedOf(t, 2)
	c := newCluster(t)
	w := c.gather(t, seed, 16, 300*time.Millisecond)
	random := rand.New(rand.NewPCG(seed, 0))
	held := 0
	for range times {
		w.more(t, 20+random.IntN(40))
		victim := []*instance{c.a, c.b}[random.IntN(2)]
		signal(t, victim, syscall.SIGSTOP)
		left := c.leases(t)
		held += len(left)
		pause(t, beyondLease)
		if !c.gone(t, left) {
			t.Errorf("%s, asleep, still holds a job after %s", victim.name, beyondLease)
		}
		signal(t, victim, syscall.SIGCONT)
	}
	report(t, "%d jobs were held by a sleeper", held)
	report(t, "%d texts were in doubt until now", c.inDoubt())
	c.check(t, w, seed, inDoubt, times)
}

func signal(t *testing.T, i *instance, s syscall.Signal) {
	t.Helper()
	if err := i.running().Signal(s); err != nil {
		t.Fatal(err)
	}
}
