package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"relais/bot"
)

// deliver sends the waiting lines of one thread, in order, one at a time. A line
// is begun in a commit of its own: whatever was withdrawn before that commit
// stays, and after a crash it is known which line may have left. What a turn
// says itself it may have begun in its own commit.
func (e *Engine) deliver(ctx context.Context, job bot.Job, next *bot.Begin) (err error) {
	switch {
	case next == nil:
		next, err = e.begin(ctx, job, nil)
	case e.leases.over(job, e.now()): // the turn's commit took that long: its line did not leave
		return e.again(ctx, job, next.Outbox.Lines[0], 0)
	}
	for next != nil && err == nil {
		next, err = e.deliverOne(ctx, job, next)
	}
	return err
}

// begin begins the first line that waits in the job's thread, in one commit
// with what is known of the one before it. It returns nil when the job is over,
// or was put off.
func (e *Engine) begin(ctx context.Context, job bot.Job, before []bot.Mark) (*bot.Begin, error) {
	if e.mayWait() {
		if err := e.markAll(ctx, before); err != nil {
			return nil, err
		}
		before = nil
		if ready, err := e.wait(ctx, job); !ready || err != nil {
			return nil, err
		}
	}
	if e.leases.over(job, e.now()) { // a commit or a stop took longer than the lease: nothing is begun that cannot be sent
		return nil, bot.ErrLease
	}
	begin := &bot.Begin{Thread: job.Thread}
	if err := e.commit(ctx, &bot.Commit{At: e.now(), Marks: before, Begin: begin, Under: &job}); err != nil {
		return nil, fmt.Errorf("beginning a line: %w", err)
	}
	e.hintMarks(before)
	if len(begin.Outbox.Lines) == 0 {
		return nil, e.finish(ctx, job)
	}
	return begin, nil
}

// mayWait tells whether lines may have to wait before they are begun: for the
// pace, or for somebody who sends them.
func (e *Engine) mayWait() bool { return e.paced() || e.Senders[bot.SMS] == nil }

// wait tells whether the first line of an outbox may be begun now. When it may
// not, the job is put off.
func (e *Engine) wait(ctx context.Context, job bot.Job) (ready bool, err error) {
	out, err := e.Store.Outbox(ctx, job.Thread, 1)
	if errors.Is(err, bot.ErrNotFound) || err == nil && len(out.Lines) == 0 {
		return false, e.finish(ctx, job)
	}
	if err != nil {
		return false, fmt.Errorf("reading the outbox: %w", err)
	}
	line := out.Lines[0]
	switch {
	case e.Senders[out.Address.Channel] == nil:
		e.putOff(ctx, job, sweep)
		return false, nil
	case line.Delivery == bot.Begun, out.OptedOut && !line.DespiteOptOut():
		return true, nil
	}
	if wait := e.pause(ctx, out, line); wait > 0 && line.Lane != bot.LaneCrisis {
		e.putOff(ctx, job, wait)
		return false, nil
	}
	return true, nil
}

// deliverOne settles the first line of an outbox. It returns what was begun
// after it, or nil when the job is over or was put off.
func (e *Engine) deliverOne(ctx context.Context, job bot.Job, next *bot.Begin) (*bot.Begin, error) {
	out := next.Outbox
	line := out.Lines[0]
	sender := e.Senders[out.Address.Channel]
	switch {
	case line.Delivery == bot.Pending && (!out.OptedOut || line.DespiteOptOut()):
		return e.begin(ctx, job, nil) // the outbox moved while it was begun and read: nothing was begun
	case line.Delivery == bot.Pending:
		return e.begin(ctx, job, []bot.Mark{markOf(line, bot.Mark{Delivery: bot.Cancelled})})
	case sender == nil:
		return nil, e.again(ctx, job, line, sweep)
	case next.Earlier:
		return e.resolve(ctx, job, sender, out)
	}
	return e.send(ctx, job, sender, out)
}

// send hands the first line of an outbox, already begun, to the operator. It
// does not when the lease is over: a process that was stopped for a while wakes
// up here. If nobody else looks after the line by then, it waits again.
func (e *Engine) send(ctx context.Context, job bot.Job, sender bot.Sender, out bot.Outbox) (*bot.Begin, error) {
	line := out.Lines[0]
	if e.leases.over(job, e.now()) {
		return nil, e.again(ctx, job, line, 0)
	}
	watch := e.metrics.watch()
	receipt, err := sender.Send(ctx, outgoing(out, line))
	e.metrics.sent(watch, out.Address.Channel, err)
	if err == nil {
		e.counts.Sent.Add(1)
		return e.accepted(ctx, job, out, receipt)
	}
	e.counts.SendFailures.Add(1)
	var failure *bot.SendError
	if !errors.As(err, &failure) {
		failure = &bot.SendError{Kind: bot.SendUnknown, Err: err}
	}
	e.Log.Warn("send failed", slog.String("line", bot.LineRef(line.Conversation, line.N)), slog.String("kind", string(failure.Kind)), slog.Int("code", failure.Code))
	switch failure.Kind {
	case bot.SendThrottled, bot.SendNotSent:
		return nil, e.again(ctx, job, line, max(failure.After, backoff(job.Attempts)))
	case bot.SendConfiguration:
		return nil, e.again(ctx, job, line, time.Minute) // ours to mend: nothing is given up
	case bot.SendUnknown:
		e.counts.Unknown.Add(1)
		return nil, e.look(ctx, job, firstLook)
	}
	if err := e.giveUp(ctx, line, failure.Kind, failure.Code, ""); err != nil {
		return nil, err
	}
	return e.begin(ctx, job, nil)
}

