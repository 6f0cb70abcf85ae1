package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"relais/bot"
	"relais/flows/understand"
)

// An operator does not call again once a webhook was refused. So its list is
// compared with what took effect here, each minute and at every start, and what
// never reached us comes in through the same door, oldest first.
//
// The comparison is a job like any other: one instance at a time has it, and
// its revision remembers, in seconds, until when everything has been seen to,
// over restarts and outages. It survives an instance; two that compared at once
// would do no harm, since an id takes effect once.

// Archive lists what an operator received for us.
type Archive interface {
	// Received lists what came at or after from and not after until, oldest
	// first; or fails when it cannot tell all.
	Received(ctx context.Context, from, until time.Time) ([]Arrival, error)
}

// Arrival is what a person sent, as its webhook would have brought it. Its
// event is a bot.Said; At is the operator's time, to the second; all arrivals of
// an archive have one Source.
type Arrival struct {
	From  bot.Address
	Event bot.Event
}

const (
	jobReconcile     bot.JobKind = "reconcile"
	reconcileEvery               = time.Minute
	reconcileAtLeast             = 15 * time.Minute   // looked at every time: clocks differ, and lists lag
	reconcileUnknown             = 24 * time.Hour     // how far the first comparison of a store goes back
	reconcileAtMost              = 7 * 24 * time.Hour // ids are remembered for far longer
	reconcileSpan                = 15 * time.Minute   // asked for in one list
	reconcileUnder               = 5 * time.Second    // a younger text's webhook may be on its way
	reconcileGiveUp              = 20                 // failures in one comparison: it is not the texts
	askKnown                     = 500                // ids looked up at once
)

// beginReconciling looks at the last minutes, then plans the comparison, once in
// the life of a store.
func (e *Engine) beginReconciling(ctx context.Context) {
	if e.Archive == nil {
		return
	}
	now := e.now()
	if _, err := e.compare(ctx, now.Add(-reconcileAtLeast), now); err != nil && ctx.Err() == nil {
		// The job compares again within a minute, and warns when that fails too.
		e.Log.Debug("comparing with the operator failed", slog.Any("error", err))
	}
	job := bot.Job{Key: "reconcile", Kind: jobReconcile, Lane: bot.LaneReply, Due: now}
	once := &bot.Commit{Source: "engine", Event: "reconcile", At: now, Schedule: []bot.Job{job}}
	if err := e.commit(ctx, once); err != nil && !errors.Is(err, bot.ErrSeen) && ctx.Err() == nil {
		e.Log.Error("planning the comparison with the operator failed", slog.Any("error", err))
	}
	e.nudge()
}

// reconcile compares what has not been seen to yet, and plans itself again.
func (e *Engine) reconcile(ctx context.Context, job bot.Job) error {
	if e.Archive == nil {
		e.putOff(ctx, job, reconcileEvery) // another instance has an operator
		return nil
	}
	now := e.now()
	comparing, end := e.untilStop(ctx)
	defer end()
	mark, err := e.compare(comparing, reconcileFrom(job.Revision, now), now.Add(-reconcileUnder))
	switch {
	case err == nil:
		e.metrics.reconciledAt.Set(float64(now.Unix()))
	case comparing.Err() == nil:
		e.Log.Warn("comparing with the operator failed", slog.Any("error", err))
	}
	next := job
	next.Due, next.Revision = now.Add(reconcileEvery), mark.Unix()
	if err := e.commit(ctx, &bot.Commit{At: e.now(), Schedule: []bot.Job{next}, Done: over(&job)}); err != nil {
		return fmt.Errorf("planning the next comparison with the operator: %w", err)
	}
	return nil
}

// untilStop ends a context when the engine stops: a long list must not hold it
// up, and what is seen to so far is kept.
func (e *Engine) untilStop(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(ctx)
	go func() {
		defer end()
		select {
		case <-e.stopping:
		case <-ctx.Done():
		}
	}()
	return ctx, end
}

