package bus

import (
	"math"
	"sync"
	"time"
)

// limit is a rate as the generic cell rate algorithm wants it: how long one
// unit takes to come back, and how much of that may be owed while another unit
// still passes. Both are whole microseconds, as in Redis.
type limit struct {
	each  time.Duration // 0: no limit
	slack time.Duration
}

const (
	slowest = time.Hour // a unit comes back after that long at the latest
	largest = 100       // units taken at once
)

// limitOf lets burst units pass at once, and rate per second over time. A rate
// of 0 is no limit.
func limitOf(rate float64, burst int) limit {
	if rate <= 0 {
		return limit{}
	}
	micros := math.Ceil(1e6 / rate) // rounded so that no more passes than asked for
	each := time.Duration(min(micros, float64(slowest/time.Microsecond))) * time.Microsecond
	return limit{each: each, slack: time.Duration(max(burst, 1)-1) * each}
}

// paceOf lets one second's worth pass at once, and at least one unit.
func paceOf(rate float64) limit { return limitOf(rate, int(min(rate, 1e6))) }

// horizon is how much can be owed at most: more is a clock that was put back,
// and is forgotten.
func (l limit) horizon() time.Duration { return l.slack + (largest+1)*l.each }

// take lets a cost pass when one unit may, and returns when nothing will be
// owed any more; or it returns how long until it may pass. full is what the
// last take returned.
//
// A cost above what is left passes whole and is owed. Over any stretch of time
// no more than rate × time + burst passes, plus what the last cost was above
// one: waiting until all of it is there would let small costs starve a large
// one for ever.
func (l limit) take(full, now time.Time, cost int) (next time.Time, wait time.Duration) {
	if full.Before(now) || full.Sub(now) > l.horizon() {
		full = now
	}
	if wait := full.Sub(now) - l.slack; wait > 0 {
		return full, wait
	}
	return full.Add(l.cost(cost)), 0
}

// cost is how long a number of units takes to come back.
func (l limit) cost(units int) time.Duration {
	return time.Duration(min(max(units, 1), largest)) * l.each
}

// buckets keeps what each key owes. Whatever owes nothing any more is
// forgotten, so that only keys in use take room. Its zero value is ready.
type buckets struct {
	mu      sync.Mutex
	full    map[string]time.Time
	sweepAt int // size at which the forgotten are looked for
}

// take lets a cost of a key pass and returns 0, or returns how long to wait.
func (b *buckets) take(key string, cost int, l limit, now time.Time) time.Duration {
	if l.each == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full == nil {
		b.full = map[string]time.Time{}
	}
	next, wait := l.take(b.full[key], now, cost)
	if wait > 0 {
		return wait
	}
	b.full[key] = next
	b.sweep(now)
	return 0
}

// sweep forgets, each time the number of keys has doubled.
func (b *buckets) sweep(now time.Time) {
	if len(b.full) < max(b.sweepAt, 1024) {
		return
	}
	for key, full := range b.full {
		if !full.After(now) {
			delete(b.full, key)
		}
	}
	b.sweepAt = 2 * len(b.full)
}
