package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"relais/bot"
	"relais/test/load/fill"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

// wave is much that is due at once.
type wave struct {
	name string
	jobs int
	kind operator.Kind
	fill func(ctx context.Context, s bot.Store, first, count int, due time.Time) (texts int, err error)
	env  []string
	talk float64 // texts per second of those who talk meanwhile; 0: nobody does
}

const reminders = "reminders, null operator"

// waveTime is more than any wave takes.
const waveTime = 30 * time.Minute

// Those who talk meanwhile.
const (
	talkRate = 100 // their texts per second
	atOnce   = 8   // of them
)

// wavesOnAll lets every wave leave on every store, beside jobs for later.
func (l *lab) wavesOnAll(ctx context.Context, o jobsOptions) error {
	waves := []wave{
		{name: "texts, null operator", jobs: *o.letters, kind: operator.Null, fill: fill.Letters},
		{name: "texts, people talk", jobs: *o.beside, kind: operator.Null, fill: fill.Letters, talk: talkRate},
		{name: reminders, jobs: *o.reminders, kind: operator.Null, fill: fill.Reminders},
		{name: "texts, simulated operator", jobs: *o.simulated, kind: operator.Simulated, fill: fill.Letters},
	}
	l.header(fmt.Sprintf("a wave due at once beside %d jobs for later; those who talk meanwhile: %d at once, %d texts/s", *o.future, atOnce, talkRate))
	w := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "store\twave\tjobs\tjobs/s\ttexts\tout of order\ttwice\tleft\tserver\tdatabase\tidle\ttalk p99 ms\tmeanwhile\t×\tcallbacks ok\tnot\t")
	for _, kind := range l.stores {
		for _, v := range waves {
			undress, err := v.dress(l, time.Now())
			if err != nil {
				return err
			}
			defer undress()
			if v.jobs == 0 {
				continue
			}
			for round := range l.rounds {
				r, err := l.wave(ctx, kind, v, *o.future)
				if err != nil {
					return errors.Join(w.Flush(), fmt.Errorf("%s, %s: %w", kind, v.name, err))
				}
				r.write(w, v)
				r.Part, r.Label, r.Round = "wave", v.name, round+1
				l.keep(r.Run)
			}
		}
	}
	return w.Flush()
}

// dress gives reminders a territory in whose hours they may leave now. There is
// none on a Sunday or a holiday: they would wait for Monday, and are left out.
func (v *wave) dress(l *lab, now time.Time) (undress func(), err error) {
	if v.name != reminders || v.jobs == 0 {
		return func() {}, nil
	}
	document, open, err := atNoon(now)
	if err != nil {
		return nil, err
	}
	if !open {
		fmt.Fprintln(l.out, "LEFT OUT: reminders: none may leave on a Sunday or a public holiday")
		v.jobs = 0
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "relais-load-territory")
	if err != nil {
		return nil, err
	}
	v.env = []string{"RELAIS_TERRITORY=" + dir}
	return func() { _ = os.RemoveAll(dir) }, os.WriteFile(filepath.Join(dir, "territory.yaml"), document, 0o600)
}

// waveRun is what a wave gave.
type waveRun struct {
	Run
	texts, misordered, answered, refused int
	before                               float64 // p99 of those who talk, µs
}

// wave fills a store with what will be due at one instant, starts a server on
// it before that, and watches until everything has left.
func (l *lab) wave(ctx context.Context, kind string, v wave, future int) (r waveRun, err error) {
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return waveRun{}, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	if err := st.plan(ctx, future); err != nil {
		return waveRun{}, err
	}
	// People 0 to l.people-1 talk; those of the wave come after them.
	texts, due, err := l.prepare(ctx, st, v)
	if err != nil {
		return waveRun{}, err
	}
	s, err := l.begin(ctx, st, v.kind, texting.NewCrowd(0, l.people), l.people+v.jobs, v.env...)
	if err != nil {
		return waveRun{}, err
	}
	defer s.end()
	before, err := s.talkBefore(ctx, v)
	if err != nil {
		return waveRun{}, err
	}
	if time.Until(due) < time.Second {
		return waveRun{}, errors.New("the wave began while the server was being prepared: this machine is too slow for its size")
	}
	if r, err = s.surf(ctx, v, texts, due); err != nil {
		return waveRun{}, err
	}
	r.before = before.P99
	if err := s.account(ctx, &r.Run); err != nil {
		return waveRun{}, err
	}
	r.misordered = s.operator.Tally.Misordered()
	r.answered, r.refused = s.operator.Tally.Reports()
	return r, nil
}

