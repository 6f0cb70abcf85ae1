package engine

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Counts is what an engine has done since it started.
type Counts struct {
	Turns, Seen, Conflicts, Refused, Failed, Groups, Sent, SendFailures, Unknown atomic.Int64
}

// Counts gives the counters.
func (e *Engine) Counts() *Counts { return &e.counts }

// Collectors are the engine's figures, for a registry of Prometheus. Their
// labels take a handful of values that the program knows; no label names
// anybody.
func (e *Engine) Collectors() []prometheus.Collector {
	c, m := &e.counts, e.metrics
	return []prometheus.Collector{
		turns("committed", &c.Turns), turns("seen", &c.Seen), turns("refused", &c.Refused), turns("failed", &c.Failed),
		counter("relais_turn_conflicts_total", "Turns run again because what they relied on had changed.", nil, &c.Conflicts),
		m.stages, m.group, m.sends, m.reconciled, m.reconciledAt,
	}
}

func turns(result string, n *atomic.Int64) prometheus.Collector {
	return counter("relais_turns_total", "Events received, by what became of them: committed, seen before, refused, or failed and to be sent again.",
		prometheus.Labels{"result": result}, n)
}

// counter shows a number that is counted anyway.
func counter(name, help string, labels prometheus.Labels, n *atomic.Int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
		func() float64 { return float64(n.Load()) })
}
