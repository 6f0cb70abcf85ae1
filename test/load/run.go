package main

import (
	"time"

	"relais/test/load/texting"
)

// Run is one measured run, as -json writes it. Durations are in microseconds,
// costs per turn; what was not measured is absent.
type Run struct {
	Part        string `json:"part"`
	Store       string `json:"store"`
	Label       string `json:"label,omitempty"` // what sets it apart from its neighbours
	Round       int    `json:"round"`
	Connections int    `json:"connections,omitempty"`

	PerSecond float64 `json:"per_second,omitempty"` // turns answered; jobs done
	P50       float64 `json:"p50_us,omitempty"`
	P99       float64 `json:"p99_us,omitempty"`

	Server    float64 `json:"server_cpu_us,omitempty"`
	Database  float64 `json:"database_cpu_us,omitempty"`
	Generator float64 `json:"generator_cpu_us,omitempty"`
	Operator  float64 `json:"operator_cpu_us,omitempty"`
	Idle      float64 `json:"idle,omitempty"` // share of the machine, 0 to 1

	Rate      float64 `json:"asked_per_second,omitempty"` // open loop
	Late      int     `json:"late,omitempty"`             // texts begun more than 5 ms after their time
	Delivered float64 `json:"delivered_per_second,omitempty"`
	ReplyP50  float64 `json:"reply_p50_us,omitempty"` // text sent → reply at the operator
	ReplyP99  float64 `json:"reply_p99_us,omitempty"`
	Drain     float64 `json:"drain_us,omitempty"` // after the last text
	Silent    int     `json:"silent,omitempty"`   // turns whose reply never came
	Left      int     `json:"left,omitempty"`     // lines and due jobs after the run
	Twice     int     `json:"twice,omitempty"`    // texts at the operator beyond those the store says it took
	Failures  int     `json:"failures,omitempty"`
	Buffers   float64 `json:"buffers_per_turn,omitempty"` // pages touched, on Postgres
	Ratio     float64 `json:"ratio,omitempty"`            // to its yardstick in the same round
}

func µs(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// see fills in what the people who texted saw.
func (r *Run) see(o texting.Outcome) {
	r.PerSecond = o.PerSecond()
	r.P50, r.P99 = µs(texting.Quantile(o.Delays, 0.50)), µs(texting.Quantile(o.Delays, 0.99))
	r.Failures, r.Late, r.Silent = o.Failures, o.Late, o.Silent
	if o.Arrived > 0 {
		r.Delivered = o.ArrivedPerSecond()
		r.ReplyP50, r.ReplyP99 = µs(texting.Quantile(o.Replies, 0.50)), µs(texting.Quantile(o.Replies, 0.99))
		r.Drain = µs(o.Drain)
	}
}

// cost fills in what a run used, shared between its turns.
func (r *Run) cost(u usage, turns int) {
	if turns == 0 {
		return
	}
	each := func(d time.Duration) float64 { return µs(d) / float64(turns) }
	r.Server, r.Database, r.Generator, r.Operator = each(u.server), each(u.database), each(u.generator), each(u.operator)
	r.Idle = u.idle
}
