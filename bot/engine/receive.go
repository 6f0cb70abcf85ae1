package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"relais/bot"
)

// attempts is how often a turn is run again when its conversation moved
// meanwhile.
const attempts = 8

// Result is what became of an event.
type Result struct {
	Conversation bot.ID
	Thread       bot.ID
	Seq          int64 // of the person's own line in its thread, 0 when there is none
	Seen         bool  // it had taken effect before
	Refused      *bot.Refuse
}

// Receive makes an event take effect, once. When it returns without an error
// the effect is durable (or the event was refused, which writes nothing); with
// an error the event may be sent again, and its id keeps it from acting twice.
func (e *Engine) Receive(ctx context.Context, to bot.Ref, event bot.Event) (Result, error) {
	return e.receive(ctx, to, event, nil)
}

func (e *Engine) receive(ctx context.Context, to bot.Ref, event bot.Event, job *bot.Job) (Result, error) {
	watch := e.metrics.watch()
	leave, err := e.lanes.enter(ctx, laneKey(to))
	if err != nil {
		return Result{}, err
	}
	defer leave()
	watch.lap(e.metrics.queue)
	now := e.now()
	switch event.What.(type) {
	case bot.Said, bot.Wrote:
		e.talked.Store(now.UnixMicro())
	}
	if event.At.IsZero() {
		event.At = now
	}
	nonce, err := e.nonce(now)
	if err != nil {
		return Result{}, err
	}
	for range attempts {
		result, err := e.attempt(ctx, to, event, job, nonce)
		switch {
		case errors.Is(err, bot.ErrConflict), errors.Is(err, bot.ErrGuard):
			e.counts.Conflicts.Add(1)
			e.memory.forget(to)
			continue
		case errors.Is(err, bot.ErrSeen):
			e.counts.Seen.Add(1)
			result.Seen = true
			return result, nil
		case err != nil:
			e.memory.forget(to) // perhaps it was written all the same
			e.counts.Failed.Add(1)
			e.inDanger(ctx, to.Address, event)
			return Result{}, err
		}
		return result, nil
	}
	e.counts.Failed.Add(1)
	e.inDanger(ctx, to.Address, event)
	return Result{}, ErrBusy
}

func laneKey(to bot.Ref) string {
	if !to.Conversation.IsZero() {
		return string(to.Conversation[:])
	}
	return to.Address.String()
}

// attempt runs the turn once, on what was true after the last one here or on
// what the store says.
func (e *Engine) attempt(ctx context.Context, to bot.Ref, event bot.Event, job *bot.Job, nonce bot.Nonce) (Result, error) {
	watch := e.metrics.watch()
	loaded, fromMemory, err := e.load(ctx, to)
	watch.lap(e.metrics.load)
	if err != nil {
		return Result{}, err
	}
	set, err := e.Flows.at(ctx, loaded.Generation, loaded.Conversation.Frames)
	if err != nil {
		return Result{}, err
	}
	world := bot.World{
		Now: e.now(), Nonce: nonce, Generation: set.generation, Territory: set.territory,
		Thread: loaded.Thread, Fresh: loaded.Fresh, Booked: loaded.Booked,
	}
	next, effects := e.turn(set, loaded.Conversation, event, world)
	out := carryOut(next, effects, world)
	watch.lap(e.metrics.turn)
	result := Result{Conversation: next.ID, Thread: loaded.Thread, Seq: out.seq, Refused: out.refused}
	if out.refused != nil && fromMemory {
		return Result{}, bot.ErrConflict // nothing would be checked by a commit: look at the store first
	}
	if out.refused != nil {
		e.counts.Refused.Add(1)
		return result, nil
	}
	if loaded.Fresh != nil {
		result.Thread = next.Threads[0].ID
		out.commit.Addresses = map[bot.ID]bot.Address{result.Thread: to.Address}
	}
	out.commit.Source, out.commit.Event = event.Source, event.ID
	out.commit.Done = over(job)
	if failed, ok := event.What.(bot.Undelivered); ok {
		out.commit.Marks = append(out.commit.Marks, bot.Mark{Conversation: next.ID, N: failed.N, Delivery: bot.Failed, Error: failed.Code, Provider: failed.Provider})
	}
	var errand *errand
	if job == nil { // what a job's turn says may be one text of a wave: the dispatcher's
		errand = e.takeErrand(out.commit, to.Address, result.Thread, nonce)
	}
	err = e.commit(ctx, out.commit)
	watch.lap(e.metrics.commit)
	if errand != nil {
		e.do(ctx, errand, err)
	}
	if err != nil {
		return result, err
	}
	e.counts.Turns.Add(1)
	if e.Log.Enabled(ctx, slog.LevelInfo) {
		e.Log.LogAttrs(ctx, slog.LevelInfo, "turn", slog.String("conversation", next.ID.String()), slog.String("source", event.Source),
			slog.Int64("n", next.N), slog.String("step", next.Step), slog.String("owner", string(next.Owner.Kind)))
	}
	e.memory.keep(to, result.Thread, next)
	e.after(ctx, to, &loaded.Conversation, &next, out)
	return result, nil
}

// over is the job that a turn has done, to be dropped: one with a due time
// would only be put off.
func over(job *bot.Job) *bot.Job {
	if job == nil {
		return nil
	}
	done := *job
	done.Due = time.Time{}
	return &done
}

// turn runs the pure turn. A panic in it parks this conversation with a human
// and harms no other.
func (e *Engine) turn(set *set, c bot.Conversation, event bot.Event, w bot.World) (next bot.Conversation, effects []bot.Effect) {
	defer func() {
		if cause := recover(); cause != nil {
			e.Log.Error("turn failed", slog.String("conversation", c.ID.String()), slog.String("step", c.Step),
				slog.String("cause", fmt.Sprintf("%T", cause)), slog.String("stack", string(debug.Stack())))
			said, _ := event.What.(bot.Said)
			event.What = bot.Broken{Said: said}
			next, effects = bot.Turn(set, c, event, w)
		}
	}()
	return bot.Turn(set, c, event, w)
}

// after tells whoever watches that there is something new.
func (e *Engine) after(ctx context.Context, to bot.Ref, before, now *bot.Conversation, out outcome) {
	hint := bot.Hint{Conversation: now.ID, N: now.N}
	e.Bus.Publish(bot.ConversationTopic(now.ID), hint)
	if to.Address.Channel == bot.Web {
		e.Bus.Publish(bot.AddressTopic(to.Address), hint)
	}
	for _, org := range []string{before.Owner.Organisation, now.Owner.Organisation} {
		if org != "" {
			e.Bus.Publish(bot.OrganisationTopic(org), hint)
		}
		if before.Owner.Organisation == now.Owner.Organisation {
			break
		}
	}
	for _, text := range out.pages {
		e.callOnCall(ctx, text)
	}
}
