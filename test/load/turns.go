package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"relais/test/load/machine"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

// What happens to replies.
const (
	modeHeld      = "held"      // they stay in their outbox
	modeDelivered = "delivered" // they leave, to a null operator in another process
)

// turnsOptions are those of the closed loop.
type turnsOptions struct {
	*options
	connections *[]int
	modes       []string
}

// turns measures turns per second, stores side by side and pgbench beside them.
func turns(ctx context.Context, args []string, out io.Writer) (err error) {
	o := turnsOptions{options: newOptions("turns", "sqlite,postgres,pgbench"), modes: []string{modeHeld, modeDelivered}}
	o.connections = o.numbers("c", "people who text at once, one run for each", 1, 250, 1, 8, 32, 128)
	o.flags.Func("replies", "comma-separated: held, delivered (default both)", func(s string) error {
		o.modes = strings.Split(s, ",")
		for _, m := range o.modes {
			if m != modeHeld && m != modeDelivered {
				return fmt.Errorf("no such mode")
			}
		}
		return nil
	})
	if err := o.parse(args); err != nil {
		return err
	}
	l, err := newLab(ctx, o.options, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	l.header("turns per second: signed webhook → reply committed")
	for round := range o.rounds {
		if err := l.round(ctx, round+1, o); err != nil {
			return err
		}
	}
	return turnsTable(l, o)
}

// round runs everything once, stores next to one another.
func (l *lab) round(ctx context.Context, round int, o turnsOptions) error {
	for _, c := range *o.connections {
		for _, kind := range l.stores {
			for _, mode := range o.modes {
				if kind == onPgbench && mode != modeHeld {
					continue // it has no replies to deliver
				}
				r, err := l.turn(ctx, kind, mode, c)
				if err != nil {
					return fmt.Errorf("%s, replies %s, %d at once: %w", kind, mode, c, err)
				}
				r.Part, r.Label, r.Round = "turns", mode, round
				l.keep(r)
			}
		}
	}
	return nil
}

// turn is one run on a store of its own.
func (l *lab) turn(ctx context.Context, kind, mode string, connections int) (r Run, err error) {
	if kind == onPgbench {
		return l.yardstick(ctx, connections)
	}
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return Run{}, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	var env []string
	if mode == modeHeld {
		env = append(env, held)
	}
	s, err := l.begin(ctx, st, operator.Null, texting.NewCrowd(0, l.people), l.people, env...)
	if err != nil {
		return Run{}, err
	}
	defer s.end()
	if err := s.meet(ctx, mode == modeDelivered); err != nil {
		return Run{}, err
	}
	return s.closed(ctx, connections, mode == modeDelivered)
}

// yardstick is one run of pgbench.
func (l *lab) yardstick(ctx context.Context, connections int) (r Run, err error) {
	st, err := l.newStore(ctx, onPostgres)
	if err != nil {
		return Run{}, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	if err := st.plan(ctx, 0); err != nil {
		return Run{}, err
	}
	y, err := l.cluster.NewYardstick(ctx, st.at, l.people)
	if err != nil {
		return Run{}, err
	}
	defer func() { err = errors.Join(err, y.Close()) }()
	if err := l.cluster.Checkpoint(ctx); err != nil {
		return Run{}, err
	}
	if l.warmUp > 0 {
		if _, err := y.Run(ctx, connections, int(math.Ceil(l.warmUp.Seconds()))); err != nil {
			return Run{}, err
		}
	}
	seconds := int(math.Ceil(l.duration.Seconds()))
	before, ticks := l.cluster.CPU(), machine.Now()
	m, err := y.Run(ctx, connections, seconds)
	if err != nil {
		return Run{}, err
	}
	r = Run{Store: onPgbench, Connections: connections, PerSecond: m.PerSecond, P50: µs(m.P50), P99: µs(m.P99)}
	r.cost(usage{database: l.cluster.CPU() - before, generator: m.Generator, idle: machine.Now().IdleSince(ticks)}, int(m.PerSecond*float64(seconds)))
	return r, nil
}
