package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"relais/test/load/fill"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

// growthOptions are those of growth.
type growthOptions struct {
	*options
	lines    *[]int
	at       *int
	long     *int
	longRate *float64
}

// growth measures the same people texting while more and more lines of others
// are stored, and people with a long past beside people with a short one.
// Replies are held: what is stored is at stake, not how texts leave.
func growth(ctx context.Context, args []string, out io.Writer) (err error) {
	o := growthOptions{options: newOptions("growth", "sqlite,postgres")}
	o.lines = o.numbers("lines", "lines stored; 0 skips", 0, 100_000_000, 10_000, 1_000_000)
	o.at = o.flags.Int("c", loaded, "people who text at once")
	o.long = o.flags.Int("long", 2000, "lines of a long conversation, beside 20; 0 skips")
	o.longRate = o.flags.Float64("rate", 300, "texts per second for that comparison")
	if err := o.parse(args); err != nil {
		return err
	}
	if *o.at < 1 || *o.at > 1024 || *o.long < 0 || *o.long > 100_000 || *o.longRate <= 0 {
		return errors.New("-c: want 1 to 1024; -long: want 0 to 100000; -rate: want more than 0")
	}
	l, err := newLab(ctx, o.options, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if (*o.lines)[0] > 0 {
		if err := l.grow(ctx, o); err != nil {
			return err
		}
	}
	if *o.long > 0 {
		return l.pasts(ctx, o)
	}
	return nil
}

// filled is a store that runs copy, and the people who have met it.
type filled struct {
	store *store
	crowd *texting.Crowd
	lines int
}

// grow fills every store once, then runs on copies, interleaved.
func (l *lab) grow(ctx context.Context, o growthOptions) (err error) {
	l.header(fmt.Sprintf("growth: the same %d people, %d at once, replies held, with so many lines of others stored", l.people, *o.at))
	var originals []filled
	defer func() {
		for _, f := range originals {
			err = errors.Join(err, f.store.remove(ctx))
		}
	}()
	for _, lines := range *o.lines {
		for _, kind := range l.stores {
			began := time.Now()
			f, err := l.fill(ctx, kind, lines)
			if err != nil {
				return err
			}
			originals = append(originals, f)
			fmt.Fprintf(l.out, "   filled %s with %d lines in %.0f s\n", kind, lines, time.Since(began).Seconds())
		}
	}
	for round := range o.rounds {
		for _, f := range originals {
			r, err := l.runFilled(ctx, f, *o.at)
			if err != nil {
				return fmt.Errorf("%s with %d lines: %w", f.store.kind, f.lines, err)
			}
			r.Part, r.Label, r.Round = "growth", fmt.Sprint(f.lines), round+1
			l.keep(r)
		}
	}
	return growthTable(l, *o.lines)
}

// fill makes a store with strangers in it, lets the people of the benchmark
// meet it, and leaves it closed.
func (l *lab) fill(ctx context.Context, kind string, lines int) (filled, error) {
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return filled{}, err
	}
	f := filled{store: st, crowd: texting.NewCrowd(0, l.people), lines: lines}
	s, err := l.begin(ctx, st, operator.Null, f.crowd, l.people, held)
	if err != nil {
		return filled{}, errors.Join(err, st.remove(ctx))
	}
	err = s.meet(ctx, false)
	s.end()
	if err == nil {
		err = fill.Strangers(ctx, st.dsn, lines)
	}
	if err != nil {
		return filled{}, errors.Join(err, st.remove(ctx))
	}
	return f, nil
}

// statisticsLag is how late Postgres adds up what its processes touched.
const statisticsLag = 1500 * time.Millisecond

// runFilled is one run on a copy.
func (l *lab) runFilled(ctx context.Context, f filled, connections int) (r Run, err error) {
	st, err := f.store.copy(ctx)
	if err != nil {
		return Run{}, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	s, err := l.begin(ctx, st, operator.Null, f.crowd.Again(), l.people, held)
	if err != nil {
		return Run{}, err
	}
	defer s.end()
	if err := st.settle(ctx); err != nil {
		return Run{}, err
	}
	touched, err := s.touched(ctx)
	if err != nil {
		return Run{}, err
	}
	before := s.crowd.Texts()
	if r, err = s.closed(ctx, connections, false); err != nil {
		return Run{}, err
	}
	after, err := s.touched(ctx)
	if err != nil {
		return Run{}, err
	}
	r.Buffers = float64(after-touched) / float64(s.crowd.Texts()-before)
	return r, nil
}

// touched is how many pages the database has touched, once it has added them
// up; 0 on SQLite, which does not count them.
func (s *session) touched(ctx context.Context) (int, error) {
	if s.store.kind != onPostgres {
		return 0, nil
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(statisticsLag):
	}
	return s.store.cluster.Touched(ctx, s.store.at)
}

func growthTable(l *lab, sizes []int) error {
	w := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "store\tlines\tturns/s\tspread\tp50 ms\tp99 ms\tserver\tdatabase\tidle\tpages/turn\t× fewest lines\trounds\t")
	for _, kind := range l.stores {
		var fewest []Run
		for _, lines := range sizes {
			runs := which(l.runs, func(r Run) bool { return r.Part == "growth" && r.Store == kind && r.Label == fmt.Sprint(lines) })
			if fewest == nil {
				fewest = runs
			}
			of := func(figure func(Run) float64) float64 { return median(each(runs, figure)) }
			rate := func(r Run) float64 { return r.PerSecond }
			pages := "–"
			if n := of(func(r Run) float64 { return r.Buffers }); n > 0 {
				pages = fmt.Sprintf("%.1f", n)
			}
			fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f %%\t%s\t%s\t%s\t%s\t%.0f %%\t%s\t%.2f\t%s\t\n", kind, lines, of(rate), 100*spread(each(runs, rate)),
				ms(of(func(r Run) float64 { return r.P50 })), ms(of(func(r Run) float64 { return r.P99 })),
				cost(of(func(r Run) float64 { return r.Server })), cost(of(func(r Run) float64 { return r.Database })),
				100*of(func(r Run) float64 { return r.Idle }), pages, median(ratios(runs, fewest, rate)), list("%.0f", each(runs, rate)))
		}
	}
	return w.Flush()
}
