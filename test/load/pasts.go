package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"relais/test/load/fill"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

const (
	shortPast = 20
	talkers   = 800 // of each sort: enough for nobody to text too often
)

// pasts lets people with a long past text, and people with a short one, in
// turn, at the same rate on the same server.
func (l *lab) pasts(ctx context.Context, o growthOptions) error {
	l.header(fmt.Sprintf("a conversation of %d lines beside one of %d: %.0f texts/s, replies held", *o.long, shortPast, *o.longRate))
	for _, kind := range l.stores {
		if err := l.pastsOn(ctx, kind, o); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	w := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "store\tlines each\tp50 ms\tp99 ms\tserver\tdatabase\tp50 × short\tCPU × short\t")
	for _, kind := range l.stores {
		of := func(lines int) []Run {
			return which(l.runs, func(r Run) bool { return r.Part == "pasts" && r.Store == kind && r.Label == fmt.Sprint(lines) })
		}
		for _, lines := range []int{shortPast, *o.long} {
			runs := of(lines)
			m := func(figure func(Run) float64) float64 { return median(each(runs, figure)) }
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%.2f\t%.2f\t\n", kind, lines,
				ms(m(func(r Run) float64 { return r.P50 })), ms(m(func(r Run) float64 { return r.P99 })),
				cost(m(func(r Run) float64 { return r.Server })), cost(m(func(r Run) float64 { return r.Database })),
				median(ratios(runs, of(shortPast), func(r Run) float64 { return r.P50 })),
				median(ratios(runs, of(shortPast), func(r Run) float64 { return r.Server + r.Database })))
		}
	}
	return w.Flush()
}

func (l *lab) pastsOn(ctx context.Context, kind string, o growthOptions) (err error) {
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	if err := l.fillPasts(ctx, st, *o.long); err != nil {
		return err
	}
	everybody := texting.NewCrowd(0, 2*talkers)
	s, err := l.begin(ctx, st, operator.Null, everybody, 2*talkers, held)
	if err != nil {
		return err
	}
	defer s.end()
	if err := s.meet(ctx, false); err != nil {
		return err
	}
	sorts := map[int]*texting.Crowd{shortPast: everybody.Within(0, talkers), *o.long: everybody.Within(talkers, 2*talkers)}
	for round := range o.rounds {
		for _, lines := range []int{shortPast, *o.long} {
			s.crowd = sorts[lines]
			r, err := s.open(ctx, *o.longRate, openConns)
			if err != nil {
				return err
			}
			r.Part, r.Label, r.Round = "pasts", fmt.Sprint(lines), round+1
			l.keep(r)
		}
	}
	return nil
}

func (l *lab) fillPasts(ctx context.Context, st *store, long int) (err error) {
	opened, err := st.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := fill.Talkers(ctx, opened, 0, talkers, shortPast); err != nil {
		return err
	}
	return fill.Talkers(ctx, opened, talkers, talkers, long)
}