// prepare stores the people of a wave that will be due once they are all there,
// the server runs, and its calm was measured.
func (l *lab) prepare(ctx context.Context, st *store, v wave) (texts int, due time.Time, err error) {
	filling, err := l.fillTime(ctx, st.kind, v)
	if err != nil {
		return 0, time.Time{}, err
	}
	opened, err := st.open(ctx)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	due = time.Now().Add(filling + filling/2 + startingTime + l.warmUp + l.duration)
	texts, err = v.fill(ctx, opened, l.people, v.jobs, due)
	return texts, due, err
}

const (
	sample       = 1000             // people are stored first, to learn how long all take
	startingTime = 20 * time.Second // for a server to start and people to meet it
)

// fillTime is how long it takes about to store the people of a wave.
func (l *lab) fillTime(ctx context.Context, kind string, v wave) (takes time.Duration, err error) {
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	opened, err := st.open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	began := time.Now()
	_, err = v.fill(ctx, opened, 0, sample, began.Add(time.Hour))
	return time.Since(began) * time.Duration(v.jobs) / sample, err
}

// surf waits for a wave and follows it until its last text has left, and every
// callback of it was answered.
func (s *session) surf(ctx context.Context, v wave, texts int, due time.Time) (waveRun, error) {
	select {
	case <-ctx.Done():
		return waveRun{}, ctx.Err()
	case <-time.After(time.Until(due)):
	}
	m := &meter{session: s}
	m.begin()
	over := make(chan struct{})
	var ended error
	go func() {
		defer close(over)
		ended = s.awaitWave(ctx, v, texts)
	}()
	r := waveRun{Run: Run{Store: s.store.kind}, texts: texts}
	err := s.talkMeanwhile(ctx, v, &r.Run, over)
	<-over
	m.end()
	r.cost(m.used, v.jobs) // per job, the talk's share included
	r.PerSecond = float64(v.jobs) / s.operator.Tally.Latest().Sub(due).Seconds()
	return r, errors.Join(err, ended)
}

// talkBefore lets people meet the service and talk while nothing else happens.
// Through the simulated operator nobody talks: its callbacks are counted, and
// theirs would be among them.
func (s *session) talkBefore(ctx context.Context, v wave) (Run, error) {
	if v.talk == 0 {
		return Run{}, s.store.settle(ctx)
	}
	if err := s.meet(ctx, true); err != nil {
		return Run{}, err
	}
	return s.open(ctx, v.talk, atOnce)
}

// talkMeanwhile lets people talk until the wave is over.
func (s *session) talkMeanwhile(ctx context.Context, v wave, r *Run, over <-chan struct{}) error {
	if v.talk == 0 {
		return nil
	}
	talk, err := texting.Open{
		Service: s.service, Crowd: s.crowd, Connections: atOnce, Rate: v.talk, For: waveTime, Until: over,
	}.Run()
	if errors.Is(err, texting.ErrSilence) && talk.Failures == 0 {
		return nil // the wave was over before anybody had spoken
	}
	if err != nil {
		return err
	}
	r.see(talk)
	r.Connections = atOnce
	return s.complain(ctx, talk)
}

// callbacks is how many the operator sends for one text: sent, delivered.
const callbacks = 2

// awaitWave waits until every text of a wave has arrived, or nothing moves.
func (s *session) awaitWave(ctx context.Context, v wave, texts int) error {
	tally := s.operator.Tally
	moved, last := time.Now(), 0
	for {
		done, wanted := 0, texts
		if v.kind == operator.Null {
			done = tally.Reached(s.lab.people, v.jobs)
		} else {
			answered, refused := tally.Reports()
			done, wanted = answered+refused, callbacks*texts
		}
		if done >= wanted {
			return nil
		}
		if done > last {
			moved, last = time.Now(), done
		}
		if time.Since(moved) > patience {
			return fmt.Errorf("the wave stands still: %d of %d", done, wanted)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (r waveRun) write(w *tabwriter.Writer, v wave) {
	times := 0.0
	if r.before > 0 {
		times = r.P99 / r.before
	}
	fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%d\t%d\t%d\t%d\t%s\t%s\t%.0f %%\t%s\t%s\t%.2f\t%d\t%d\t\n", r.Store, v.name, v.jobs, r.PerSecond, r.texts,
		r.misordered, r.Twice, r.Left, cost(r.Server), cost(r.Database), 100*r.Idle, ms(r.before), ms(r.P99), times, r.answered, r.refused)
}
