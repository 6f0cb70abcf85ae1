package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"relais/bot"
)

// statistics is what a store counts of what waits in it.
type statistics interface {
	Statistics(ctx context.Context, now time.Time) (bot.Statistics, error)
}

// waiting shows what waits in the store. The store is asked when somebody looks,
// at most every few seconds; one that is away is told as such, and what waited
// in it is then not told at all.
type waiting struct {
	store statistics
	now   func() time.Time

	mu    sync.Mutex
	asked time.Time
	last  bot.Statistics
	up    bool
}

const (
	askEvery  = 5 * time.Second
	askWithin = 2 * time.Second
)

var (
	storeUp    = prometheus.NewDesc("relais_store_up", "Whether the store answers.", nil, nil)
	jobs       = prometheus.NewDesc("relais_jobs", "Jobs due and not done, counted up to 100,000 in each lane.", []string{"lane"}, nil)
	jobOldest  = prometheus.NewDesc("relais_job_oldest_seconds", "How long the first due job of a lane has been due; 0 when none is.", []string{"lane"}, nil)
	queued     = prometheus.NewDesc("relais_queue_conversations", "Conversations that wait for an adviser of a team.", []string{"organisation", "team"}, nil)
	queuedLong = prometheus.NewDesc("relais_queue_oldest_seconds", "How long the first of them has waited.", []string{"organisation", "team"}, nil)
)

// Describe names the figures.
func (w *waiting) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storeUp, jobs, jobOldest, queued, queuedLong} {
		out <- d
	}
}

// Collect gives them.
func (w *waiting) Collect(out chan<- prometheus.Metric) {
	found, up, now := w.ask()
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	show(storeUp, number(up))
	if !up {
		return
	}
	for lane, backlog := range found.Lanes {
		show(jobs, float64(backlog.Due), bot.Lane(lane).String())
		show(jobOldest, age(backlog.Oldest, now), bot.Lane(lane).String())
	}
	for _, q := range found.Queues {
		show(queued, float64(q.Conversations), q.Organisation, q.Team)
		show(queuedLong, age(q.Oldest, now), q.Organisation, q.Team)
	}
}

// ask asks the store, or answers as it did a moment ago.
func (w *waiting) ask() (found bot.Statistics, up bool, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now = w.now()
	if !w.asked.IsZero() && now.Sub(w.asked) < askEvery {
		return w.last, w.up, now
	}
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	found, err := w.store.Statistics(ctx, bot.Microseconds(now))
	w.asked, w.last, w.up = now, found, err == nil
	return found, w.up, now
}

func age(since, now time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}
