package engine

import (
	"context"
	"time"

	"relais/bot"
)

// Pacer spreads the texts of each sender over time, for all instances together.
type Pacer interface {
	// Take reserves the segments of one text of a sender (our number, "" the
	// default one) and returns 0, or returns how long to wait before asking
	// again, having reserved nothing: each text that waits in a lane is told a
	// time of its own. It answers within a fraction of a second whatever became
	// of those it shares the pace with.
	Take(ctx context.Context, sender string, lane bot.Lane, segments int, now time.Time) (wait time.Duration)
}

// paced tells whether texts leave at a pace.
func (e *Engine) paced() bool { return e.Pace != nil }

// pause reserves the segments of a line and returns 0, or returns how long it
// has to wait.
func (e *Engine) pause(ctx context.Context, out bot.Outbox, line bot.Line) time.Duration {
	if e.Pace == nil {
		return 0
	}
	return e.Pace.Take(ctx, out.Own, line.Lane, line.Segments, e.Clock())
}
