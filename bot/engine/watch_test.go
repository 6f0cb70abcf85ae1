package engine

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"relais/bot"
)

// busyStore is written to by another process all the time.
type busyStore struct {
	bot.Store
	marker int64
	until  int64
}

func (s *busyStore) Marker(context.Context) (int64, error) {
	if s.marker < s.until {
		s.marker++
	}
	return s.marker, nil
}

// loudBus notes when everybody is told.
type loudBus struct {
	bot.Bus
	healthy bool
	begun   time.Time
	told    []time.Duration
}

func (b *loudBus) PublishAll()   { b.told = append(b.told, time.Since(b.begun)) }
func (b *loudBus) Healthy() bool { return b.healthy }

// What other processes write is passed on each second; each five seconds while
// the bus itself carries hints, and the last of it always.
func TestWatch(t *testing.T) {
	seconds := func(list ...int) (all []time.Duration) {
		for _, s := range list {
			all = append(all, time.Duration(s)*time.Second)
		}
		return all
	}
	for _, c := range []struct {
		healthy bool
		writes  int64
		want    []time.Duration
	}{
		{false, 4, seconds(1, 2, 3, 4)},
		{true, 4, seconds(1, 6)},
		{true, 7, seconds(1, 6, 11)},
		{true, 1, seconds(1)},
		{false, 0, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			bus := &loudBus{healthy: c.healthy, begun: time.Now()}
			e := New(Config{Store: &busyStore{until: c.writes}, Bus: bus})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := e.watch(ctx); err != nil {
				t.Error(err)
			}
			if !slices.Equal(bus.told, c.want) {
				t.Errorf("healthy %t, %d writes: told at %v, want %v", c.healthy, c.writes, bus.told, c.want)
			}
		})
	}
}
