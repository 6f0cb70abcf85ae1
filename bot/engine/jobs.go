package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"relais/bot"
)

// run does one job, claimed at a time, under its lease. A delivery may have
// begun with the claim.
func (e *Engine) run(ctx context.Context, job bot.Job, claimed time.Time, begun *bot.Begin) {
	ctx, release := e.leases.hold(ctx, job, claimed.Add(e.Lease))
	defer release()
	var err error
	switch job.Kind {
	case bot.JobDeliver:
		err = e.deliver(ctx, job, begun)
	case jobReconcile:
		err = e.reconcile(ctx, job)
	case jobPurge:
		err = e.purge(ctx, job)
	default:
		err = e.decide(ctx, job)
	}
	switch {
	case err == nil, errors.Is(err, bot.ErrLease):
	case ctx.Err() != nil: // the lease was lost: another instance has the job, or it is gone
		e.Log.Info("job no longer ours", slog.String("kind", string(job.Kind)), slog.String("conversation", job.Conversation.String()))
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
