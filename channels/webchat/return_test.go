package webchat_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"relais/channels/webchat"
)

// A returning client misses nothing and sees nothing twice, however often it
// is cut off, while two pages of the session write.
func TestReturningClientMissesNothing(t *testing.T) {
	const each = 60
	c := newChat(t, func(c *webchat.Config) { c.Says = 1000 })
	one, welcome := c.begin(t, frame{})
	two, _ := c.begin(t, frame{Session: welcome.Session})
	var writers sync.WaitGroup
	for w, p := range []*person{one, two} {
		writers.Go(func() {
			for i := range each {
				p.conn.WriteJSON(frame{Type: "say", ID: fmt.Sprint(w, "-", i), Text: "Bonjour"})
			}
		})
		writers.Go(func() { // they read as well, up to their last ack
			for acks := 0; acks < each; {
				f, err := p.read()
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				if f.Type == "ack" {
					acks++
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	var readers sync.WaitGroup
	for r := range 4 {
		readers.Go(func() {
			got := restless(t, c, welcome.Session, rand.New(rand.NewPCG(7, uint64(r))), done)
			if n := int64(len(got)); n < 2*each || !slices.Equal(got, upTo(1, n)) {
				t.Errorf("reader %d saw %d messages: %v", r, n, got)
			}
		})
	}
	readers.Wait()
}

// restless reads a session, leaves without a word after a few frames, and comes
// back, until it has everything that was written when done closed.
func restless(t *testing.T, c *chat, session string, random *rand.Rand, done <-chan struct{}) (got []int64) {
	log := ""
	for {
		finished := false
		select {
		case <-done:
			finished = true
		default:
		}
		p, _, err := c.dial(nil)
		if err != nil {
			t.Error(err)
			return got
		}
		after := int64(len(got))
		p.conn.WriteJSON(frame{Type: "hello", Session: session, Log: log, After: after})
		known := after // what the welcome says there is
		for n := 1 + random.IntN(12); n > 0; n-- {
			f, err := p.read()
			if err != nil {
				t.Error(err)
				break
			}
			switch f.Type {
			case "welcome":
				log, known = f.Log, f.Seq
			case "message":
				got = append(got, f.Seq)
			}
			if int64(len(got)) >= known {
				break
			}
		}
		p.conn.Close()
		if finished && int64(len(got)) == after {
			return got
		}
	}
}
