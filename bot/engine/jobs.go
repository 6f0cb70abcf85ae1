package engine

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"relais/bot"
)

// sweep is how often due jobs are looked for when nobody says that there are
// any: for what another process planned, and for safety.
const sweep = 5 * time.Second

// breath is how long the dispatcher waits after a job has ended before it looks
// for others: one look then serves all that end meanwhile.
const breath = 2 * time.Millisecond

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
	breathing := false
	for {
		select {
		case <-ctx.Done():
			return e.drain(stop)
		case <-e.ended:
			if left := time.UnixMicro(e.nextLook.Load()).Sub(e.Clock()); !breathing && left > breath {
				timer.Reset(breath)
			}
			breathing = true
			continue
		case <-timer.C:
		case <-e.wake:
		}
		breathing = false
		e.nextLook.Store(math.MaxInt64) // whatever is planned from now on may be missed by this look
		wait := min(max(e.claim(ctx), time.Millisecond), sweep)
		e.nextLook.Store(e.Clock().Add(wait).UnixMicro())
		timer.Reset(wait)
	}
}

// drain waits until no job is under way.
func (e *Engine) drain(stop func()) error {
	for range cap(e.slots) {
		e.slots <- struct{}{}
	}
	stop()
	return nil
}

// claim starts as many due jobs as there are free slots, and returns how long
// to wait for the next one.
func (e *Engine) claim(ctx context.Context) time.Duration {
	free := 0
	for free < cap(e.slots) && e.takeSlot() {
		free++
	}
	if free == 0 {
		return sweep // a job that ends wakes the dispatcher
	}
	left := free
	defer func() {
		for range left {
			<-e.slots
		}
	}()
	now := e.now()
	// Not a context that ends with a stop: jobs claimed and not given to anybody
	// would be left to their lease.
	jobs, next, err := e.Store.Due(context.WithoutCancel(ctx), now, free, e.Lease)
	if err != nil {
		if ctx.Err() == nil {
			e.Log.Error("claiming jobs failed", slog.Any("error", err))
		}
		return time.Second
	}
	for _, job := range jobs {
		left--
		go e.work(context.WithoutCancel(ctx), job, now)
	}
	switch {
	case len(jobs) == free:
		return sweep // more may be due, but there is nobody to do them yet
	case next.IsZero():
		return sweep
	default:
		return next.Sub(now)
	}
}

// planned wakes the dispatcher when a job that was just planned, and that
// nobody has, is due before it looks again.
func (e *Engine) planned(jobs []bot.Job) {
	next := e.nextLook.Load()
	for i := range jobs {
		if jobs[i].Lease.IsZero() && jobs[i].Due.UnixMicro() < next {
			e.nudge()
			return
		}
	}
}

