package cluster

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestMove lets a person's socket move between A, B and the proxy in front of
// them, while an adviser writes: it misses nothing and repeats nothing.
func TestMove(t *testing.T) {
	t.Parallel()
	const moves, written = 25, 100
	seed := seedOf(t, 6)
	c := newCluster(t)
	c.hire(t)
	p := c.meet(t, signIn(t, c.a.address))
	random := rand.New(rand.NewPCG(seed, 0))
	places := []string{c.a.address, c.b.address, c.proxy.host()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range written {
			p.adviser.write(t, p.id, fmt.Sprintf("réponse %d.", i))
			hold(t.Context(), time.Duration(random.Int64N(int64(40*time.Millisecond))))
		}
	}()
	elsewhere := rand.New(rand.NewPCG(seed, 1))
	for range moves {
		hold(t.Context(), time.Duration(elsewhere.Int64N(int64(100*time.Millisecond))))
		p.onB.moveTo(t, places[elsewhere.IntN(len(places))])
	}
	<-done
	last := fmt.Sprintf("réponse %d.", written-1)
	p.arrival(t, p.onB, last)
	p.onB.check(t)

	fresh := &browser{session: p.onB.session}
	fresh.open(t, c.a.address)
	defer fresh.close()
	p.arrival(t, fresh, last)
	if len(fresh.messages) < written || len(fresh.messages) != len(p.onB.messages) {
		t.Fatalf("the one that moved holds %d messages, a new one %d, %d were written", len(p.onB.messages), len(fresh.messages), written)
	}
	for i := range fresh.messages {
		if moved := p.onB.messages[i]; moved.Seq != fresh.messages[i].Seq || moved.Text != fresh.messages[i].Text {
			t.Errorf("message %d differs: %d %q", fresh.messages[i].Seq, moved.Seq, moved.Text)
		}
	}
}
