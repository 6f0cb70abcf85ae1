package webchat

import (
	"sync"
	"time"
)

// over is how long a bucket takes to fill.
const over = 10 * time.Second

// limiter gives each session a bucket of messages. A full bucket is forgotten,
// so that only sessions that just spoke take room.
type limiter struct {
	burst int

	mu      sync.Mutex
	buckets map[string]bucket
	sweepAt int // size at which full buckets are looked for
}

type bucket struct {
	left float64
	at   time.Time
}

// take takes one message out of a session's bucket and returns 0, or returns
// how long until there is one.
func (l *limiter) take(session string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		l.buckets = map[string]bucket{}
	}
	b, known := l.buckets[session]
	if !known {
		b = bucket{float64(l.burst), now}
	}
	b = l.filled(b, now)
	if b.left < 1 {
		l.buckets[session] = b
		return time.Duration((1 - b.left) / float64(l.burst) * float64(over)).Round(time.Millisecond)
	}
	b.left--
	l.buckets[session] = b
	l.sweep(now)
	return 0
}

func (l *limiter) filled(b bucket, now time.Time) bucket {
	elapsed := max(0, now.Sub(b.at))
	return bucket{min(float64(l.burst), b.left+float64(l.burst)*elapsed.Seconds()/over.Seconds()), now}
}

// sweep forgets full buckets, each time their number has doubled.
func (l *limiter) sweep(now time.Time) {
	if len(l.buckets) < max(l.sweepAt, 1024) {
		return
	}
	for session, b := range l.buckets {
		if l.filled(b, now).left >= float64(l.burst) {
			delete(l.buckets, session)
		}
	}
	l.sweepAt = 2 * len(l.buckets)
}
