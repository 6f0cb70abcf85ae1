package engine_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"relais/bot"
	"relais/bot/engine"
)

func TestFigures(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendPermanent, Code: 21211})
	e, _ := delivering(t, o)
	for person, want := range []bot.Delivery{bot.Failed, bot.Accepted} {
		result, err := e.Receive(t.Context(), phone(person), said(int64(person), "Bonjour"))
		if err != nil {
			t.Fatal(err)
		}
		lineAt(t, e, result.Conversation, 2, want)
	}
	if _, err := e.Receive(t.Context(), phone(1), said(1, "Bonjour")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		name   string
		labels []string
		least  float64
	}{
		{"relais_turns_total", []string{"committed"}, 2},
		{"relais_turns_total", []string{"seen"}, 1},
		{"relais_sends_total", []string{"sms", "permanent"}, 1},
		{"relais_sends_total", []string{"sms", "accepted"}, 1},
		{"relais_commit_group_size", nil, 3},
		{"relais_stage_seconds", []string{"queue"}, 3},
		{"relais_stage_seconds", []string{"load"}, 3},
		{"relais_stage_seconds", []string{"turn"}, 3},
		{"relais_stage_seconds", []string{"commit"}, 3},
		{"relais_stage_seconds", []string{"send"}, 2},
	} {
		if got := figure(t, e, want.name, want.labels...); got < want.least {
			t.Errorf("%s%q is %v, want %v at least", want.name, want.labels, got, want.least)
		}
	}
	if failed := figure(t, e, "relais_turns_total", "failed"); failed != 0 {
		t.Errorf("%v turns failed", failed)
	}
}

func TestFiguresAreWellNamed(t *testing.T) {
	e := open(t, func(c *engine.Config) { c.Idle = true })
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(e.Collectors()...)
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// BenchmarkMetrics is what one turn costs to be measured: at most 1 µs.
func BenchmarkMetrics(b *testing.B) {
	for _, callers := range []int{1, 32} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(callers)
			measure := engine.MeasureTurn()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					measure()
				}
			})
		})
	}
}
