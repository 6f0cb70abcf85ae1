package engine

import (
	"sync"
	"time"
)

// pace spreads SMS segments over time: rate per second, with one second's
// worth at once. It is a virtual schedule: next is when the segments taken so
// far will have left.
type pace struct {
	rate float64 // segments per second; 0: no limit

	mu   sync.Mutex
	next time.Time
}

// take reserves segments and returns 0, or returns how long to wait before
// asking again, having reserved nothing.
func (p *pace) take(now time.Time, segments int) time.Duration {
	if p.rate <= 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.next.Sub(now); wait > time.Second {
		return wait - time.Second
	}
	if p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(time.Duration(float64(segments) / p.rate * float64(time.Second)))
	return 0
}
