package webchat_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"

	"relais/channels/webchat"
)

// A returning client misses nothing and sees nothing twice, and what it sends
// again takes effect once, however often everybody is cut off.
func TestReturningClientMissesNothing(t *testing.T) {
	const writers, readers, each = 2, 4, 60
	c := newChat(t, func(c *webchat.Config) { c.Says = 10_000 })
	_, welcome := c.begin(t, frame{})
	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() { stubborn(t, c, welcome.Session, w, each) })
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	logs := make([][]frame, readers)
	for r := range readers {
		reading.Go(func() { logs[r] = restless(t, c, welcome.Session, uint64(r), done) })
	}
	reading.Wait()
	for r, log := range logs {
		if got := seqs(log); !slices.Equal(got, upTo(1, int64(len(got)))) {
			t.Errorf("reader %d saw %v", r, got)
		}
		times := map[string]int{}
		for _, m := range log {
			times[m.ID]++
		}
		for w := range writers {
			for i := range each {
				if id := fmt.Sprint(w, "-", i); times[id] != 1 {
					t.Errorf("reader %d saw message %s %d times", r, id, times[id])
				}
			}
		}
	}
}

// hangOn opens a connection of the session, nil when it could not.
func (c *chat) hangOn(session, log string, after int64) *person {
	p, _, err := c.dial(http.Header{})
	if err != nil {
		return nil
	}
	if p.conn.WriteJSON(frame{Type: "hello", Session: session, Log: log, After: after}) != nil {
		p.conn.Close()
		return nil
	}
	return p
}

// stubborn says n messages, each again under its id until it is acknowledged,
// and is cut off now and then before it has read the answer.
func stubborn(t *testing.T, c *chat, session string, writer, n int) {
	random := rand.New(rand.NewPCG(3, uint64(writer)))
	for i := 0; i < n; {
		p := c.hangOn(session, "", 1<<40)
		if p == nil {
			t.Error("no connection for a writer")
			return
		}
		for i < n && p.acknowledged(frame{Type: "say", ID: fmt.Sprint(writer, "-", i), Text: "Bonjour"}, random.IntN(4) == 0) {
			i++
		}
		p.conn.Close()
	}
}

// acknowledged says something and waits for the ack, unless it is cut off.
func (p *person) acknowledged(say frame, cut bool) bool {
	if p.conn.WriteJSON(say) != nil || cut {
		return false
	}
	for {
		f, err := p.read()
		if err != nil || f.Type == "bye" {
			return false
		}
		if f.Type == "ack" && f.ID == say.ID {
			return true
		}
	}
}

// restless reads a session, leaves without a word after a few frames, and comes
// back, until it has everything that was there once done was closed.
func restless(t *testing.T, c *chat, session string, seed uint64, done <-chan struct{}) (got []frame) {
	random, log := rand.New(rand.NewPCG(7, seed)), ""
	for {
		finished := false
		select {
		case <-done:
			finished = true
		default:
		}
		p := c.hangOn(session, log, int64(len(got)))
		if p == nil {
			t.Error("no connection for a reader")
			return got
		}
		known := int64(1 << 40) // until the welcome says how many there are
		for n := 1 + random.IntN(12); n > 0 && int64(len(got)) < known; n-- {
			f, err := p.read()
			if err != nil || f.Type == "bye" {
				break
			}
			switch f.Type {
			case "welcome":
				log, known = f.Log, f.Seq
			case "message":
				got = append(got, f)
			}
		}
		p.conn.Close()
		if finished && int64(len(got)) >= known {
			return got
		}
	}
}
