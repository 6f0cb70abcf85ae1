package engine_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"relais/bot"
	"relais/bot/engine"
)

// archive is an operator's list. It notes how far back it was asked.
type archive struct {
	clock *clock
	texts []engine.Arrival // oldest first
	away  bool

	mu   sync.Mutex
	from []time.Time // of each list asked for since the last look
}

func (a *archive) Received(_ context.Context, from, until time.Time) ([]engine.Arrival, error) {
	a.mu.Lock()
	a.from = append(a.from, from)
	a.mu.Unlock()
	if a.away {
		return nil, errors.New("no answer")
	}
	var found []engine.Arrival
	for _, text := range a.texts {
		if !text.Event.At.Before(from) && !text.Event.At.After(until) {
			found = append(found, text)
		}
	}
	return found, nil
}

// text puts a text on the operator's list, which nothing brings to us.
func (a *archive) text(person int, body string) engine.Arrival {
	event := said(int64(1000+len(a.texts)), body)
	event.At = a.clock.Now().Truncate(time.Second)
	arrival := engine.Arrival{From: phone(person).Address, Event: event}
	a.texts = append(a.texts, arrival)
	return arrival
}

// furthest is how far back it was asked, and forgets it.
func (a *archive) furthest() time.Duration {
	from := slices.MinFunc(a.from, time.Time.Compare)
	a.from = nil
	return a.clock.Now().Sub(from)
}

// reconciling is an engine under a clock whose jobs run one by one, in Step.
func reconciling(t *testing.T) (*engine.Engine, *archive) {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	a := &archive{clock: c}
	e := open(t, func(config *engine.Config) { config.Clock, config.Archive, config.Idle = c.Now, a, true })
	e.BeginReconciling(t.Context())
	step(t, e)
	a.from = nil
	return e, a
}

func step(t *testing.T, e *engine.Engine) (next time.Time) {
	t.Helper()
	next, err := e.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// heard lists what is kept of what a person said.
func heard(t *testing.T, e *engine.Engine, person int) []string {
	t.Helper()
	loaded, err := e.Store.Load(t.Context(), phone(person))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := e.Store.History(t.Context(), bot.HistoryQuery{Conversation: loaded.Conversation.ID})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, l := range lines {
		if l.From == bot.FromPerson {
			texts = append(texts, string(l.Text))
		}
	}
	return texts
}

// figure reads one of the engine's figures, 0 when it is not shown.
func figure(t *testing.T, e *engine.Engine, name string, labels ...string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(e.Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.Metric {
			var values []string
			for _, l := range m.Label {
				values = append(values, l.GetValue())
			}
			if family.GetName() == name && slices.Equal(values, labels) {
				return value(m)
			}
		}
	}
	return 0
}

func value(m *dto.Metric) float64 {
	if m.Histogram != nil {
		return float64(m.Histogram.GetSampleCount())
	}
	return m.GetCounter().GetValue() + m.GetGauge().GetValue()
}

func TestWhatNeverReachedUsIsTakenInOnceAMinute(t *testing.T) {
	e, a := reconciling(t)
	for n := range 3 {
		a.text(1, fmt.Sprintf("perdu %d", n))
		a.clock.move(time.Second)
	}
	reached := a.text(2, "arrivé")
	if _, err := e.Receive(t.Context(), bot.Ref{Address: reached.From}, reached.Event); err != nil {
		t.Fatal(err)
	}
	if due := step(t, e); due.Sub(a.clock.Now()) > time.Minute {
		t.Errorf("the next comparison is at %v", due)
	}
	if len(heard(t, e, 1)) != 0 {
		t.Error("taken in before its minute")
	}
	a.clock.move(time.Minute)
	step(t, e)
	if got := heard(t, e, 1); !slices.Equal(got, []string{"perdu 0", "perdu 1", "perdu 2"}) {
		t.Errorf("heard %q", got)
	}
	a.clock.move(time.Minute)
	step(t, e)
	if got := heard(t, e, 1); len(got) != 3 {
		t.Errorf("heard again: %q", got)
	}
	if got := heard(t, e, 2); len(got) != 1 {
		t.Errorf("what had arrived was taken in again: %q", got)
	}
	if n := figure(t, e, "relais_reconciled_total"); n != 3 {
		t.Errorf("%v counted, want 3", n)
	}
	if back := a.furthest(); back < 15*time.Minute || back > 20*time.Minute {
		t.Errorf("it looked %v back", back)
	}
}

func TestAStartLooksAtTheLastMinutes(t *testing.T) {
	e, a := reconciling(t)
	a.text(1, "perdu")
	e.BeginReconciling(t.Context()) // another start
	if got := heard(t, e, 1); len(got) != 1 {
		t.Errorf("heard %q", got)
	}
	if back := a.furthest(); back != 15*time.Minute {
		t.Errorf("it looked %v back", back)
	}
}

func TestHowFarAComparisonGoesBack(t *testing.T) {
	tests := []struct {
		name     string
		outage   time.Duration
		from, to time.Duration // how far back it looks
	}{
		{"a minute later: what may still come in late", time.Minute, 15 * time.Minute, 16 * time.Minute},
		{"after an outage: all of it", 30 * time.Hour, 30 * time.Hour, 31 * time.Hour},
		{"after a month: a week", 30 * 24 * time.Hour, 7 * 24 * time.Hour, 7 * 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, a := reconciling(t)
			a.clock.move(tt.outage)
			step(t, e)
			if back := a.furthest(); back < tt.from || back > tt.to {
				t.Errorf("it looked %v back, want %v to %v", back, tt.from, tt.to)
			}
		})
	}
}