// takeSlot reserves the place of one job under way, if there is one.
func (e *Engine) takeSlot() bool {
	select {
	case e.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// work does one job in a slot that was taken for it, and lets the dispatcher
// know when the slot is free again.
func (e *Engine) work(ctx context.Context, job bot.Job, claimed time.Time) {
	defer func() { <-e.slots; signal(e.ended) }()
	e.run(ctx, job, claimed)
}

// run does one job, claimed at a time, under its lease.
func (e *Engine) run(ctx context.Context, job bot.Job, claimed time.Time) {
	ctx, release := e.leases.hold(ctx, job, claimed.Add(e.Lease))
	defer release()
	var err error
	switch job.Kind {
	case bot.JobDeliver:
		err = e.deliver(ctx, job)
	case jobReconcile:
		err = e.reconcile(ctx, job)
	case jobPurge:
		err = e.purge(ctx, job)
	default:
		err = e.decide(ctx, job)
	}
	switch {
	case err == nil, errors.Is(err, bot.ErrLease):
	default:
		e.Log.Error("job failed", slog.String("kind", string(job.Kind)), slog.String("conversation", job.Conversation.String()), slog.Any("error", err))
		e.putOff(ctx, job, backoff(job.Attempts))
	}
}

// decide gives a due job to its conversation's turn. The turn finishes it.
func (e *Engine) decide(ctx context.Context, job bot.Job) error {
	event := bot.Event{Source: "job", What: bot.Due{Job: job}}
	_, err := e.receive(ctx, bot.Ref{Conversation: job.Conversation}, event, &job)
	if errors.Is(err, bot.ErrNotFound) {
		return e.finish(ctx, job) // erased meanwhile
	}
	return err
}

// finish drops a job that has nothing left to do.
func (e *Engine) finish(ctx context.Context, job bot.Job) error {
	job.Due = time.Time{}
	return e.commit(ctx, &bot.Commit{At: e.now(), Done: &job})
}

// putOff runs a job again later.
func (e *Engine) putOff(ctx context.Context, job bot.Job, after time.Duration) {
	job.Due = e.now().Add(after)
	if err := e.commit(ctx, &bot.Commit{At: e.now(), Done: &job}); err != nil && !errors.Is(err, bot.ErrLease) {
		e.Log.Warn("job left to its lease", slog.String("kind", string(job.Kind)), slog.Any("error", err))
	}
}

// backoff doubles from one second to five minutes.
func backoff(attempts int) time.Duration {
	return min(time.Second<<min(attempts, 10), 5*time.Minute)
}

// leases are the jobs under way, so that one goroutine renews them all.
type leases struct {
	mu   sync.Mutex
	held map[leaseID]heldLease
}

// leaseID names one lease: a job may be under way under two at once, for a
// moment, when one of them is over and does not know it yet.
type leaseID struct {
	key   string
	token int64
}

type heldLease struct {
	job   bot.Job
	until time.Time // as last renewed
	lost  context.CancelFunc
}

// hold keeps a job's lease until release. The context it returns ends when the
// lease is lost: what is done after that would be done twice.
func (l *leases) hold(ctx context.Context, job bot.Job, until time.Time) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[leaseID]heldLease{}
	}
	id := leaseID{job.Key, job.Token}
	l.held[id] = heldLease{job, until, cancel}
	return ctx, func() {
		cancel()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, id)
	}
}

func (l *leases) jobs() []bot.Job {
	l.mu.Lock()
	defer l.mu.Unlock()
	jobs := make([]bot.Job, 0, len(l.held))
	for _, h := range l.held {
		jobs = append(jobs, h.job)
	}
	return jobs
}

// renewed notes which of the jobs asked for are kept until when, and ends the
// work on the others.
func (l *leases) renewed(asked, kept []bot.Job, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ours := make(map[leaseID]bool, len(kept))
	for _, job := range kept {
		ours[leaseID{job.Key, job.Token}] = true
	}
	for _, job := range asked {
		id := leaseID{job.Key, job.Token}
		h, ok := l.held[id]
		switch {
		case !ok:
		case ours[id]:
			h.until = until
			l.held[id] = h
		default:
			h.lost()
		}
	}
}

// has tells whether a job is under way here.
func (l *leases) has(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.held {
		if id.key == key {
			return true
		}
	}
	return false
}

// over tells whether a job's lease has run out, as far as we know.
func (l *leases) over(job bot.Job, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.held[leaseID{job.Key, job.Token}]
	return !ok || !now.Before(h.until)
}

// keepLeases renews what is under way, three times per lease.
func (e *Engine) keepLeases(ctx context.Context) {
	tick := time.NewTicker(e.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		jobs := e.leases.jobs()
		if len(jobs) == 0 {
			continue
		}
		until := e.now().Add(e.Lease)
		kept, err := e.Store.Renew(ctx, jobs, until)
		if err != nil {
			e.Log.Warn("renewing leases failed", slog.Any("error", err))
			continue
		}
		e.leases.renewed(jobs, kept, until)
	}
}
