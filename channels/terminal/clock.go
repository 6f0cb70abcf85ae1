package terminal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Clock is a clock that moves only when it is told to, and never back.
type Clock struct{ micros atomic.Int64 }

// NewClock returns a clock that shows that time, to the microsecond.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.micros.Store(at.UnixMicro())
	return c
}

// Now tells the time, in UTC.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

func (c *Clock) set(at time.Time) { c.micros.Store(max(c.micros.Load(), at.UnixMicro())) }

// Due does what is due at the clock's present time, and returns when the next
// thing will be (zero: none).
type Due func(ctx context.Context) (next time.Time, err error)

// ErrPast is returned for a clock that should go back.
var ErrPast = errors.New("the clock does not go back")

// MoveTo moves the clock to a time, stopping wherever something falls due on
// the way: each thing is done at its own time. Before it moves, and at the
// end, nothing is left due.
func (c *Clock) MoveTo(ctx context.Context, to time.Time, due Due) error {
	if to.Before(c.Now()) {
		return ErrPast
	}
	for {
		next, err := due(ctx)
		if err != nil {
			return fmt.Errorf("doing what is due: %w", err)
		}
		if next.IsZero() || next.After(to) {
			break
		}
		c.set(next)
	}
	c.set(to)
	return nil
}
