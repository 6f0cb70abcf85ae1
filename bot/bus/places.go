package bus

import (
	"math/rand/v2"
	"sync"
	"time"

	"relais/bot"
)

// places gives whoever has to wait a place of their own in time, so that a
// thousand texts that may leave one a second ask about once a second in all, and
// not all of them each second. Lanes are apart: a reply does not stand behind a
// wave of reminders, and takes the place of one that comes back with it. Its
// zero value is ready.
type places struct {
	mu   sync.Mutex
	next map[queue]time.Time
}

type queue struct {
	sender string
	lane   bot.Lane
}

// These bound how long somebody waits before asking again. Places
// may have been given to texts that were withdrawn since, and a reply must not
// stand long behind those.
const (
	latestReply = 5 * time.Second
	latest      = 10 * time.Minute
)

// take gives the next place, not before wait is over. Each place is followed by
// what a text costs. Beyond the bound, places are drawn from its second half.
func (p *places) take(q queue, wait, cost time.Duration, now time.Time) time.Duration {
	bound := latest
	if q.lane <= bot.LaneReply {
		bound = latestReply
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now.Add(wait)
	if next := p.next[q]; next.After(at) {
		at = next
	}
	if at.Sub(now) > bound {
		return max(wait, bound/2+rand.N(bound/2))
	}
	if p.next == nil {
		p.next = map[queue]time.Time{}
	}
	p.next[q] = at.Add(cost)
	return at.Sub(now)
}
