package cluster

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// TestDatabaseCrash kills Postgres with SIGKILL, five times, under load, and
// starts it again a moment later. Nobody restarts an instance.
func TestDatabaseCrash(t *testing.T) {
	t.Parallel()
	seed := seedOf(t, 3)
	c := newCluster(t)
	w := c.gather(t, seed, 16, 300*time.Millisecond)
	random := rand.New(rand.NewPCG(seed, 0))
	var slowest time.Duration
	for range times {
		w.more(t, 20+random.IntN(40))
		if err := c.database.Kill(); err != nil {
			t.Fatal(err)
		}
		pause(t, time.Duration(random.Int64N(int64(2*time.Second))))
		if err := c.database.Start(); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, c.ready(t, healed))
	}
	report(t, "ready again %s at the most after the database was", slowest.Round(time.Millisecond))
	report(t, "%d texts were in doubt until now", c.inDoubt())
	c.check(t, w, seed, inDoubt, 0)
}

// TestDatabaseAway stops Postgres in flight: a text is answered 503, to come
// again, and so is /readyz, while /healthz goes on. All recover by themselves.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	if err := c.database.Stop(); err != nil {
		t.Fatal(err)
	}
	phone := phoneOf(1)
	var sids []string
	for range 6 { // whichever instance the proxy asks
		began := time.Now()
		sid, status, err := c.operator.Text(t.Context(), phone, "Bonjour")
		if status != http.StatusServiceUnavailable {
			t.Errorf("a text was answered %d (%v), want 503", status, err)
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("the answer took %s: the operator had gone", took)
		}
		sids = append(sids, sid)
	}
	for _, i := range []*instance{c.a, c.b} {
		if i.isReady(t.Context()) {
			t.Errorf("%s says that it is ready", i.name)
		}
		if response, err := http.Get("http://" + i.address + "/healthz"); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: /healthz: %v, %v", i.name, response, err)
		}
	}
	if err := c.database.Start(); err != nil {
		t.Fatal(err)
	}
	report(t, "ready again after %s", c.ready(t, healed).Round(time.Millisecond))
	for _, sid := range sids {
		if status, err := c.operator.Redeliver(t.Context(), sid); status/100 != 2 {
			t.Errorf("a text that came again was answered %d: %v", status, err)
		}
	}
	if said := c.export(t, phone); len(said) < len(sids) {
		t.Errorf("%d messages kept, want the %d texts at least", len(said), len(sids))
	}
}
