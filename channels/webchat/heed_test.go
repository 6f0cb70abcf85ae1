package webchat_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"relais/bot"
	"relais/channels/webchat"
)

// help reads danger in "danger", and answers in the language it was told.
func help(text, lang string) string {
	if strings.Contains(text, "danger") {
		return "3114 " + lang
	}
	return ""
}

// What is only read is answered with the words of help, at any time and over
// both transports: before a hello, after one that could not be answered, and
// while messages cannot be kept.
func TestHeed(t *testing.T) {
	var store *blind
	c := newChat(t, func(c *webchat.Config) {
		store = &blind{Store: c.Store}
		c.Store, c.Danger = store, help
	})
	asked := []struct{ ask, want frame }{
		{frame{ID: "1", Text: "en danger"}, frame{ID: "1", Text: "3114 fr"}},
		{frame{ID: "2", Text: "in danger", Lang: "en-GB"}, frame{ID: "2", Text: "3114 en"}},
		{frame{ID: "3", Text: "Bonjour"}, frame{ID: "3"}},
		{frame{ID: "3", Text: "Bonjour"}, frame{ID: "3"}},
	}
	check := func(name string, got, want frame) {
		want.Type = "heeded"
		if got.Type != want.Type || got.ID != want.ID || got.Text != want.Text || got.Retry != 0 {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for _, away := range []bool{false, true} {
		store.shut.Store(away)
		p := c.connect(t)
		for i := range asked {
			ask := asked[i].ask
			ask.Type = "heed"
			p.send(ask)
			check("by socket", p.expect("heeded"), asked[i].want)
			_, frames := c.poll(t, nil, ask)
			if len(frames) != 1 {
				t.Fatalf("by request: %+v", frames)
			}
			check("by request", frames[0], asked[i].want)
		}
		if away {
			p.send(frame{Type: "hello"})
			p.expect("error")
			p.send(frame{Type: "heed", ID: "4", Text: "en danger"})
			check("after a hello in vain", p.expect("heeded"), frame{ID: "4", Text: "3114 fr"})
		}
	}
}

// What was only read is not received, not even when the store comes back before
// the message ahead of it is sent again: a person's lines keep their order.
func TestHeedReceivesNothing(t *testing.T) {
	var gate *failing
	c := newChat(t, func(c *webchat.Config) {
		gate = &failing{Engine: c.Engine}
		c.Engine, c.Danger = gate, help
	})
	p, _ := c.begin(t, frame{})
	full := errors.New("disk full")
	gate.err.Store(&full)
	p.say("first", "Bonjour")
	if e := p.expect("error"); e.ID != "first" || e.Urgent {
		t.Errorf("the first: %+v", e)
	}
	gate.err.Store(nil)
	p.send(frame{Type: "heed", ID: "second", Text: "en danger"})
	if h := p.expect("heeded"); h.ID != "second" || h.Text != "3114 fr" {
		t.Errorf("the second: %+v", h)
	}
	if got := p.settle(); len(got) != 0 {
		t.Errorf("what was read left %+v", got)
	}
	var ids []string
	for _, id := range []string{"first", "second"} {
		p.say(id, "Bonjour")
		ack := p.expect("ack")
		for _, m := range p.until(ack.Seq) {
			if m.From == string(bot.FromPerson) {
				ids = append(ids, m.ID)
			}
		}
		p.settle()
	}
	if got := strings.Join(ids, " "); got != "first second" {
		t.Errorf("kept in the order %s", got)
	}
}

// Whoever asks too much is told when to ask again; their messages and hellos are
// not counted with it.
func TestTooManyHeeds(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) {
		c.Hellos, c.Danger = 3, help
		at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
		c.Clock = func() time.Time { return at }
	})
	from := func(place string) http.Header { return http.Header{"X-Forwarded-For": {place}} }
	ask := frame{Type: "heed", ID: "1", Text: "en danger"}
	_, frames := c.poll(t, from("192.0.2.1"), ask, ask, ask, ask)
	if kinds(frames) != "heeded heeded heeded heeded" {
		t.Fatalf("answered %+v", frames)
	}
	for i, f := range frames {
		if asked := i < 3; asked != (f.Text == "3114 fr") || asked != (f.Retry == 0) || f.ID != "1" {
			t.Errorf("answer %d: %+v", i, f)
		}
	}
	if _, frames := c.poll(t, from("192.0.2.1"), frame{Type: "hello"}, frame{Type: "say", ID: "1", Text: "Bonjour"}); kinds(frames)[:11] != "welcome ack" {
		t.Errorf("a message from the same place: %+v", frames)
	}
	if _, frames := c.poll(t, from("192.0.2.2"), ask); frames[0].Text != "3114 fr" {
		t.Errorf("from another place: %+v", frames)
	}
}

// A frame that is too large is not read either.
func TestHugeHeed(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) { c.Danger = help })
	p := c.connect(t)
	p.send(frame{Type: "heed", ID: "1", Text: "en danger" + strings.Repeat(" ", 64<<10)})
	if e := p.expect("error"); e.Code != "too_large" {
		t.Errorf("answered %+v", e)
	}
	if code := p.closed(); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d", code)
	}
}
