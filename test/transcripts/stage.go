package transcripts

import (
	"context"
	"slices"
	"strings"
	"time"

	"relais/bot"
)

// Stage is where a transcript plays. What it is told happens at its clock's
// time; whatever follows at once is done before it answers.
type Stage interface {
	Now() time.Time
	// Happen makes an event take effect.
	Happen(ctx context.Context, to bot.Ref, e bot.Event) ([]Beat, error)
	// MoveTo moves the clock, and does what falls due on the way at its time.
	MoveTo(ctx context.Context, at time.Time) ([]Beat, error)
	// Conversation returns the one behind an address, ErrNotFound when nobody
	// is known there.
	Conversation(ctx context.Context, a bot.Address) (bot.Conversation, error)
}

// Beat is one turn, as a transcript tells it.
type Beat struct {
	Due     *bot.Job     // the job whose time had come, nil for an event
	Effects []bot.Effect // those of the turn, but for jobs
	Planned []bot.Job    // planned anew, or moved
	Dropped []bot.Job    // that were planned and no longer are
}

// agenda is what is planned.
type agenda map[string]bot.Job

// plan applies one turn's changes: the job that it does is over, unless it is
// planned again; the last word on each key counts.
func (a agenda) plan(beat *Beat, done *bot.Job, changes []bot.Effect) {
	if done != nil {
		delete(a, done.Key)
	}
	before := make(map[string]bot.Job)
	for _, change := range changes {
		switch x := change.(type) {
		case bot.Schedule:
			before[x.Job.Key] = a[x.Job.Key]
		case bot.Forget:
			before[x.Key] = a[x.Key]
		}
	}
	for _, change := range changes {
		switch x := change.(type) {
		case bot.Schedule:
			a[x.Job.Key] = x.Job
		case bot.Forget:
			delete(a, x.Key)
		}
	}
	for key, old := range before {
		now, planned := a[key]
		switch {
		case planned && !now.Due.Equal(old.Due):
			beat.Planned = append(beat.Planned, now)
		case !planned && old.Key != "":
			beat.Dropped = append(beat.Dropped, old)
		}
	}
	slices.SortFunc(beat.Planned, sooner)
	slices.SortFunc(beat.Dropped, sooner)
}

// next returns the job to do at a time, in the order of the stores: lanes
// first, then due times.
func (a agenda) next(now time.Time) (bot.Job, bool) {
	var best bot.Job
	for _, job := range a {
		if !job.Due.After(now) && (best.Key == "" || before(job, best)) {
			best = job
		}
	}
	return best, best.Key != ""
}

// soonest is when the next job will be due, zero when there is none.
func (a agenda) soonest() (at time.Time) {
	for _, job := range a {
		if at.IsZero() || job.Due.Before(at) {
			at = job.Due
		}
	}
	return at
}

func before(a, b bot.Job) bool {
	if a.Lane != b.Lane {
		return a.Lane < b.Lane
	}
	return sooner(a, b) < 0
}

func sooner(a, b bot.Job) int {
	if c := a.Due.Compare(b.Due); c != 0 {
		return c
	}
	return strings.Compare(a.Key, b.Key)
}
