package engine

import (
	"context"
	"fmt"
	"time"
)

// Step does whatever is due at the engine's clock, one job after the other,
// and returns when the next one will be (zero: none). It is for a clock that
// is moved by hand, in a terminal or in a test, on an Idle engine: nobody else
// then claims jobs, and what happens is the same every time.
func (e *Engine) Step(ctx context.Context) (next time.Time, err error) {
	for {
		now := e.now()
		jobs, next, err := e.Store.Due(ctx, now, 1, e.Lease)
		if err != nil {
			return time.Time{}, fmt.Errorf("claiming a due job: %w", err)
		}
		if len(jobs) == 0 {
			return next, nil
		}
		e.run(ctx, jobs[0], now, nil)
	}
}
