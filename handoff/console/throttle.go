package console

import (
	"context"
	"sync"
	"time"
)

// Limiter lets something through and returns 0, or returns how long to wait
// before trying again: burst at once, and rate per second over time, for each
// key.
type Limiter interface {
	Allow(ctx context.Context, key string, rate float64, burst int, now time.Time) (wait time.Duration)
}

// What all instances together let through, good passwords included; each of
// them waits longer and longer after wrong ones besides.
const (
	triesPerAccount, accountBurst = 1.0 / 30, 20 // a second, and at once
	triesPerPlace, placeBurst     = 1.0 / 3, 100
)

// mayTry counts a try to sign in, and returns how long to wait first; then it
// is not to be made.
func (c *Console) mayTry(ctx context.Context, account, place string) time.Duration {
	now := c.Clock()
	if wait := c.throttle.take(now, account, place); wait > 0 {
		return wait
	}
	if wait := c.Limits.Allow(ctx, "account:"+account, triesPerAccount, accountBurst, now); wait > 0 {
		return wait
	}
	return c.Limits.Allow(ctx, "place:"+place, triesPerPlace, placeBurst, now)
}

// patience is how many wrong passwords in a row cost nothing, and the longest
// wait they lead to. There is no lock: after the wait the next try counts.
type patience struct {
	free    int
	longest time.Duration
}

var (
	// Somebody who forgot a password is not kept out for long.
	patienceForAccount = patience{free: 3, longest: time.Minute}
	// Agencies and media libraries share one address.
	patienceForPlace = patience{free: 20, longest: 5 * time.Minute}
)

const (
	forgetTries = 15 * time.Minute
	maxTries    = 10_000 // keys remembered at once
)

// throttle makes guessing passwords slow: each failure doubles the wait, per
// account and per place. Its zero value is ready.
type throttle struct {
	mu    sync.Mutex
	tries map[string]*tries
}

type tries struct {
	count int
	last  time.Time
	next  time.Time // no try before
}

// take counts a try, before it is known how it ends, so that many at once are
// worth no more than many in a row. It returns how long to wait first; then
// nothing was counted.
func (t *throttle) take(now time.Time, account, place string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, p := t.of("account:"+account, now), t.of("place:"+place, now)
	if wait := max(a.next.Sub(now), p.next.Sub(now)); wait > 0 {
		return wait
	}
	a.fail(now, patienceForAccount)
	p.fail(now, patienceForPlace)
	return 0
}

// succeeded takes back what the last try counted.
func (t *throttle) succeeded(account, place string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, "account:"+account)
	if p := t.tries["place:"+place]; p != nil {
		p.count, p.next = max(0, p.count-1), time.Time{}
	}
}

func (t *throttle) of(key string, now time.Time) *tries {
	if found := t.tries[key]; found != nil && now.Sub(found.last) < forgetTries {
		return found
	}
	if t.tries == nil {
		t.tries = map[string]*tries{}
	}
	if len(t.tries) >= maxTries {
		t.sweep(now)
	}
	fresh := &tries{last: now}
	t.tries[key] = fresh
	return fresh
}

// sweep makes room: what is forgotten goes, and what never cost a wait. A
// crowd of made-up accounts thus frees nobody who has to wait; only when all of
// them have to does everybody start again.
func (t *throttle) sweep(now time.Time) {
	for key, tried := range t.tries {
		if now.Sub(tried.last) >= forgetTries || tried.next.IsZero() {
			delete(t.tries, key)
		}
	}
	if len(t.tries) >= maxTries {
		clear(t.tries)
	}
}

func (s *tries) fail(now time.Time, p patience) {
	s.count++
	s.last = now
	if beyond := s.count - p.free; beyond > 0 {
		s.next = now.Add(min(p.longest, time.Second<<min(beyond-1, 20)))
	}
}
