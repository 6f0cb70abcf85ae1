package bus_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/test/redistest"
)

var key = []byte("a key of the tests, long enough")

// running runs a bus on a server until the test ends, and waits until it has found
// it.
func running(t testing.TB, server *redistest.Server, rate float64) *bus.Redis {
	t.Helper()
	b, _ := start(t, server.URL(), rate)
	await(t, b, true)
	return b
}

// start runs a bus until the test ends.
func start(t testing.TB, url string, rate float64) (*bus.Redis, *journal) {
	t.Helper()
	log := newJournal()
	b, err := bus.Open(bus.Config{URL: url, Key: key, Rate: rate, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the bus ended with: %v", err)
			}
		case <-time.After(patience):
			t.Error("the bus did not end")
		}
	})
	return b, log
}

// await waits until a bus has found Redis, or lost it: whoever watches is told
// of both.
func await(t testing.TB, b *bus.Redis, healthy bool) {
	t.Helper()
	told := make(chan struct{}, 1)
	defer b.Subscribe("health", func(bot.Hint) { signal(told) })()
	late := time.After(patience)
	for b.Healthy() != healthy {
		select {
		case <-told:
		case <-late:
			t.Fatalf("the bus never was healthy: %t", healthy)
		}
	}
}

// signal puts a token into a channel that holds one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// journal keeps what was logged.
type journal struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{} // a token: something was
}

func newJournal() *journal { return &journal{written: make(chan struct{}, 1)} }

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	signal(j.written)
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// until waits for something to be logged.
func (j *journal) until(t testing.TB, what string) {
	t.Helper()
	late := time.After(patience)
	for !strings.Contains(j.String(), what) {
		select {
		case <-j.written:
		case <-late:
			t.Fatalf("nobody logged %q:\n%s", what, j)
		}
	}
}
