package bus_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/test/redistest"
)

// end is a bus as one instance holds it.
type end interface {
	bot.Bus
	PublishAll()
	Take(ctx context.Context, sender string, lane bot.Lane, segments int, now time.Time) time.Duration
	Allow(ctx context.Context, key string, rate float64, burst int, now time.Time) time.Duration
	Here(ctx context.Context, group, member string, now time.Time)
	Present(ctx context.Context, group string, now time.Time) (int, bool)
}

// ends gives two instances that share one bus, with a pace.
type ends func(t *testing.T, rate float64) (a, b end)

func TestLocal(t *testing.T) {
	suite(t, func(_ *testing.T, rate float64) (a, b end) {
		l := &bus.Local{Rate: rate}
		return l, l
	})
}

func TestRedis(t *testing.T) {
	server := redistest.Start(t)
	suite(t, func(t *testing.T, rate float64) (a, b end) {
		server.Flush()
		one, two := running(t, server, rate), running(t, server, rate)
		return one, two
	})
}

// suite is what every bus does.
func suite(t *testing.T, open ends) {
	for _, c := range []struct {
		name string
		test func(*testing.T, ends)
	}{
		{"hints reach who watches the topic, once", testHints},
		{"who left hears nothing", testLeaving},
		{"a watcher may leave while it is told", testLeavingWhileTold},
		{"the last hint of a topic is never missed", testLastHint},
		{"publishing never waits for a watcher elsewhere", testBurst},
		{"everybody here is told of everything", testPublishAll},
		{"presence", testPresence},
		{"a long text passes alone, then its sender waits", testLongText},
		{"no more than the rate and the burst leave", testPace},
		{"senders do not share a pace", testSenders},
		{"without a rate texts leave at once", testNoRate},
		{"limits", testLimits},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

// ear hears the hints of a topic.
type ear struct {
	hints chan bot.Hint
	leave func()
}

func listen(b end, topic string) *ear {
	e := &ear{hints: make(chan bot.Hint, 10_000)}
	e.leave = b.Subscribe(topic, func(h bot.Hint) { e.hints <- h })
	return e
}

// until waits for a hint.
func (e *ear) until(t *testing.T, want bot.Hint) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case got := <-e.hints:
			if got == want {
				return
			}
		case <-late:
			t.Fatalf("hint %d was not heard", want.N)
		}
	}
}

const patience = 10 * time.Second

func testHints(t *testing.T, open ends) {
	a, b := open(t, 0)
	conversation := bot.ID{1, 2, 3}
	topic := bot.ConversationTopic(conversation)
	here, there, other := listen(a, topic), listen(b, topic), listen(b, bot.OrganisationTopic("ccas"))
	for n := range int64(20) {
		from := []end{a, b}[n%2]
		from.Publish(topic, bot.Hint{Conversation: conversation, N: n})
		want := bot.Hint{Conversation: conversation, N: n}
		here.until(t, want)
		there.until(t, want)
	}
	// A hint of its own topic, published after, shows that nothing else is on
	// its way.
	a.Publish(bot.OrganisationTopic("ccas"), bot.Hint{N: 7})
	other.until(t, bot.Hint{N: 7})
	for name, e := range map[string]*ear{"here": here, "there": there, "other": other} {
		if n := len(e.hints); n != 0 {
			t.Errorf("%s heard %d hints more than were given", name, n)
		}
	}
}

func testLeaving(t *testing.T, open ends) {
	a, b := open(t, 0)
	gone, stays := listen(b, "a"), listen(b, "a")
	gone.leave()
	gone.leave() // twice is once
	a.Publish("a", bot.Hint{N: 1})
	stays.until(t, bot.Hint{N: 1})
	if n := len(gone.hints); n != 0 {
		t.Errorf("heard %d hints after leaving", n)
	}
}

func testLeavingWhileTold(t *testing.T, open ends) {
	a, b := open(t, 0)
	told := make(chan struct{}, 10)
	var leave func()
	ready := make(chan struct{})
	leave = b.Subscribe("a", func(bot.Hint) { <-ready; leave(); told <- struct{}{} })
	close(ready)
	stays := listen(b, "a")
	a.Publish("a", bot.Hint{N: 1})
	stays.until(t, bot.Hint{N: 1})
	a.Publish("a", bot.Hint{N: 2})
	stays.until(t, bot.Hint{N: 2})
	<-told
	if n := len(told); n != 0 {
		t.Errorf("told %d times after it left", n)
	}
}

// testLastHint publishes on many topics from both ends at once.
func testLastHint(t *testing.T, open ends) {
	a, b := open(t, 0)
	const topics, last = 50, 40
	var ears []*ear
	for i := range topics {
		ears = append(ears, listen([]end{a, b}[i%2], fmt.Sprint("topic ", i)))
	}
	var publishing sync.WaitGroup
	for i := range topics {
		publishing.Go(func() {
			for n := range int64(last) {
				[]end{b, a}[i%2].Publish(fmt.Sprint("topic ", i), bot.Hint{N: n + 1})
			}
		})
	}
	publishing.Wait()
	for _, e := range ears {
		e.until(t, bot.Hint{N: last})
	}
}

