package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestLaneIsFirstInFirstOut(t *testing.T) {
	var l lanes
	leave, err := l.enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	const waiters = 10
	order := make(chan int, waiters)
	var left sync.WaitGroup
	for i := range waiters {
		turn := l.queue("a") // in the order of this loop
		left.Go(func() {
			<-turn
			order <- i
			l.leave("a")
		})
	}
	leave()
	for want := range waiters {
		if got := <-order; got != want {
			t.Fatalf("waiter %d came, want %d", got, want)
		}
	}
	left.Wait()
	if len(l.busy) != 0 {
		t.Errorf("%d lanes left behind", len(l.busy))
	}
}

func TestLaneIsBounded(t *testing.T) {
	var l lanes
	if _, err := l.enter(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	for range queueLimit {
		l.queue("a")
	}
	if _, err := l.enter(t.Context(), "a"); !errors.Is(err, ErrBusy) {
		t.Errorf("the one too many got %v, want ErrBusy", err)
	}
	if _, err := l.enter(t.Context(), "b"); err != nil {
		t.Errorf("another conversation has to wait: %v", err)
	}
}

func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	var l lanes
	leave, _ := l.enter(t.Context(), "a")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.enter(gone, "a"); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the context's error", err)
	}
	turn := l.queue("a")
	leave()
	<-turn // it did not wait for the one who left
}
