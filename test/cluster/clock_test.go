package cluster

import (
	"path/filepath"
	"testing"
	"time"
)

// TestClock runs the database's clock two hours ahead, then two hours behind:
// nobody notices, because no time is ever asked of it.
func TestClock(t *testing.T) {
	t.Parallel()
	for _, shift := range []string{"+2h", "-2h"} {
		t.Run(shift, func(t *testing.T) {
			t.Parallel()
			seed := seedOf(t, 7)
			c := newCluster(t, "LD_PRELOAD="+fakeTime(t), "FAKETIME="+shift, "FAKETIME_DONT_FAKE_MONOTONIC=1")
			var theirs time.Time
			c.query(t, `SELECT clock_timestamp()`, nil, &theirs)
			if off := time.Until(theirs).Abs(); off < 119*time.Minute || off > 121*time.Minute {
				t.Fatalf("the database's clock is %s off, want 2 h", off)
			}
			w := c.gather(t, seed, 16, 100*time.Millisecond)
			w.more(t, 200)
			c.a.running().Kill() // leases end by the instances' clock
			left := c.leases(t)
			await(t, takeover, "the jobs of A are taken over", func() bool { return c.gone(t, left) })
			c.a.start(t)
			c.check(t, w, seed, inDoubt, 0)
		})
	}
}

// fakeTime finds the library that shifts a program's clock.
func fakeTime(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		t.Fatal("faketime is not installed")
	}
	return found[0]
}