func TestAStoreThatNeverComparedLooksADayBack(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	a := &archive{clock: c}
	e := open(t, func(config *engine.Config) { config.Clock, config.Archive, config.Idle = c.Now, a, true })
	e.BeginReconciling(t.Context())
	step(t, e)
	if back := a.furthest(); back != 24*time.Hour {
		t.Errorf("it looked %v back", back)
	}
}

// An operator that is away at a start is looked for twice at once, and spoken of
// once.
func TestAnOperatorThatIsAwayAtTheStart(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	a := &archive{clock: c, away: true}
	var log bytes.Buffer
	e := open(t, func(config *engine.Config) {
		config.Clock, config.Archive, config.Idle, config.Log = c.Now, a, true, slog.New(slog.NewTextHandler(&log, nil))
	})
	e.BeginReconciling(t.Context())
	step(t, e)
	if said := strings.Count(log.String(), "comparing with the operator failed"); said != 1 || len(a.from) != 2 {
		t.Errorf("asked %d times, said %d times:\n%s", len(a.from), said, log.String())
	}
}

// What an operator could not tell in one minute is asked for in the next.
func TestAnOperatorThatIsAway(t *testing.T) {
	e, a := reconciling(t)
	a.text(1, "perdu")
	a.away = true
	for range 60 {
		a.clock.move(time.Minute)
		step(t, e)
	}
	a.from, a.away = nil, false
	a.clock.move(time.Minute)
	step(t, e)
	if got := heard(t, e, 1); len(got) != 1 {
		t.Errorf("heard %q", got)
	}
	if back := a.furthest(); back < time.Hour {
		t.Errorf("it looked %v back after an hour without an answer", back)
	}
}

func TestNobodyIsAnsweredInTheNightForWhatTheyWroteInTheEvening(t *testing.T) {
	e, a := reconciling(t)
	a.clock.move(9*time.Hour + 30*time.Minute) // 19:30 in Paris
	a.away = true
	for person, body := range []string{"Bonjour", "STOP", "j'ai envie de mourir"} {
		a.text(person, body)
	}
	step(t, e)
	a.clock.move(2 * time.Hour) // 21:30
	a.away = false
	a.text(3, "Vous êtes là ?")
	a.clock.move(time.Minute)
	step(t, e)
	for person, want := range []int{0, 1, 1, 1} { // danger, STOP and who is awake do not wait
		if got := heard(t, e, person); len(got) != want {
			t.Errorf("at night, person %d: heard %q", person, got)
		}
	}
	for range 12 {
		a.clock.move(time.Hour)
		step(t, e)
	}
	if got := heard(t, e, 0); len(got) != 1 {
		t.Errorf("in the morning: heard %q", got)
	}
}

// Two instances that compare at once take a text in once.
func TestTwoComparisonsAtOnce(t *testing.T) {
	e, a := reconciling(t)
	for person := range 20 {
		a.text(person, "perdu")
	}
	a.clock.move(10 * time.Second)
	done := make(chan struct{})
	go func() { defer close(done); e.BeginReconciling(t.Context()) }()
	e.BeginReconciling(t.Context())
	<-done
	for person := range 20 {
		if got := heard(t, e, person); len(got) != 1 {
			t.Errorf("person %d: heard %q", person, got)
		}
	}
	if n := figure(t, e, "relais_reconciled_total"); n != 20 {
		t.Errorf("%v counted, want 20", n)
	}
}

// endlessList is an operator whose list takes for ever, but for the first one.
type endlessList struct {
	asked chan struct{}
	calls atomic.Int64
}

func (a *endlessList) Received(ctx context.Context, _, _ time.Time) ([]engine.Arrival, error) {
	if a.calls.Add(1) == 1 {
		return nil, nil
	}
	a.asked <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// A comparison under way does not hold up a stop: open's cleanup waits for it.
func TestAStopEndsAComparison(t *testing.T) {
	a := &endlessList{asked: make(chan struct{})}
	open(t, func(c *engine.Config) { c.Archive = a })
	<-a.asked
}

// cutter ends a context at its second read: a stop in the middle of a list.
type cutter struct {
	cut   func()
	reads int
}

func (c *cutter) Read(p []byte) (int, error) {
	if c.reads++; c.reads == 2 {
		c.cut()
	}
	return rand.Read(p)
}

// What a stop leaves undone is not taken for seen to.
func TestAComparisonCutShortTellsHowFarItCame(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	a := &archive{clock: c}
	cutting, cut := context.WithCancel(t.Context())
	e := open(t, func(config *engine.Config) {
		config.Clock, config.Archive, config.Idle, config.Random = c.Now, a, true, &cutter{cut: cut}
	})
	for person := range 4 {
		a.text(person, "perdu")
		c.move(time.Second)
	}
	began := a.texts[0].Event.At
	seen, err := e.Compare(cutting, began, c.Now())
	if err == nil || len(heard(t, e, 0)) != 1 || seen.After(a.texts[1].Event.At) {
		t.Errorf("seen to until %v (%v), the second text is of %v", seen, err, a.texts[1].Event.At)
	}
	if seen, err = e.Compare(t.Context(), seen, c.Now()); err != nil || !seen.Equal(c.Now()) {
		t.Errorf("the next one: until %v (%v)", seen, err)
	}
	for person := range 4 {
		if got := heard(t, e, person); len(got) != 1 {
			t.Errorf("person %d: heard %q", person, got)
		}
	}
}
