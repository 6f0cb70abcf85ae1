package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"relais/bot"
)

// sweep is how often due jobs are looked for when nobody says that there are
// any: for what another process planned, and for safety.
const sweep = 5 * time.Second

// dispatch claims due jobs and starts each, at most Workers at a time, until
// ctx ends; then it waits for those under way.
func (e *Engine) dispatch(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	running.Go(func() { e.keepLeases(keeping) })
	defer stop()

	slots := make(chan struct{}, e.Workers)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return e.drain(slots, stop)
		case <-timer.C:
		case <-e.wake:
		}
		next := e.claim(ctx, slots, &running)
		timer.Reset(min(max(next, time.Millisecond), sweep))
	}
}

// drain waits until no job is under way.
func (e *Engine) drain(slots chan struct{}, stop func()) error {
	for range cap(slots) {
		slots <- struct{}{}
	}
	stop()
	return nil
}

// claim starts as many due jobs as there are free slots, and returns how long
// to wait for the next one.
func (e *Engine) claim(ctx context.Context, slots chan struct{}, running *sync.WaitGroup) time.Duration {
	free := cap(slots) - len(slots)
	if free == 0 {
		return sweep // a job that ends wakes the dispatcher
	}
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
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots; e.nudge() }()
			e.run(context.WithoutCancel(ctx), job)
		})
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

// run does one job under its lease.
func (e *Engine) run(ctx context.Context, job bot.Job) {
	ctx, release := e.leases.hold(ctx, job)
	defer release()
	var err error
	if job.Kind == bot.JobDeliver {
		err = e.deliver(ctx, job)
	} else {
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
	held map[string]heldLease
}

type heldLease struct {
	job  bot.Job
	lost context.CancelFunc
}

// hold keeps a job's lease until release. The context it returns ends when the
// lease is lost: what is done after that would be done twice.
func (l *leases) hold(ctx context.Context, job bot.Job) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[string]heldLease{}
	}
	l.held[job.Key] = heldLease{job, cancel}
	return ctx, func() {
		cancel()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, job.Key)
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

// lose ends the work on every job of before that is not in kept.
func (l *leases) lose(before, kept []bot.Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, job := range kept {
		for i := range before {
			if before[i].Key == job.Key {
				before[i].Key = ""
			}
		}
	}
	for _, job := range before {
		if h, ok := l.held[job.Key]; ok && h.job.Token == job.Token {
			h.lost()
		}
	}
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
		kept, err := e.Store.Renew(ctx, jobs, e.now().Add(e.Lease))
		if err != nil {
			e.Log.Warn("renewing leases failed", slog.Any("error", err))
			continue
		}
		e.leases.lose(jobs, kept)
	}
}
