package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"relais/bot"
	"relais/bot/engine"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/flows"
	"relais/handoff"
)

var builtin = sync.OnceValues(func() (*flows.Library, []flows.Fault) {
	return flows.Load(flows.Builtin(), flows.DefaultSamples())
})

// open returns an engine at work on an empty SQLite store that has the
// demonstration's territory and the built-in flows.
func open(tb testing.TB, change func(*engine.Config)) *engine.Engine {
	tb.Helper()
	ctx := context.Background()
	keys, err := seal.NewKeyring(make([]byte, seal.MasterSize))
	if err != nil {
		tb.Fatal(err)
	}
	store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(tb.TempDir(), "relais.db"), Keys: keys})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := store.SaveTerritory(ctx, handoff.Doubs); err != nil {
		tb.Fatal(err)
	}
	library, faults := builtin()
	for _, fault := range faults {
		tb.Error(fault)
	}
	if library == nil {
		tb.FailNow()
	}
	var versions []bot.Version
	for name, flow := range library.Flows {
		versions = append(versions, bot.Version{Name: name, Hash: flow.Hash, Files: library.Files(name)})
	}
	if _, err := store.Publish(ctx, versions); err != nil {
		tb.Fatal(err)
	}
	config := engine.Config{Store: store, Flows: engine.NewFlows(store, library), Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&config)
	}
	e := engine.New(config)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- e.Run(running) }()
	tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

func phone(n int) bot.Ref {
	return bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: fmt.Sprintf("+336%08d", n)}}
}

func said(id int64, text string) bot.Event {
	return bot.Event{Source: "twilio", ID: fmt.Sprintf("SM%032d", id), What: bot.Said{Text: bot.Text(text)}}
}

// BenchmarkReceive is one event from the door to its durable reply, 32 people
// at once, without HTTP; replies stay in the outbox.
func BenchmarkReceive(b *testing.B) {
	answers := []string{"Bonjour", "oui", "5", "besançon", "1990", "1", "1", "2", "1", "5", "2"}
	for _, people := range []int{1, 32} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			e := open(b, func(c *engine.Config) { c.Idle = true })
			var next atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range people {
				wg.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						// Everybody in a block of 2,000 takes one step before the next.
						text := answers[int(n)/2000%len(answers)]
						person := int(n)%2000 + int(n)/(2000*len(answers))*2000
						if _, err := e.Receive(b.Context(), phone(person), said(n, text)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "turns/s")
		})
	}
}
