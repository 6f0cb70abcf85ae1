package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a socket sees of another instance's commits: the aims are printed, the
// bounds are for a machine with other work.
const (
	aimUp, boundUp     = 50 * time.Millisecond, 250 * time.Millisecond
	aimAway, boundAway = 2 * time.Second, 4 * time.Second
)

// TestLive lets an adviser on A and people on B talk, a hundred messages each
// way, then again with Redis away. Each person has a second tab, on A.
func TestLive(t *testing.T) {
	c := newCluster(t)
	c.hire(t)
	samira := signIn(t, c.a.address)
	var pairs []*pair
	for range 6 {
		pairs = append(pairs, c.meet(t, samira))
	}
	talk := func(rounds int) (written, said, hinted []time.Duration) {
		for round := range rounds {
			for _, p := range pairs {
				hold(t.Context(), rand.N(50*time.Millisecond)) // what is looked for each second is not met at its beat
				written = append(written, p.hear(t, fmt.Sprintf("réponse %d.", round)))
				seen, hint := p.speak(t, fmt.Sprintf("message %d.", round))
				said, hinted = append(said, seen), append(hinted, hint)
			}
		}
		return written, said, hinted
	}
	judge := func(what string, aim, bound time.Duration, rounds int) {
		written, said, hinted := talk(rounds)
		for _, measured := range []struct {
			what  string
			times []time.Duration
		}{{"adviser on A to a socket on B", written}, {"person on B to their tab on A", said}, {"person on B to the console on A", hinted}} {
			p50, p99 := percentile(measured.times, 50), percentile(measured.times, 99)
			report(t, "%s, %s, %d messages: p50 %s, p99 %s (aim %s)", what, measured.what, len(measured.times), round(p50), round(p99), aim)
			if p99 > bound {
				t.Errorf("%s, %s: p99 is %s, over %s", what, measured.what, p99, bound)
			}
		}
	}
	judge("Redis up", aimUp, boundUp, 17)
	c.redis.Kill()
	judge("Redis away", aimAway, boundAway, 3)
	for _, p := range pairs {
		p.onB.check(t)
		p.onA.check(t)
		page := p.adviser.get(t, "/console/c/"+p.id)
		for _, m := range p.onB.messages {
			if m.From == "person" && !strings.Contains(page, m.Text) {
				t.Errorf("the console lacks %q", m.Text)
			}
		}
	}
}

// pair is a person with two tabs, and the adviser who follows them.
type pair struct {
	id       string
	onA, onB *browser
	adviser  *adviser
	replies  int
}

// meet lets a new person ask for somebody, and the adviser take them.
func (c *cluster) meet(t *testing.T, by *adviser) *pair {
	t.Helper()
	p := &pair{onA: &browser{}, onB: &browser{}, adviser: by}
	before := by.waiting(t)
	p.onB.open(t, c.b.address)
	p.onB.say(t, "Bonjour")
	p.onB.say(t, "conseiller")
	p.onA.session = p.onB.session
	p.onA.open(t, c.a.address)
	t.Cleanup(func() { p.onA.close(); p.onB.close() })
	await(t, patience, "somebody new waits", func() bool {
		for _, id := range by.waiting(t) {
			if !slices.Contains(before, id) {
				p.id = id
			}
		}
		return p.id != ""
	})
	by.claim(t, p.id)
	p.adviser = &adviser{base: by.base, client: by.client, epoch: by.epoch, gestures: by.gestures}
	p.adviser.watch(t, p.id)
	p.caughtUp(t)
	return p
}

// caughtUp waits until both tabs hold the same, and the console has heard of it.
func (p *pair) caughtUp(t *testing.T) {
	t.Helper()
	await(t, patience, "both tabs hold the same", func() bool {
		p.onA.mu.Lock()
		defer p.onA.mu.Unlock()
		p.onB.mu.Lock()
		defer p.onB.mu.Unlock()
		return p.onA.last() == p.onB.last()
	})
}

// hear lets the adviser write on A, and returns how long it took, from the
// gesture on, until the person's tab on B showed it.
func (p *pair) hear(t *testing.T, text string) time.Duration {
	t.Helper()
	text = p.unique(text)
	began := time.Now()
	p.adviser.write(t, p.id, text)
	took := p.arrival(t, p.onB, text).Sub(began)
	p.caughtUp(t)
	return took
}

// speak lets the person write on B, and returns how long it took until their
// tab on A showed it, and until the console on A was told.
func (p *pair) speak(t *testing.T, text string) (seen, hinted time.Duration) {
	t.Helper()
	text = p.unique(text)
	hints := p.adviser.hintsSoFar()
	began := time.Now()
	p.onB.send(t, text)
	seen = p.arrival(t, p.onA, text).Sub(began)
	p.arrival(t, p.onB, text)
	var heard time.Time
	await(t, patience, "the console hears of it", func() (ok bool) { heard, ok = p.adviser.heardSince(hints); return ok })
	return seen, heard.Sub(began)
}

func (p *pair) unique(text string) string {
	p.replies++
	return fmt.Sprintf("%s (%d)", text, p.replies)
}

// arrival waits for a text in a tab and returns when it came.
func (p *pair) arrival(t *testing.T, tab *browser, text string) time.Time {
	t.Helper()
	var came time.Time
	await(t, patience, "a text shows", func() bool { m, ok := tab.find(text); came = m.came; return ok })
	return came
}

func percentile(times []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
