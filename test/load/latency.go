package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"relais/test/load/machine"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

const (
	lonely    = 20 // texts per second of somebody alone: the machine sleeps in between
	loaded    = 32 // people at once when the capacity is measured
	openConns = 64 // connections of the open loop
)

// The parts of one round.
const (
	asleep   = "alone, machine asleep"
	awake    = "alone, machine awake"
	capacity = "capacity"
	halfLoad = "half load"
)

// latency measures what one text waits for: on a server that does nothing else,
// and at half of what it can do. Replies are delivered, as in life.
func latency(ctx context.Context, args []string, out io.Writer) (err error) {
	o := newOptions("latency", "sqlite,postgres")
	if err := o.parse(args); err != nil {
		return err
	}
	l, err := newLab(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	l.header("latency: webhook → reply committed, open loop, counted from when the text was due; replies delivered")
	if err := l.floor(); err != nil {
		return err
	}
	for round := range o.rounds {
		for _, kind := range l.stores {
			if err := l.latencies(ctx, kind, round+1); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
	}
	return latencyTable(l)
}

// floor tells what the machine takes by itself, awake and after the pauses of
// somebody alone, in which it sleeps: no latency can be below.
func (l *lab) floor() error {
	for _, rhythm := range []struct {
		name  string
		count int
		pause time.Duration
	}{{"awake", 4000, 0}, {"asleep", max(1, int(l.duration.Seconds()*lonely)), time.Second / lonely}} {
		durable, err := machine.Syncs(rhythm.count, rhythm.pause)
		if err != nil {
			return err
		}
		echoed, err := machine.Echoes(rhythm.count, rhythm.pause)
		if err != nil {
			return err
		}
		p50 := func(took []time.Duration) string { return ms(µs(texting.Quantile(took, 0.50))) }
		fmt.Fprintf(l.out, "   the machine, %s: 16 kB are durable after %s ms (p99 %s), another process echoes after %s ms\n",
			rhythm.name, p50(durable), ms(µs(texting.Quantile(durable, 0.99))), p50(echoed))
	}
	return nil
}

// latencies runs the parts of one round on one server: alone, with and without
// pauses, at capacity, and at half of it.
func (l *lab) latencies(ctx context.Context, kind string, round int) (err error) {
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	s, err := l.begin(ctx, st, operator.Null, texting.NewCrowd(0, l.people), l.people)
	if err != nil {
		return err
	}
	defer s.end()
	if err := s.meet(ctx, true); err != nil {
		return err
	}
	keep := func(label string, r Run) {
		r.Part, r.Label, r.Round = "latency", label, round
		l.keep(r)
	}
	alone, err := s.open(ctx, lonely, 1)
	if err != nil {
		return err
	}
	keep(asleep, alone)
	busy, err := s.closed(ctx, 1, true)
	if err != nil {
		return err
	}
	keep(awake, busy)
	full, err := s.closed(ctx, loaded, true)
	if err != nil {
		return err
	}
	keep(capacity, full)
	half, err := s.open(ctx, max(1, full.Delivered/2), openConns)
	if err != nil {
		return err
	}
	if err := s.account(ctx, &half); err != nil {
		return err
	}
	keep(halfLoad, half)
	return nil
}

func latencyTable(l *lab) error {
	w := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tstore\tasked/s\tanswered/s\tp50 ms\tp99 ms\tidle\tbegun late\tp99 by round\t")
	for _, label := range []string{asleep, awake, capacity, halfLoad} {
		for _, kind := range l.stores {
			runs := which(l.runs, func(r Run) bool { return r.Store == kind && r.Label == label })
			of := func(figure func(Run) float64) float64 { return median(each(runs, figure)) }
			asked := "closed"
			if rate := of(func(r Run) float64 { return r.Rate }); rate > 0 {
				asked = fmt.Sprintf("%.0f", rate)
			}
			p99 := each(runs, func(r Run) float64 { return r.P99 / 1000 })
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%s\t%s\t%.0f %%\t%.0f\t%s\t\n", label, kind, asked, of(func(r Run) float64 { return r.PerSecond }),
				ms(of(func(r Run) float64 { return r.P50 })), ms(of(func(r Run) float64 { return r.P99 })),
				100*of(func(r Run) float64 { return r.Idle }), of(func(r Run) float64 { return float64(r.Late) }), list("%.1f", p99))
		}
	}
	return w.Flush()
}
