package engine

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"relais/bot"
)

// metrics is what an engine measures of itself besides its Counts. Whatever a
// turn touches is resolved once, here: BenchmarkMetrics holds its price.
type metrics struct {
	stages       *prometheus.HistogramVec
	queue        prometheus.Observer // waiting for the events of the same conversation that came before
	load         prometheus.Observer // reading the conversation
	turn         prometheus.Observer // deciding
	commit       prometheus.Observer // until it is durable, the wait for the group before included
	send         prometheus.Observer // until the operator has answered
	group        prometheus.Histogram
	sends        *prometheus.CounterVec
	reconciled   prometheus.Counter
	reconciledAt prometheus.Gauge
}

func newMetrics() *metrics {
	stages := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "relais_stage_seconds", Help: "Time spent in each stage of a turn, and in sending a text.",
		Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"stage"})
	return &metrics{
		stages: stages,
		queue:  stages.WithLabelValues("queue"),
		load:   stages.WithLabelValues("load"),
		turn:   stages.WithLabelValues("turn"),
		commit: stages.WithLabelValues("commit"),
		send:   stages.WithLabelValues("send"),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relais_commit_group_size", Help: "Turns made durable by one commit.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64},
		}),
		sends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relais_sends_total", Help: "Texts handed to an operator, by what it answered.",
		}, []string{"channel", "outcome"}),
		reconciled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relais_reconciled_total", Help: "Texts that the operator had received and that reached us only because we asked.",
		}),
		reconciledAt: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relais_reconciled_timestamp_seconds", Help: "When this instance last compared the operator's list with its own; 0 when it never did.",
		}),
	}
}

// stopwatch times stages that follow one another.
type stopwatch struct{ last time.Time }

// watch starts a stopwatch. It runs on the machine's clock, whatever the
// engine's says.
func (m *metrics) watch() stopwatch { return stopwatch{time.Now()} }

// lap ends a stage; the next one begins.
func (w *stopwatch) lap(stage prometheus.Observer) {
	now := time.Now()
	stage.Observe(now.Sub(w.last).Seconds())
	w.last = now
}

// sent counts a text that an operator was handed when w was started.
func (m *metrics) sent(w stopwatch, channel bot.Channel, err error) {
	w.lap(m.send)
	outcome := "accepted"
	if err != nil {
		outcome = string(bot.SendUnknown)
		if failure, ok := errors.AsType[*bot.SendError](err); ok {
			outcome = string(failure.Kind)
		}
	}
	m.sends.WithLabelValues(string(channel), outcome).Inc()
}