// testBurst publishes more topics than wait to leave: their watchers elsewhere
// are told of them, or of everything.
func testBurst(t *testing.T, open ends) {
	a, b := open(t, 0)
	const topics = 10_000
	var mu sync.Mutex
	missing := map[int]bool{}
	heard := make(chan struct{}, 1)
	for i := range topics {
		missing[i] = true
		b.Subscribe(fmt.Sprint("topic ", i), func(bot.Hint) {
			mu.Lock()
			defer mu.Unlock()
			if delete(missing, i); len(missing) == 0 {
				select {
				case heard <- struct{}{}:
				default:
				}
			}
		})
	}
	start := time.Now()
	for i := range topics {
		a.Publish(fmt.Sprint("topic ", i), bot.Hint{N: 1})
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("publishing %d hints took %v", topics, took)
	}
	select {
	case <-heard:
	case <-time.After(patience):
		mu.Lock()
		defer mu.Unlock()
		t.Errorf("%d of %d watchers were not told", len(missing), topics)
	}
}

func testPublishAll(t *testing.T, open ends) {
	a, _ := open(t, 0)
	one, two := listen(a, "a"), listen(a, "b")
	a.PublishAll()
	one.until(t, bot.Hint{})
	two.until(t, bot.Hint{})
}

func testPresence(t *testing.T, open ends) {
	a, b := open(t, 0)
	now := time.Now().Add(time.Minute) // presence is known a while after Redis was found
	count := func() int {
		n, known := b.Present(t.Context(), "ccas", now)
		if !known {
			t.Fatal("presence is unknown")
		}
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("%d are here before anybody came", n)
	}
	a.Here(t.Context(), "ccas", "samira", now)
	a.Here(t.Context(), "ccas", "samira", now)
	b.Here(t.Context(), "ccas", "paul", now)
	a.Here(t.Context(), "mission-locale", "léa", now)
	if n := count(); n != 2 {
		t.Errorf("%d are here, want 2", n)
	}
}

func testLongText(t *testing.T, open ends) {
	a, b := open(t, 1)
	now := time.Now()
	if wait := a.Take(t.Context(), "+33600000001", bot.LaneReply, 5, now); wait != 0 {
		t.Fatalf("a text of 5 segments waits %v", wait)
	}
	for _, e := range []end{b, a} {
		if wait := e.Take(t.Context(), "+33600000001", bot.LaneReply, 1, now); wait < 4*time.Second || wait > 6*time.Second {
			t.Errorf("a later one waits %v, want about 5 s", wait)
		}
	}
}

// testPace lets both instances send as fast as they may, in real time, and looks
// at every stretch of it.
func testPace(t *testing.T, open ends) {
	const rate, longest, during = 200, 4, 700 * time.Millisecond
	a, b := open(t, rate)
	type sent struct {
		from, until time.Time // it left between
		segments    int
	}
	var mu sync.Mutex
	var all []sent
	var sending sync.WaitGroup
	begun := time.Now()
	for i := range 6 {
		sending.Go(func() {
			for time.Since(begun) < during {
				segments, from := 1+rand.IntN(longest), time.Now()
				wait := []end{a, b}[i%2].Take(t.Context(), "sender", bot.LaneReply, segments, from)
				if wait > 0 {
					<-time.After(wait)
					continue
				}
				mu.Lock()
				all = append(all, sent{from, time.Now(), segments})
				mu.Unlock()
			}
		})
	}
	sending.Wait()
	slices.SortFunc(all, func(x, y sent) int { return x.until.Compare(y.until) })
	total := 0
	for i := range all {
		sum := 0
		for _, s := range all[i:] {
			sum += s.segments
			most := rate*s.until.Sub(all[i].from).Seconds() + rate + longest - 1
			if float64(sum) > most+1e-6 {
				t.Fatalf("%d segments in %v, want at most %.0f", sum, s.until.Sub(all[i].from), most)
			}
		}
		total += all[i].segments
	}
	if least := rate * during.Seconds(); float64(total) < least {
		t.Errorf("%d segments in %v, want at least %.0f: the pace is not used", total, during, least)
	}
}

func testSenders(t *testing.T, open ends) {
	a, b := open(t, 1)
	now := time.Now()
	for i := range 20 {
		if wait := []end{a, b}[i%2].Take(t.Context(), fmt.Sprint("sender ", i), bot.LaneReply, 3, now); wait != 0 {
			t.Errorf("sender %d waits %v for others", i, wait)
		}
	}
}

func testNoRate(t *testing.T, open ends) {
	a, _ := open(t, 0)
	for range 100 {
		if wait := a.Take(t.Context(), "", bot.LaneReply, 10, time.Now()); wait != 0 {
			t.Fatalf("waits %v", wait)
		}
	}
}

func testLimits(t *testing.T, open ends) {
	a, b := open(t, 0)
	now := time.Now()
	for i := range 5 {
		if wait := []end{a, b}[i%2].Allow(t.Context(), "192.0.2.1", 0.1, 5, now); wait != 0 {
			t.Fatalf("try %d of a burst of 5 waits %v", i+1, wait)
		}
	}
	for _, e := range []end{a, b} {
		if wait := e.Allow(t.Context(), "192.0.2.1", 0.1, 5, now); wait < 8*time.Second || wait > 10*time.Second {
			t.Errorf("the sixth waits %v, want about 10 s", wait)
		}
		if wait := e.Allow(t.Context(), "192.0.2.2", 0.1, 5, now); wait != 0 {
			t.Errorf("another key waits %v", wait)
		}
	}
}
