package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"relais/bot"
)

// deliver sends the pending lines of one thread, in order, one at a time. Each
// is read again just before it leaves, so that what was withdrawn meanwhile
// stays.
func (e *Engine) deliver(ctx context.Context, job bot.Job) error {
	for first := true; ; first = false {
		out, err := e.Store.Outbox(ctx, job.Thread, 1)
		if errors.Is(err, bot.ErrNotFound) || err == nil && len(out.Lines) == 0 {
			return e.finish(ctx, job)
		}
		if err != nil {
			return fmt.Errorf("reading the outbox: %w", err)
		}
		line := out.Lines[0]
		sender := e.Senders[out.Address.Channel]
		switch {
		case sender == nil:
			e.putOff(ctx, job, sweep)
			return nil
		case out.OptedOut && line.Class != "crisis" && line.Class != "opt_out":
			err = e.mark(ctx, line, bot.Mark{Delivery: bot.Cancelled})
		case line.Delivery == bot.Begun || first && job.Reclaimed:
			var again time.Duration
			if again, err = e.resolve(ctx, sender, out, line, job.Attempts); again > 0 {
				e.putOff(ctx, job, again)
				return nil
			}
		default:
			var again time.Duration
			if again, err = e.sendOne(ctx, sender, out, line); again > 0 {
				e.putOff(ctx, job, again)
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

// sendOne sends one line. It returns how long to wait before the thread is
// looked at again, 0 when its next line may go at once.
func (e *Engine) sendOne(ctx context.Context, sender bot.Sender, out bot.Outbox, line bot.Line) (time.Duration, error) {
	if wait := e.pace.take(e.Clock(), line.Segments); wait > 0 && line.Lane != bot.LaneCrisis {
		return wait, nil
	}
	receipt, err := sender.Send(ctx, outgoing(out, line))
	if err == nil {
		e.counts.Sent.Add(1)
		return 0, e.mark(ctx, line, bot.Mark{Delivery: bot.Accepted, Provider: receipt.Provider, Segments: receipt.Segments})
	}
	e.counts.SendFailures.Add(1)
	var failure *bot.SendError
	if !errors.As(err, &failure) {
		failure = &bot.SendError{Kind: bot.SendUnknown, Err: err}
	}
	e.Log.Warn("send failed", slog.String("line", bot.LineRef(line.Conversation, line.N)), slog.String("kind", string(failure.Kind)), slog.Int("code", failure.Code))
	switch failure.Kind {
	case bot.SendThrottled, bot.SendNotSent:
		return max(failure.After, time.Second), nil
	case bot.SendConfiguration:
		return time.Minute, nil // ours to mend: nothing is given up
	case bot.SendUnknown:
		e.counts.Unknown.Add(1)
		return firstLook, e.mark(ctx, line, bot.Mark{Delivery: bot.Begun})
	}
	return 0, e.giveUp(ctx, line, failure.Kind, failure.Code, "")
}

// firstLook leaves the operator's callback the time to bring the evidence.
const firstLook = time.Second

// resolve settles a line that may have been sent. Evidence comes from the
// operator's status callback, which raises the line by itself, or from its
// list of messages. Only when neither shows up in time is the text sent again.
func (e *Engine) resolve(ctx context.Context, sender bot.Sender, out bot.Outbox, line bot.Line, looks int) (time.Duration, error) {
	if line.Delivery != bot.Begun {
		e.counts.Unknown.Add(1)
		if err := e.mark(ctx, line, bot.Mark{Delivery: bot.Begun}); err != nil {
			return 0, err
		}
	}
	finder, ok := sender.(bot.Finder)
	if !ok {
		return e.sendOne(ctx, sender, out, line)
	}
	receipt, found, err := e.evidence(ctx, finder, out, line)
	switch {
	case err != nil:
		e.Log.Warn("looking for a sent text failed", slog.String("line", bot.LineRef(line.Conversation, line.N)), slog.Any("error", err))
		return 5 * time.Second, nil
	case found:
		return 0, e.mark(ctx, line, bot.Mark{Delivery: bot.Accepted, Provider: receipt.Provider, Segments: receipt.Segments})
	case looks < minLooks || e.now().Sub(line.At) < e.Evidence:
		return min(e.Evidence/4, 5*time.Second), nil
	}
	e.Log.Info("no trace of a text: sending it again", slog.String("line", bot.LineRef(line.Conversation, line.N)))
	return e.sendOne(ctx, sender, out, line)
}

// evidence finds the operator's record of a line: one with its words that no
// other line of the conversation has claimed.
func (e *Engine) evidence(ctx context.Context, finder bot.Finder, out bot.Outbox, line bot.Line) (bot.Receipt, bool, error) {
	candidates, err := finder.Find(ctx, outgoing(out, line), line.At.Add(-clockDrift))
	if err != nil || len(candidates) == 0 {
		return bot.Receipt{}, false, err
	}
	before, err := e.Store.History(ctx, bot.HistoryQuery{Conversation: line.Conversation, After: max(0, line.N-200), Limit: 400})
	if err != nil {
		return bot.Receipt{}, false, err
	}
	claimed := map[string]bool{}
	for _, l := range before {
		claimed[l.Provider] = true
	}
	for _, receipt := range candidates {
		if !claimed[receipt.Provider] {
			return receipt, true, nil
		}
	}
	return bot.Receipt{}, false, nil
}

// clockDrift is how far the operator's clock may be behind ours.
const clockDrift = 2 * time.Minute

// minLooks is how often the operator is asked, at the least, before a text is
// sent again.
const minLooks = 3

func outgoing(out bot.Outbox, line bot.Line) bot.Outgoing {
	return bot.Outgoing{To: out.Address, From: out.Own, Text: line.Text, Ref: bot.LineRef(line.Conversation, line.N)}
}

// mark raises how far one line got.
func (e *Engine) mark(ctx context.Context, line bot.Line, m bot.Mark) error {
	m.Conversation, m.N = line.Conversation, line.N
	if err := e.commit(ctx, &bot.Commit{At: e.now(), Marks: []bot.Mark{m}}); err != nil {
		return fmt.Errorf("marking a line: %w", err)
	}
	e.Bus.Publish(bot.ConversationTopic(line.Conversation), bot.Hint{Conversation: line.Conversation})
	return nil
}

// giveUp records that a line will never arrive, and lets the turn decide who
// must know.
func (e *Engine) giveUp(ctx context.Context, line bot.Line, kind bot.SendErrorKind, code int, provider string) error {
	_, err := e.Receive(ctx, bot.Ref{Conversation: line.Conversation}, bot.Event{
		Source: "delivery", ID: bot.LineRef(line.Conversation, line.N),
		What: bot.Undelivered{Thread: line.Thread, N: line.N, Kind: string(kind), Code: code, Provider: provider},
	})
	return err
}

// Status takes what the operator says of a line, in any order and any number
// of times. A line that failed for good becomes an event of its conversation.
func (e *Engine) Status(ctx context.Context, conversation bot.ID, n int64, m bot.Mark, failed bot.SendErrorKind) error {
	m.Conversation, m.N = conversation, n
	if failed == "" {
		if err := e.commit(ctx, &bot.Commit{At: e.now(), Marks: []bot.Mark{m}}); err != nil {
			return err
		}
		e.Bus.Publish(bot.ConversationTopic(conversation), bot.Hint{Conversation: conversation})
		return nil
	}
	lines, err := e.Store.History(ctx, bot.HistoryQuery{Conversation: conversation, After: n - 1, Limit: 1})
	if errors.Is(err, bot.ErrNotFound) || err == nil && (len(lines) == 0 || lines[0].N != n) {
		return nil // erased, or never ours
	}
	if err != nil {
		return fmt.Errorf("reading a line: %w", err)
	}
	return e.giveUp(ctx, lines[0], failed, m.Error, m.Provider)
}
