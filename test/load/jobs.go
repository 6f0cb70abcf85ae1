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

// jobsOptions are those of jobs.
type jobsOptions struct {
	*options
	future, letters, beside, reminders, simulated *int
	idle                                          *time.Duration
}

// jobs measures what is to be done later: what it costs while nothing is due,
// and how fast a wave leaves when much is due at once, to a null operator and
// through the simulated one with its signed callbacks.
func jobs(ctx context.Context, args []string, out io.Writer) (err error) {
	o := jobsOptions{options: newOptions("jobs", "sqlite,postgres")}
	f := o.flags
	o.future = f.Int("future", 1_000_000, "jobs that are not due for a day or more")
	o.idle = f.Duration("idle", 20*time.Second, "how long the idle server is watched; 0 skips")
	o.letters = f.Int("wave", 100_000, "texts' jobs due at once, null operator; 0 skips")
	o.beside = f.Int("beside", 5_000, "texts' jobs due at once while people talk, null operator; 0 skips")
	o.reminders = f.Int("reminders", 20_000, "reminders due at once, null operator; 0 skips")
	o.simulated = f.Int("simulated", 10_000, "texts' jobs due at once, simulated operator; 0 skips")
	if err := o.parse(args); err != nil {
		return err
	}
	for _, n := range []int{*o.future, *o.letters, *o.beside, *o.reminders, *o.simulated} {
		if n < 0 || n > 10_000_000 {
			return errors.New("want 0 to 10000000 jobs")
		}
	}
	l, err := newLab(ctx, o.options, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if *o.idle > 0 {
		if err := l.idle(ctx, o); err != nil {
			return err
		}
	}
	return l.wavesOnAll(ctx, o)
}

// idle watches a server that has nothing to do, without and with jobs for
// later.
func (l *lab) idle(ctx context.Context, o jobsOptions) error {
	l.header(fmt.Sprintf("idle for %v: processor used, in share of one core", *o.idle))
	w := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "store\tjobs for later\tserver\tdatabase\ttogether\t")
	for _, kind := range l.stores {
		for _, future := range []int{0, *o.future} {
			u, err := l.watchIdle(ctx, kind, future, *o.idle)
			if err != nil {
				return fmt.Errorf("%s with %d jobs: %w", kind, future, err)
			}
			share := func(d time.Duration) float64 { return 100 * d.Seconds() / o.idle.Seconds() }
			l.keep(Run{Part: "idle", Store: kind, Label: fmt.Sprint(future), Round: 1,
				Server: µs(u.server) / o.idle.Seconds(), Database: µs(u.database) / o.idle.Seconds()})
			fmt.Fprintf(w, "%s\t%d\t%.2f %%\t%.2f %%\t%.2f %%\t\n", kind, future, share(u.server), share(u.database), share(u.server+u.database))
		}
	}
	return w.Flush()
}

// calm is how long a server is left alone before it is watched: it has just
// started.
const calm = 5 * time.Second

func (l *lab) watchIdle(ctx context.Context, kind string, future int, watched time.Duration) (u usage, err error) {
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return usage{}, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	if err := st.plan(ctx, future); err != nil {
		return usage{}, err
	}
	s, err := l.begin(ctx, st, operator.Null, texting.NewCrowd(0, 1), 1)
	if err != nil {
		return usage{}, err
	}
	defer s.end()
	if err := st.settle(ctx); err != nil {
		return usage{}, err
	}
	m := &meter{session: s}
	for _, step := range []struct {
		lasts time.Duration
		then  func()
	}{{calm, m.begin}, {watched, m.end}} {
		select {
		case <-ctx.Done():
			return usage{}, ctx.Err()
		case <-time.After(step.lasts):
			step.then()
		}
	}
	return m.used, nil
}

// plan makes the schema and adds jobs for later.
func (s *store) plan(ctx context.Context, future int) error {
	opened, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := opened.Close(); err != nil || future == 0 {
		return err
	}
	return fill.Future(ctx, s.dsn, future)
}
