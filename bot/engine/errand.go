package engine

import (
	"context"
	"encoding/binary"
	"time"

	"relais/bot"
)

// errand is the delivery of what a turn says, taken up by the very instance
// that ran the turn: its job is born under a lease of ours, so that nobody has
// to claim it first. When the job is there already, its lease and its token are
// not ours, and whoever has it, or claims it next, sends the new lines too.
type errand struct {
	job bot.Job
	at  time.Time
}

// takeErrand reserves a slot for the delivery that a commit plans, and marks
// the job as ours; nil when there is none for now, or no slot.
func (e *Engine) takeErrand(c *bot.Commit, nonce bot.Nonce) *errand {
	if e.Idle {
		return nil
	}
	for i := range c.Schedule {
		job := &c.Schedule[i]
		if job.Kind != bot.JobDeliver || job.Due.After(c.At) || e.leases.has(job.Key) || !e.takeSlot() {
			continue
		}
		job.Token, job.Lease = tokenOf(nonce), c.At.Add(e.Lease)
		claimed := *job
		claimed.Serial = 1
		return &errand{claimed, c.At}
	}
	return nil
}

// tokenOf draws a lease's token from a turn's nonce: no other lease has it.
func tokenOf(n bot.Nonce) int64 { return int64(binary.BigEndian.Uint64(n[len(n)-8:])>>2) | 1<<61 }

// leave gives the slot back: the turn was not committed.
func (e *Engine) leave(er *errand) {
	if er != nil {
		<-e.slots
		signal(e.ended)
	}
}

// do runs the errand beside its turn.
func (e *Engine) do(ctx context.Context, er *errand) {
	if er != nil {
		go e.work(context.WithoutCancel(ctx), er.job, er.at)
	}
}
