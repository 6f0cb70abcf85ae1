package engine

import (
	"context"
	"math"
	"sync"
	"time"

	"relais/bot"
)

// sweep is how often due jobs are looked for when nobody says that there are
// any: for what another process planned, and for safety.
const sweep = 5 * time.Second

// breath is how long the dispatcher waits, once it was woken, before it looks:
// one look then serves all that wake it meanwhile.
const breath = 2 * time.Millisecond

// crowdedLook is when the dispatcher looks again while more jobs are due than
// it has slots for, unless half of those are free before.
const crowdedLook = 20 * time.Millisecond

// dispatch claims due jobs and starts each, at most Workers at a time, until
// ctx ends; then it waits for those under way.
func (e *Engine) dispatch(ctx context.Context) error {
	var keeper sync.WaitGroup
	defer keeper.Wait()
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	keeper.Go(func() { e.keepLeases(keeping) })

	timer := time.NewTimer(0)
	defer timer.Stop()
	var store outage
	woken := false
	for {
		select {
		case <-ctx.Done():
			e.drain()
			return nil
		case <-e.wake:
			if !woken {
				timer.Reset(breath)
			}
			woken = true
			continue
		case <-timer.C:
		}
		woken = false
		e.nextLook.Store(math.MaxInt64) // whatever is planned from now on may be missed by this look
		wait, err := e.claim(ctx)
		store.note(e.Log, e.now(), err)
		wait = min(wait, sweep)
		e.nextLook.Store(e.Clock().Add(wait).UnixMicro())
		timer.Reset(max(wait, time.Millisecond))
	}
}

// drain waits until no job is under way.
func (e *Engine) drain() {
	for _, places := range []chan struct{}{e.slots, e.errands} {
		for range cap(places) {
			places <- struct{}{}
		}
	}
}

// People come first: while somebody talks, few jobs of a wave (notices, bulk)
// run at once, so that reminders do not make them wait. A reply that was left to
// the dispatcher, or a crisis, never waits for a wave.
const (
	talkLasts  = 250 * time.Millisecond // after a text of somebody, or of an adviser
	politeness = 32                     // the part of the slots a wave has then: one in so many
)

// polite tells how many jobs of waves may be under way now.
func (e *Engine) polite(now time.Time) int {
	if since := now.Sub(time.UnixMicro(e.talked.Load())); 0 <= since && since < talkLasts {
		return max(1, cap(e.slots)/politeness)
	}
	return cap(e.slots)
}

// room is how many jobs to claim. They come lanes first, so that one more than a
// wave may have is enough to reach whatever is more pressing.
func (e *Engine) room(now time.Time) int {
	free := cap(e.slots) - len(e.slots) // only the dispatcher takes any
	return min(free, max(1, e.polite(now)-int(e.waves.Load())))
}

// claim starts as many due jobs as there is room for, and returns how long to
// wait for the next one.
func (e *Engine) claim(ctx context.Context) (time.Duration, error) {
	now := e.now()
	room := e.room(now)
	if room == 0 {
		e.more.Store(true)
		return crowdedLook, nil
	}
	jobs, next, err := e.due(ctx, now, room)
	if err != nil {
		return time.Second, err
	}
	e.more.Store(len(jobs) == room)
	for _, job := range jobs {
		e.slots <- struct{}{}
		if ofWave(job) {
			e.waves.Add(1)
		}
		go e.work(context.WithoutCancel(ctx), job, now)
	}
	switch {
	case len(jobs) == room && !ofWave(jobs[room-1]):
		return 0, nil // more may be as pressing
	case len(jobs) == room:
		return crowdedLook, nil
	case next.IsZero():
		return sweep, nil
	default:
		return next.Sub(now), nil
	}
}

// due asks the store, which has as long as the leases it would give. A stop does
// not end the question: jobs claimed and not given to anybody would be left to
// their lease.
func (e *Engine) due(ctx context.Context, now time.Time, room int) ([]bot.Job, time.Time, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.Lease)
	defer cancel()
	return e.Store.Due(ctx, now, room, e.Lease)
}

// ofWave tells the jobs that may come by the thousand, and can wait.
func ofWave(job bot.Job) bool { return job.Lane >= bot.LaneNotice }

// work does one job in the slot that was taken for it. When jobs may wait for
// slots, the dispatcher is told once half of them are free.
func (e *Engine) work(ctx context.Context, job bot.Job, claimed time.Time) {
	e.run(ctx, job, claimed, nil)
	if ofWave(job) {
		e.waves.Add(-1)
	}
	<-e.slots
	if e.more.Load() && len(e.slots) <= cap(e.slots)/2 && int(e.waves.Load()) <= e.polite(e.now())/2 {
		e.nudge()
	}
}

// foresee wakes the dispatcher when a commit leaves a job that nobody has and
// that is due before the next look.
func (e *Engine) foresee(c *bot.Commit) {
	next := e.nextLook.Load()
	soon := c.Again || c.Errand != nil && !c.Errand.Born
	for i := range c.Schedule {
		job := &c.Schedule[i]
		soon = soon || job.Lease.IsZero() && job.Due.UnixMicro() < next
	}
	if c.Done != nil && !c.Done.Due.IsZero() {
		soon = soon || c.Done.Due.UnixMicro() < next
	}
	if soon {
		e.nudge()
	}
}
