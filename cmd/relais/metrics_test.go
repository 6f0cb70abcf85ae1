package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"relais/bot"
	"relais/bot/bus"
)

// counted is a store that answers what the test says.
type counted struct {
	found bot.Statistics
	err   error
	asked int
}

func (c *counted) Statistics(context.Context, time.Time) (bot.Statistics, error) {
	c.asked++
	return c.found, c.err
}

var nine = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestWhatWaitsIsShown(t *testing.T) {
	now := nine
	store := &counted{found: bot.Statistics{
		Lanes:  [4]bot.Backlog{bot.LaneReply: {Due: 7, Oldest: now.Add(-90 * time.Second)}},
		Queues: []bot.Queued{{Organisation: "departement", Team: "accueil", Conversations: 2, Oldest: now.Add(-time.Hour)}},
	}}
	w := &waiting{store: store, now: func() time.Time { return now }}
	check := func(want string, names ...string) {
		t.Helper()
		if err := testutil.CollectAndCompare(w, strings.NewReader(want), names...); err != nil {
			t.Error(err)
		}
	}
	const full = `
# HELP relais_job_oldest_seconds How long the first due job of a lane has been due; 0 when none is.
# TYPE relais_job_oldest_seconds gauge
relais_job_oldest_seconds{lane="bulk"} 0
relais_job_oldest_seconds{lane="crisis"} 0
relais_job_oldest_seconds{lane="notice"} 0
relais_job_oldest_seconds{lane="reply"} 90
# HELP relais_jobs Jobs due and not done, counted up to 100,000 in each lane.
# TYPE relais_jobs gauge
relais_jobs{lane="bulk"} 0
relais_jobs{lane="crisis"} 0
relais_jobs{lane="notice"} 0
relais_jobs{lane="reply"} 7
# HELP relais_queue_conversations Conversations that wait for an adviser of a team.
# TYPE relais_queue_conversations gauge
relais_queue_conversations{organisation="departement",team="accueil"} 2
# HELP relais_queue_oldest_seconds How long the first of them has waited.
# TYPE relais_queue_oldest_seconds gauge
relais_queue_oldest_seconds{organisation="departement",team="accueil"} 3600
# HELP relais_store_up Whether the store answers.
# TYPE relais_store_up gauge
relais_store_up 1
`
	check(full)
	store.found = bot.Statistics{}
	now = now.Add(askEvery - time.Millisecond)
	check("# HELP relais_jobs Jobs due and not done, counted up to 100,000 in each lane.\n# TYPE relais_jobs gauge\n"+
		`relais_jobs{lane="bulk"} 0
relais_jobs{lane="crisis"} 0
relais_jobs{lane="notice"} 0
relais_jobs{lane="reply"} 7
`, "relais_jobs")
	if store.asked != 1 {
		t.Errorf("the store was asked %d times within %v", store.asked, askEvery)
	}

	// A store that is away is told as such, and nothing stale beside it.
	store.err = errors.New("no connection")
	now = now.Add(time.Second)
	check("# HELP relais_store_up Whether the store answers.\n# TYPE relais_store_up gauge\nrelais_store_up 0\n")
	store.err = nil
	now = now.Add(askEvery)
	check("# HELP relais_store_up Whether the store answers.\n# TYPE relais_store_up gauge\nrelais_store_up 1\n", "relais_store_up")
}

func TestFiguresAreWellNamed(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	queues := []bot.Queued{{Organisation: "o", Team: "t", Conversations: 1, Oldest: nine}}
	registry.MustRegister(&waiting{store: &counted{found: bot.Statistics{Queues: queues}}, now: time.Now},
		buildInfo(), busUp(&bus.Local{}), sockets("chat", func() int { return 3 }), sockets("console", func() int { return 0 }))
	registry.MustRegister(busCounts(&bus.Counts{})...)
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// away is a bus that has lost the other instances.
type away struct{ bus.Local }

func (*away) Healthy() bool { return false }

func TestBusUp(t *testing.T) {
	if up := testutil.ToFloat64(busUp(&bus.Local{})); up != 1 {
		t.Errorf("a bus within the process is %v", up)
	}
	if up := testutil.ToFloat64(busUp(&away{})); up != 0 {
		t.Errorf("a bus that is away is %v", up)
	}
}

// lastCompared reads when the engine last compared its list with the operator's.
func lastCompared(t *testing.T, v *village) time.Time {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(v.engine.Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "relais_reconciled_timestamp_seconds" {
			return time.Unix(int64(family.Metric[0].GetGauge().GetValue()), 0)
		}
	}
	t.Fatal("no such figure")
	return time.Time{}
}