// accepted records that the operator took the first line of an outbox. When no
// other waits, the job ends in the same commit; one said meanwhile has planned
// the job anew, which keeps it.
func (e *Engine) accepted(ctx context.Context, job bot.Job, out bot.Outbox, receipt bot.Receipt) (next *bot.Begin, err error) {
	line := out.Lines[0]
	e.Log.LogAttrs(ctx, slog.LevelInfo, "sent", slog.String("line", bot.LineRef(line.Conversation, line.N)), slog.String("provider", receipt.Provider))
	m := bot.Mark{Delivery: bot.Accepted, Provider: receipt.Provider, Segments: receipt.Segments}
	if len(out.Lines) > 1 {
		next, err = e.begin(ctx, job, []bot.Mark{markOf(line, m)})
	} else {
		err = e.mark(ctx, line, m, over(&job))
	}
	if err != nil {
		// The lease went to somebody else meanwhile: what is known is kept all the same.
		err = errors.Join(err, e.markAll(context.WithoutCancel(ctx), []bot.Mark{markOf(line, m)}))
	}
	return next, err
}

// again puts a line that certainly did not leave back in its place, for later.
func (e *Engine) again(ctx context.Context, job bot.Job, line bot.Line, after time.Duration) error {
	job.Due = e.now().Add(after)
	return e.mark(ctx, line, bot.Mark{Delivery: bot.Pending}, &job)
}

// look plans the next look for evidence, counted from none.
func (e *Engine) look(ctx context.Context, job bot.Job, after time.Duration) error {
	planned := job
	planned.Due, planned.Lease = e.now().Add(after), time.Time{}
	return e.commit(ctx, &bot.Commit{At: e.now(), Schedule: []bot.Job{planned}, Done: over(&job)})
}

// firstLook leaves the operator's callback the time to bring the evidence.
const firstLook = time.Second

// looks is how often the operator is asked before a text is sent again, over
// the time that Evidence gives.
const looks = 4

// resolve settles a line that was begun and may have left. Evidence comes from
// the operator's status callback, which raises the line by itself, or from its
// list of messages. Only when neither shows up in time is the text sent again.
func (e *Engine) resolve(ctx context.Context, job bot.Job, sender bot.Sender, out bot.Outbox) (*bot.Begin, error) {
	line := out.Lines[0]
	if job.Reclaimed { // whoever began it is gone: the count begins here
		e.counts.Unknown.Add(1)
		return nil, e.look(ctx, job, firstLook)
	}
	finder, ok := sender.(bot.Finder)
	if !ok {
		return e.send(ctx, job, sender, out)
	}
	receipt, found, err := e.evidence(ctx, finder, out, line)
	switch {
	case err != nil:
		e.Log.Warn("looking for a sent text failed", slog.String("line", bot.LineRef(line.Conversation, line.N)), slog.Any("error", err))
		e.putOff(ctx, job, e.Evidence/looks)
		return nil, nil
	case found:
		return e.accepted(ctx, job, out, receipt)
	case job.Attempts < looks:
		e.putOff(ctx, job, e.Evidence/looks)
		return nil, nil
	}
	e.Log.Info("no trace of a text: sending it again", slog.String("line", bot.LineRef(line.Conversation, line.N)))
	return e.send(ctx, job, sender, out)
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

func outgoing(out bot.Outbox, line bot.Line) bot.Outgoing {
	return bot.Outgoing{To: out.Address, From: out.Own, Text: line.Text, Ref: bot.LineRef(line.Conversation, line.N)}
}

// mark raises how far one line got, and may end the job in the same commit.
func (e *Engine) mark(ctx context.Context, line bot.Line, m bot.Mark, done *bot.Job) error {
	m = markOf(line, m)
	if err := e.commit(ctx, &bot.Commit{At: e.now(), Marks: []bot.Mark{m}, Done: done}); err != nil {
		return fmt.Errorf("marking a line: %w", err)
	}
	e.hintMarks([]bot.Mark{m})
	return nil
}

// markAll raises how far some lines got, if there are any.
func (e *Engine) markAll(ctx context.Context, marks []bot.Mark) error {
	if len(marks) == 0 {
		return nil
	}
	if err := e.commit(ctx, &bot.Commit{At: e.now(), Marks: marks}); err != nil {
		return fmt.Errorf("marking a line: %w", err)
	}
	e.hintMarks(marks)
	return nil
}

func markOf(line bot.Line, m bot.Mark) bot.Mark {
	m.Conversation, m.N = line.Conversation, line.N
	return m
}

// hintMarks tells whoever watches that lines got further.
func (e *Engine) hintMarks(marks []bot.Mark) {
	for _, m := range marks {
		e.Bus.Publish(bot.ConversationTopic(m.Conversation), bot.Hint{Conversation: m.Conversation})
	}
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
