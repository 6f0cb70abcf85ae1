package cluster

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// TestRedis flushes, kills and freezes Redis, five times each, under load.
// Nobody who texts notices: it carries hints and pace, never facts.
func TestRedis(t *testing.T) {
	t.Parallel()
	seed := seedOf(t, 5)
	c := newCluster(t)
	w := c.gather(t, seed, 16, 300*time.Millisecond)
	random := rand.New(rand.NewPCG(seed, 0))
	away := func() { pause(t, time.Second+time.Duration(random.Int64N(int64(2*time.Second)))) }
	faults := []func(){
		c.redis.Flush,
		func() { c.redis.Kill(); away(); c.redis.Restart() },
		func() { c.redis.Freeze(); away(); c.redis.Thaw() },
	}
	for range times {
		for _, i := range random.Perm(len(faults)) {
			w.more(t, 20)
			faults[i]()
		}
	}
	c.check(t, w, seed, undoubted, 0)
	if n := c.inDoubt(); n > 0 {
		t.Errorf("nobody died, and %d texts were in doubt", n)
	}
	if n := w.statuses[http.StatusServiceUnavailable]; n > 0 {
		t.Errorf("%d texts were answered 503: somebody noticed", n)
	}
	if w.late > 2*time.Second {
		t.Errorf("an acknowledgement took %s", w.late)
	}
}
