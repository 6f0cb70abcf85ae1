package main

import (
	"context"
	"fmt"
	"time"

	"relais/test/load/machine"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

// held makes a server leave replies in their outbox: nobody claims the jobs
// that deliver them.
const held = "RELAIS_TEST_HOLD=1"

// ahead is how many turns may wait for their reply to reach the operator before
// people text more slowly.
const ahead = 256

// session is a server at work on a store, with an operator beside it and people
// who text.
type session struct {
	lab      *lab
	store    *store
	operator *operator.Process
	server   *server
	service  texting.Service
	crowd    *texting.Crowd
}

// begin starts an operator and the server. End it.
func (l *lab) begin(ctx context.Context, st *store, kind operator.Kind, crowd *texting.Crowd, people int, env ...string) (*session, error) {
	s := &session{lab: l, store: st, crowd: crowd}
	var err error
	if s.operator, err = operator.Start(kind, l.account, people); err != nil {
		return nil, err
	}
	if s.server, err = startServer(ctx, l.options, st.dsn, s.operator.URL, env...); err != nil {
		s.operator.Stop()
		return nil, err
	}
	s.service = texting.Service{
		Address: s.server.address, Public: "http://" + s.server.address,
		Account: l.account.SID, Token: l.account.Token, Number: l.account.Number,
	}
	return s, nil
}

func (s *session) end() {
	s.server.stop()
	s.operator.Stop()
}

// meet brings everybody to the first question and waits until their replies
// have left, so that no run pays for first contacts.
func (s *session) meet(ctx context.Context, delivered bool) error {
	if err := texting.Meet(s.service, s.crowd, 32); err != nil {
		return fmt.Errorf("first texts: %w", err)
	}
	if delivered {
		// Not the lines: some may belong to jobs of later.
		if _, err := s.drain(ctx, func(_, jobs int) int { return jobs }); err != nil {
			return err
		}
	}
	return s.store.settle(ctx)
}

// drainTime is how long what is due may take to leave.
const drainTime = time.Minute

// everything is what a run must not leave behind: lines to send and due jobs.
func everything(lines, jobs int) int { return lines + jobs }

// drain waits until nothing of what counts waits to leave, and returns how much
// still does.
func (s *session) drain(ctx context.Context, counts func(lines, jobs int) int) (left int, err error) {
	for deadline := time.Now().Add(drainTime); ; {
		lines, jobs, err := s.store.left(ctx)
		left = counts(lines, jobs)
		if err != nil || left == 0 || time.Now().After(deadline) {
			return left, err
		}
		select {
		case <-ctx.Done():
			return left, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// closed plays a closed loop, with replies held or watched until they arrive.
func (s *session) closed(ctx context.Context, connections int, delivered bool) (Run, error) {
	m := &meter{session: s}
	loop := texting.Closed{
		Service: s.service, Crowd: s.crowd, Connections: connections, Warm: s.lab.warmUp, For: s.lab.duration,
		Begin: m.begin, End: m.end,
	}
	if delivered {
		loop.Watcher, loop.Ahead = s.operator.Tally, ahead
	}
	outcome, err := loop.Run()
	if err != nil {
		return Run{}, err
	}
	r := Run{Store: s.store.kind, Connections: connections}
	r.see(outcome)
	r.cost(m.used, len(outcome.Delays))
	if delivered {
		if err := s.account(ctx, &r); err != nil {
			return Run{}, err
		}
	}
	return r, s.complain(ctx, outcome)
}

// open plays an open loop.
func (s *session) open(ctx context.Context, rate float64, connections int) (Run, error) {
	m := &meter{session: s}
	outcome, err := texting.Open{
		Service: s.service, Crowd: s.crowd, Connections: connections, Rate: rate, Warm: s.lab.warmUp, For: s.lab.duration,
		Begin: m.begin, End: m.end,
	}.Run()
	if err != nil {
		return Run{}, err
	}
	r := Run{Store: s.store.kind, Connections: connections, Rate: rate}
	r.see(outcome)
	r.cost(m.used, len(outcome.Delays))
	return r, s.complain(ctx, outcome)
}

// account waits until nothing waits to leave, and compares what the operator
// got with what the store says it took.
func (s *session) account(ctx context.Context, r *Run) (err error) {
	if r.Left, err = s.drain(ctx, everything); err != nil {
		return err
	}
	accepted, err := s.store.accepted(ctx)
	if err != nil {
		return err
	}
	if r.Twice = s.operator.Tally.Messages() - accepted; r.Twice != 0 {
		fmt.Fprintf(s.lab.out, "WARNING: %d texts reached the operator that %s does not know of\n", r.Twice, s.store.kind)
	}
	return nil
}

// complain says aloud what makes a run worthless: people who were refused, or
// left without a reply.
func (s *session) complain(ctx context.Context, o texting.Outcome) error {
	if o.Failures > 0 {
		fmt.Fprintf(s.lab.out, "WARNING: %d texts failed on %s: %v\n", o.Failures, s.store.kind, o.Fault)
	}
	if o.Silent > 0 {
		fmt.Fprintf(s.lab.out, "WARNING: %d turns on %s had no reply within 20 s\n", o.Silent, s.store.kind)
	}
	handed, err := s.store.handed(ctx)
	if err != nil || handed == 0 {
		return err
	}
	return fmt.Errorf("the assistant took %d people for machines and handed them over: raise -people or shorten -d", handed)
}

// usage is what a run took from the machine.
type usage struct {
	server, database, generator, operator time.Duration
	idle                                  float64
}

// meter reads it between two marks.
type meter struct {
	session *session
	before  usage
	ticks   machine.Ticks
	used    usage
}

func (m *meter) read() usage {
	s := m.session
	return usage{
		server: s.server.cpu(), database: s.store.cpu(), generator: machine.Own(),
		operator: machine.Tree(s.operator.PID()),
	}
}

func (m *meter) begin() { m.before, m.ticks = m.read(), machine.Now() }

func (m *meter) end() {
	now := m.read()
	m.used = usage{
		server: now.server - m.before.server, database: now.database - m.before.database,
		generator: now.generator - m.before.generator, operator: now.operator - m.before.operator,
		idle: machine.Now().IdleSince(m.ticks),
	}
}
