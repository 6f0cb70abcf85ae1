package engine

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"relais/bot"
)

// errand is the delivery of what a turn says, taken up by the very instance
// that ran the turn: its job is born under a lease of ours, so that nobody has
// to claim it first. When the job is there already, its lease and its token are
// not ours, and whoever has it, or claims it next, sends the new lines too.
type errand struct {
	*bot.Errand
	job   bot.Job
	at    time.Time
	begun *bot.Begin // by the turn itself; nil when that has to be done
}

// takeErrand reserves a place for the delivery that a turn's commit plans, and
// marks the job as ours; nil when there is none for now, or no place. The first
// line leaves as soon as the turn is committed, unless it may have to wait.
func (e *Engine) takeErrand(c *bot.Commit, to bot.Address, thread bot.ID, nonce bot.Nonce) *errand {
	if e.Idle {
		return nil
	}
	for i := range c.Schedule {
		job := &c.Schedule[i]
		if job.Kind != bot.JobDeliver || job.Due.After(c.At) || e.leases.has(job.Key) || !reserve(e.errands) {
			continue
		}
		job.Token, job.Lease = tokenOf(nonce), c.At.Add(e.Lease)
		claimed := *job
		claimed.Serial = 1
		er := &errand{Errand: &bot.Errand{Key: job.Key}, job: claimed, at: c.At}
		if job.Thread == thread && !e.mayWait() {
			er.begun = beginning(c, to, thread)
		}
		if er.begun != nil {
			er.N = er.begun.Outbox.Lines[0].N
		}
		c.Errand = er.Errand
		return er
	}
	return nil
}

// beginning is how the outbox of a thread stands once a turn that begins its
// own first line was committed, if nothing waited there before; nil when none
// of the turn's lines leaves at once.
func beginning(c *bot.Commit, to bot.Address, thread bot.ID) *bot.Begin {
	th := c.Conversation.Thread(thread)
	if th == nil || to.Channel != bot.SMS {
		return nil
	}
	box := bot.Outbox{Conversation: c.Conversation.ID, Address: to, Own: th.Own, OptedOut: th.OptedOut}
	for _, l := range c.Lines {
		if l.Delivery == bot.Pending && l.Thread == thread {
			box.Lines = append(box.Lines, l)
		}
	}
	slices.SortStableFunc(box.Lines, func(a, b bot.Line) int { return cmp.Compare(min(a.Lane, 1), min(b.Lane, 1)) })
	if len(box.Lines) == 0 || box.OptedOut && !box.Lines[0].DespiteOptOut() {
		return nil
	}
	box.Lines[0].Delivery = bot.Begun
	return &bot.Begin{Thread: thread, Outbox: box}
}

// reserve takes one of some places, if there is one.
func reserve(places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
		return false
	}
}

// tokenOf draws a lease's token from a turn's nonce: no other lease has it.
func tokenOf(n bot.Nonce) int64 { return int64(binary.BigEndian.Uint64(n[len(n)-8:])>>2) | 1<<61 }

// do runs the errand beside its turn, if that was committed and the job is
// ours. When nobody knows whether it was, what it began is given back.
func (e *Engine) do(ctx context.Context, er *errand, committed error) {
	ctx = context.WithoutCancel(ctx)
	switch {
	case committed == nil && er.Born:
		go func() {
			e.run(ctx, er.job, er.at, er.begun)
			<-e.errands
		}()
	case er.begun != nil && inDoubt(committed):
		go func() {
			e.giveBack(ctx, er)
			<-e.errands
		}()
	default:
		<-e.errands
	}
}

// inDoubt tells the errors after which a turn may have been written all the
// same.
func inDoubt(err error) bool {
	for _, known := range []error{nil, bot.ErrConflict, bot.ErrSeen, bot.ErrGuard, bot.ErrLease, ErrStopped} {
		if errors.Is(err, known) {
			return false
		}
	}
	return true
}

// giveBack lets the line of an errand wait again, which certainly did not leave,
// unless somebody else has the job by then. It tries for as long as the lease
// would last.
func (e *Engine) giveBack(ctx context.Context, er *errand) {
	for pause := 50 * time.Millisecond; e.now().Before(er.at.Add(e.Lease)); pause *= 2 {
		err := e.again(ctx, er.job, er.begun.Outbox.Lines[0], 0)
		if !inDoubt(err) {
			return
		}
		select {
		case <-time.After(pause):
		case <-e.stopping:
			return
		}
	}
}