// reconcileFrom is where a comparison begins, when all is seen to until mark;
// 0 is not known.
func reconcileFrom(mark int64, now time.Time) time.Time {
	from := time.Unix(mark, 0).UTC()
	if mark == 0 {
		from = now.Add(-reconcileUnknown)
	}
	if least := now.Add(-reconcileAtLeast); from.After(least) {
		from = least
	}
	if most := now.Add(-reconcileAtMost); from.Before(most) {
		from = most
	}
	return from
}

// compare takes in what the operator received in a time and we did not. It
// returns until when all is seen to; with an error, the rest is for later.
func (e *Engine) compare(ctx context.Context, from, until time.Time) (seen time.Time, err error) {
	seen = until
	failures := 0
	for ; from.Before(until); from = from.Add(reconcileSpan) {
		missing, err := e.missing(ctx, from, earlier(from.Add(reconcileSpan), until))
		if err != nil {
			return earlier(seen, from), err
		}
		for _, a := range missing {
			if ctx.Err() != nil {
				return earlier(seen, a.Event.At), ctx.Err()
			}
			err := e.takeIn(ctx, a)
			if err == nil {
				continue
			}
			seen = earlier(seen, a.Event.At)
			if errors.Is(err, errNight) {
				continue
			}
			e.Log.Error("taking in a text that never reached us failed", slog.String("event", a.Event.ID), slog.Any("error", err))
			if failures++; failures == reconcileGiveUp {
				return seen, fmt.Errorf("taking in what never reached us: %w", err)
			}
		}
	}
	return seen, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// missing lists what the operator received in a time and has no effect here.
func (e *Engine) missing(ctx context.Context, from, until time.Time) ([]Arrival, error) {
	received, err := e.Archive.Received(ctx, from, until)
	if err != nil {
		return nil, fmt.Errorf("listing what the operator received: %w", err)
	}
	var missing []Arrival
	for some := range slices.Chunk(received, askKnown) {
		ids := make([]string, len(some))
		for i, a := range some {
			ids[i] = a.Event.ID
		}
		known, err := e.Store.Known(ctx, some[0].Event.Source, ids)
		if err != nil {
			return nil, err
		}
		for _, a := range some {
			if !known[a.Event.ID] {
				missing = append(missing, a)
			}
		}
	}
	return missing, nil
}

// errNight leaves a text to the morning.
var errNight = errors.New("not at this hour")

// takeIn lets a text in by the door that its webhook would have come through.
func (e *Engine) takeIn(ctx context.Context, a Arrival) error {
	if wait, err := e.waitsForMorning(ctx, a); err != nil {
		return err
	} else if wait {
		return errNight
	}
	result, err := e.Receive(ctx, bot.Ref{Address: a.From}, a.Event)
	if err != nil || result.Seen || result.Refused != nil {
		return err
	}
	e.metrics.reconciled.Inc()
	e.Log.Warn("a text never reached us: taken from the operator's list", slog.String("event", a.Event.ID),
		slog.String("conversation", result.Conversation.String()), slog.Duration("late", e.now().Sub(a.Event.At).Round(time.Second)))
	return nil
}

// provoked is for how long after somebody's text an answer is no disturbance.
const provoked = 15 * time.Minute

// waitsForMorning tells whether answering a text now would wake somebody who
// wrote hours ago. Danger and a refusal never wait.
func (e *Engine) waitsForMorning(ctx context.Context, a Arrival) (bool, error) {
	now := e.now()
	said, ok := a.Event.What.(bot.Said)
	if !ok || now.Sub(a.Event.At) < provoked {
		return false, nil
	}
	territory, err := e.Flows.Territory(ctx)
	if err != nil {
		return false, err
	}
	if at, ok := territory.Quiet.NextAllowed(now); !ok || !at.After(now) {
		return false, nil
	}
	lang := understand.Lang(e.Flows.library.Languages[0])
	intent, _, _ := understand.ReadIntent(string(said.Text), lang)
	return intent != understand.Stop && said.OptOut != "STOP" && understand.ReadCrisis(string(said.Text), lang) == understand.NoCrisis, nil
}
