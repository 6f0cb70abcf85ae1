package engine

import (
	"context"
	"time"
)

// Nudge wakes the dispatcher, as a commit of this engine would.
func (e *Engine) Nudge() { e.nudge() }

// BeginReconciling is what Run does at a start.
func (e *Engine) BeginReconciling(ctx context.Context) { e.beginReconciling(ctx) }

// Talking tells whether waves are held back because somebody talks.
func (e *Engine) Talking() bool { return e.polite(e.now()) < cap(e.slots) }

// MeasureTurn returns what measures one turn that is committed with others and
// does nothing else.
func MeasureTurn() func() {
	m := newMetrics()
	return func() {
		watch := m.watch()
		watch.lap(m.queue)
		watch = m.watch()
		watch.lap(m.load)
		watch.lap(m.turn)
		watch.lap(m.commit)
		m.group.Observe(1)
	}
}

// NightAfter is when the next purge begins.
var NightAfter = nightAfter

// Compare takes in what the operator received in a time and we did not.
func (e *Engine) Compare(ctx context.Context, from, until time.Time) (seen time.Time, err error) {
	return e.compare(ctx, from, until)
}
