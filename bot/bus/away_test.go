package bus_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/test/redistest"
)

// rounds is how often each failure strikes, in one run of the buses.
const rounds = 5

// longest is the most that any call may take, whatever becomes of Redis.
const longest = 300 * time.Millisecond

// TestRedisGoesAway kills and freezes Redis while two instances work. No call
// waits for it; each instance goes on by itself, more slowly; and when Redis is
// back, so is everything, and whoever watches is told to look.
func TestRedisGoesAway(t *testing.T) {
	for _, c := range []struct {
		name       string
		hurt, heal func(*redistest.Server)
	}{
		{"killed", (*redistest.Server).Kill, (*redistest.Server).Restart},
		{"frozen", (*redistest.Server).Freeze, (*redistest.Server).Thaw},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			a, b := running(t, server, 100), running(t, server, 100)
			far := listen(b, "topic")
			calls := work(t, a, b)
			for round := range int64(rounds) {
				calls.more(t, 100)
				c.hurt(server)
				await(t, a, false)
				await(t, b, false)
				far.until(t, bot.Hint{}) // look at what was missed since

				near := listen(a, "topic")
				a.Publish("topic", bot.Hint{N: round + 1})
				near.until(t, bot.Hint{N: round + 1})
				near.leave()
				checkShare(t, a, time.Now().Add(time.Minute))
				if _, known := a.Present(t.Context(), "ccas", time.Now().Add(time.Hour)); known {
					t.Error("presence is known without Redis")
				}

				c.heal(server)
				await(t, a, true)
				await(t, b, true)
				far.until(t, bot.Hint{}) // and at what was missed meanwhile
				a.Publish("topic", bot.Hint{N: -round - 1})
				far.until(t, bot.Hint{N: -round - 1})
			}
			calls.check(t)
			if n := a.Counts().Losses.Load(); n < rounds {
				t.Errorf("%d losses, want %d", n, rounds)
			}
		})
	}
}

// checkShare sends as much as it may for ten seconds of the given time: half of
// the rate of 100, since there may be another instance.
func checkShare(t *testing.T, b *bus.Redis, from time.Time) {
	t.Helper()
	left := 0
	for now := from; now.Before(from.Add(10 * time.Second)); now = now.Add(5 * time.Millisecond) {
		if b.Take(t.Context(), "share", bot.LaneReply, 1, now) == 0 {
			left++
		}
	}
	if most := 10*50 + 50; left > most || left < 400 {
		t.Errorf("%d segments left in 10 s without Redis, want about 500 and at most %d", left, most)
	}
}

// TestRedisIsFlushed empties Redis while two instances work: scripts and counts
// are gone, and nobody notices.
func TestRedisIsFlushed(t *testing.T) {
	server := redistest.Start(t)
	a, b := running(t, server, 100), running(t, server, 100)
	far := listen(b, "topic")
	calls := work(t, a, b)
	for round := range int64(rounds) {
		calls.more(t, 100)
		server.Flush()
		if err := server.Client().ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		a.Publish("topic", bot.Hint{N: round + 1})
		far.until(t, bot.Hint{N: round + 1})
		a.Here(t.Context(), "ccas", "samira", time.Now())
		if n, known := b.Present(t.Context(), "ccas", time.Now().Add(time.Minute)); n != 1 || !known {
			t.Errorf("%d present (known: %t), want 1", n, known)
		}
	}
	calls.check(t)
	if !a.Healthy() || !b.Healthy() || a.Counts().Losses.Load() != 0 {
		t.Errorf("after flushes: healthy %t and %t, %d losses", a.Healthy(), b.Healthy(), a.Counts().Losses.Load())
	}
}

// latencies are how long calls took.
type latencies struct {
	mu    sync.Mutex
	took  []time.Duration
	noted chan struct{} // a token: a call was made
	stop  func()
}

// work lets instances take, ask and publish until check.
func work(t *testing.T, instances ...*bus.Redis) *latencies {
	l := &latencies{noted: make(chan struct{}, 1)}
	ended := make(chan struct{})
	var working sync.WaitGroup
	l.stop = sync.OnceFunc(func() { close(ended); working.Wait() })
	t.Cleanup(l.stop)
	for _, b := range instances {
		for _, call := range []func(now time.Time){
			func(now time.Time) { b.Take(t.Context(), "sender", bot.LaneReply, 1, now) },
			func(now time.Time) { b.Allow(t.Context(), "192.0.2.1", 1000, 1000, now) },
			func(now time.Time) { b.Publish("other topic", bot.Hint{N: now.UnixNano()}) },
			func(now time.Time) { b.Here(t.Context(), "group", "member", now) },
		} {
			working.Go(func() {
				tick := time.NewTicker(2 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-ended:
						return
					case now := <-tick.C:
						start := time.Now()
						call(now)
						l.note(time.Since(start))
					}
				}
			})
		}
	}
	return l
}

func (l *latencies) note(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took)
	signal(l.noted)
}

// more waits until that many calls were made from now on.
func (l *latencies) more(t *testing.T, calls int) {
	t.Helper()
	made := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.took)
	}
	late := time.After(patience)
	for enough := made() + calls; made() < enough; {
		select {
		case <-l.noted:
		case <-late:
			t.Fatal("the instances do not work")
		}
	}
}

// check ends the work, and looks at what it took.
func (l *latencies) check(t *testing.T) {
	t.Helper()
	l.stop()
	slices.Sort(l.took)
	at := func(share float64) time.Duration { return l.took[int(share*float64(len(l.took)-1))] }
	t.Logf("%d calls: median %v, 99 in 100 %v, longest %v", len(l.took), at(0.5), at(0.99), at(1))
	if at(1) > longest {
		t.Errorf("a call took %v, want at most %v", at(1), longest)
	}
	if at(0.5) > 10*time.Millisecond {
		t.Errorf("half of the calls took %v or more", at(0.5))
	}
}

// A Redis that is not there at start is found when it comes; meanwhile the bus
// works, and says so once.
func TestRedisIsNotThereYet(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	b, log := start(t, server.URL(), 1)
	near := listen(b, "topic")
	b.Publish("topic", bot.Hint{N: 1})
	near.until(t, bot.Hint{N: 1})
	if wait := b.Take(t.Context(), "sender", bot.LaneReply, 3, time.Now()); wait != 0 {
		t.Errorf("the first text waits %v", wait)
	}
	if wait := b.Take(t.Context(), "sender", bot.LaneReply, 1, time.Now()); wait < 4*time.Second {
		t.Errorf("the second text waits %v, want 6 s: each of two instances has half of the pace", wait)
	}
	log.until(t, "redis is away")
	server.Restart()
	await(t, b, true)
	near.until(t, bot.Hint{})
	if n := strings.Count(log.String(), "redis is"); n != 2 || !strings.Contains(log.String(), "redis is back") {
		t.Errorf("the log says:\n%s", log)
	}
}

// A Redis that takes connections but no writes is as good as none.
func TestRedisThatIsReadOnly(t *testing.T) {
	server := redistest.Start(t)
	b := running(t, server, 1)
	if err := server.Client().ReplicaOf(t.Context(), "192.0.2.1", "6379").Err(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // calls that fail
		b.Allow(t.Context(), "key", 1, 1, time.Now())
	}
	await(t, b, false)
	if err := server.Client().ReplicaOf(t.Context(), "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	await(t, b, true)
}
