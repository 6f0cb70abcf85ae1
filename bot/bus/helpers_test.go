package bus_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"relais/bot/bus"
	"relais/test/redistest"
)

var key = []byte("a key of the tests, long enough")

// running runs a bus on a server until the test ends, and waits until it has found
// it.
func running(t testing.TB, server *redistest.Server, rate float64) *bus.Redis {
	t.Helper()
	b, _ := start(t, server.URL(), rate)
	await(t, "the bus finds redis", b.Healthy)
	return b
}

// start runs a bus until the test ends.
func start(t testing.TB, url string, rate float64) (*bus.Redis, *journal) {
	t.Helper()
	log := &journal{}
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

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// journal keeps what was logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
