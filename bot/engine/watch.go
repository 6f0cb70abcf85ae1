package engine

import (
	"context"
	"time"
)

const (
	// watchEvery is how often the store is asked whether anybody wrote.
	watchEvery = time.Second
	// tellEvery is how often everybody is told of what was found that way while
	// the bus itself carries hints between the instances: what is left to find
	// are commands beside the servers, and every socket that is told reads rows.
	tellEvery = 5 * time.Second
)

// tellsAll is a bus that can give a hint about everything.
type tellsAll interface{ PublishAll() }

// betweenInstances is a bus that also carries hints between instances, while it
// is healthy.
type betweenInstances interface{ Healthy() bool }

// watch notices what other processes wrote, once a second, and passes it on as
// a hint about everything.
func (e *Engine) watch(ctx context.Context) error {
	bus, ok := e.Bus.(tellsAll)
	if !ok {
		return nil
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var last int64
	var told time.Time
	untold := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if marker, err := e.Store.Marker(ctx); err == nil && marker != last {
			last, untold = marker, true
			e.nudge()
		}
		if untold && time.Since(told) >= e.quiet() {
			told, untold = time.Now(), false
			bus.PublishAll()
		}
	}
}

// quiet is how long to wait between two hints about everything; 0 while the
// store is the only way to learn what others wrote.
func (e *Engine) quiet() time.Duration {
	if bus, ok := e.Bus.(betweenInstances); ok && bus.Healthy() {
		return tellEvery
	}
	return 0
}
