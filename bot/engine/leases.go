package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"relais/bot"
)

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
		kept, err := e.renew(ctx, jobs, until)
		if err != nil {
			e.Log.Warn("renewing leases failed", slog.String("error", oneLine(err)))
			continue
		}
		e.leases.renewed(jobs, kept, until)
	}
}

// renew gives up in time for another try before the leases are over.
func (e *Engine) renew(ctx context.Context, jobs []bot.Job, until time.Time) ([]bot.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Lease/3)
	defer cancel()
	return e.Store.Renew(ctx, jobs, until)
}
