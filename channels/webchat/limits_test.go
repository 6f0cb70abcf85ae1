package webchat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"relais/bot"
	"relais/bot/engine"
	"relais/channels/webchat"
)

func TestFramesThatAreNotTaken(t *testing.T) {
	c := newChat(t, nil)
	const stays = 0
	for name, test := range map[string]struct {
		data   string
		code   string
		id     string
		closes int
	}{
		"no JSON":           {`hello`, "bad_frame", "", websocket.CloseUnsupportedData},
		"nothing":           {``, "bad_frame", "", websocket.CloseUnsupportedData},
		"cut":               {`{"type":"ping"`, "bad_frame", "", websocket.CloseUnsupportedData},
		"array":             {`[{"type":"ping"}]`, "bad_frame", "", websocket.CloseUnsupportedData},
		"null":              {`null`, "bad_frame", "", websocket.CloseUnsupportedData},
		"two objects":       {`{"type":"ping"} {"type":"ping"}`, "bad_frame", "", websocket.CloseUnsupportedData},
		"not UTF-8":         {"{\"type\":\"say\",\"id\":\"1\",\"text\":\"\xff\"}", "bad_frame", "", websocket.CloseUnsupportedData},
		"over 64 KiB":       {`{"type":"say","id":"1","text":"` + strings.Repeat("a", 64<<10) + `"}`, "too_large", "", websocket.CloseMessageTooBig},
		"10 MB":             {strings.Repeat(" ", 10<<20), "too_large", "", websocket.CloseMessageTooBig},
		"deep":              {strings.Repeat(`[`, 60_000), "bad_frame", "", websocket.CloseUnsupportedData},
		"no type":           {`{}`, "bad_frame", "", stays},
		"unknown type":      {`{"type":"subscribe"}`, "bad_frame", "", stays},
		"text is a number":  {`{"type":"say","id":"7","text":5}`, "bad_frame", "7", stays},
		"type is a number":  {`{"type":1}`, "bad_frame", "", stays},
		"no text":           {`{"type":"say","id":"8"}`, "bad_frame", "8", stays},
		"heed without text": {`{"type":"heed","id":"8"}`, "bad_frame", "", stays},
		"heed without id":   {`{"type":"heed","text":"Bonjour"}`, "bad_frame", "", stays},
		"heed, long lang":   {`{"type":"heed","id":"8","text":"Bonjour","lang":"` + strings.Repeat("x", 65) + `"}`, "bad_frame", "", stays},
		"no id":             {`{"type":"say","text":"Bonjour"}`, "bad_frame", "", stays},
		"long id":           {`{"type":"say","text":"Bonjour","id":"` + strings.Repeat("x", 65) + `"}`, "bad_frame", "", stays},
		"id with a line":    {`{"type":"say","text":"Bonjour","id":"a\nb"}`, "bad_frame", "", stays},
		"after is half":     {`{"type":"hello","after":1.5}`, "bad_frame", "", stays},
		"after is huge":     {`{"type":"hello","after":99999999999999999999}`, "bad_frame", "", stays},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := c.begin(t, frame{})
			// A server that has read enough answers before all is written.
			var writing sync.WaitGroup
			defer writing.Wait()
			writing.Go(func() { p.conn.WriteMessage(websocket.TextMessage, []byte(test.data)) })
			e := p.expect("error")
			if e.Code != test.code || e.ID != test.id || e.Text == "" {
				t.Errorf("answer: %+v", e)
			}
			if test.closes != stays {
				if code := p.closed(); code != test.closes {
					t.Errorf("closed with %d, want %d", code, test.closes)
				}
				return
			}
			writing.Wait()
			p.say("still-there", "Bonjour")
			p.expect("ack")
		})
	}
	t.Run("binary", func(t *testing.T) {
		p, _ := c.begin(t, frame{})
		p.conn.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`))
		if e := p.expect("error"); e.Code != "bad_frame" {
			t.Errorf("answer: %+v", e)
		}
		p.closed()
	})
}

func TestHarmlessFrames(t *testing.T) {
	c := newChat(t, nil)
	p := c.connect(t)
	p.send(frame{Type: "ping"})
	p.expect("pong")
	p.send(frame{Type: "hello"})
	p.expect("welcome")
	p.send(frame{Type: "seen", Seq: 3})
	p.send(frame{Type: "typing"})
	if got := p.settle(); len(got) != 0 {
		t.Errorf("answered %+v", got)
	}
	p.send(frame{Type: "bye"})
	if code := p.closed(); code != websocket.CloseNormalClosure {
		t.Errorf("closed with %d", code)
	}
}

func TestLongTextIsKeptCut(t *testing.T) {
	c := newChat(t, nil)
	p, _ := c.begin(t, frame{})
	p.say("1", strings.Repeat("é", 12_000))
	p.expect("ack")
	if n := len([]rune(p.expect("message").Text)); n < 10_000 || n > 10_010 {
		t.Errorf("kept %d characters", n)
	}
}

func TestOrigins(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) { c.Origins = []string{"https://www.Example.fr/", "http://localhost:3000"} })
	for origin, allowed := range map[string]bool{
		"":                             true,
		c.url:                          true,
		strings.ToUpper(c.url):         true,
		"https://www.example.fr":       true,
		"http://localhost:3000":        true,
		"http://www.example.fr":        false,
		"https://example.fr":           false,
		"https://www.example.fr:8443":  false,
		"https://www.example.fr.evil":  false,
		"https://evil/www.example.fr":  false,
		"null":                         false,
		"ftp" + c.url[len("http"):]:    false,
		"http://localhost":             false,
		"http://user@localhost:3000/x": false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		p, response, err := c.dial(header)
		if (err == nil) != allowed {
			t.Errorf("websocket from %q: %v", origin, err)
		}
		if err == nil {
			p.conn.Close()
		} else if response == nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("websocket from %q: %v, want 403", origin, response)
		}
		answer, _ := c.poll(t, header, frame{Type: "hello"})
		want, shared := http.StatusOK, origin
		if !allowed {
			want, shared = http.StatusForbidden, ""
		}
		if answer.StatusCode != want || answer.Header.Get("Access-Control-Allow-Origin") != shared {
			t.Errorf("poll from %q: %s, shared with %q", origin, answer.Status, answer.Header.Get("Access-Control-Allow-Origin"))
		}
	}
}

func TestSubprotocol(t *testing.T) {
	c := newChat(t, nil)
	for offered, want := range map[string]int{"": 101, webchat.Protocol: 101, "other, " + webchat.Protocol: 101, "other": 400} {
		header := http.Header{}
		if offered != "" {
			header.Set("Sec-Websocket-Protocol", offered)
		}
		p, response, err := c.dial(header)
		if response == nil || response.StatusCode != want {
			t.Errorf("offering %q: %v, %v", offered, response, err)
		}
		if err == nil {
			if got := p.conn.Subprotocol(); strings.Contains(offered, webchat.Protocol) != (got == webchat.Protocol) {
				t.Errorf("offering %q: chosen %q", offered, got)
			}
			p.conn.Close()
		}
	}
}

func TestTooManyMessages(t *testing.T) {
	var now atomic.Pointer[time.Time]
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	now.Store(&at)
	c := newChat(t, func(c *webchat.Config) {
		c.Says = 3
		c.Clock = func() time.Time { return *now.Load() }
	})
	p, welcome := c.begin(t, frame{})
	for i := range 3 {
		p.say(fmt.Sprint(i), "Bonjour")
		p.expect("ack")
		p.settle()
	}
	p.say("3", "Bonjour")
	e := p.expect("error")
	if e.Code != "rate_limited" || e.ID != "3" || e.Retry < 3000 || e.Retry > 3400 {
		t.Fatalf("answer: %+v", e)
	}
	same, _ := c.begin(t, frame{Session: welcome.Session, After: p.seen})
	same.say("4", "Bonjour")
	if e := same.expect("error"); e.Code != "rate_limited" {
		t.Errorf("another page of the session: %+v", e)
	}
	other, _ := c.begin(t, frame{})
	other.say("5", "Bonjour")
	other.expect("ack")
	later := at.Add(time.Duration(e.Retry) * time.Millisecond)
	now.Store(&later)
	p.say("3", "Bonjour")
	if ack := p.expect("ack"); ack.ID != "3" {
		t.Errorf("after the pause: %+v", ack)
	}
}

// Hellos count by network address, for all sessions that come from it. What
// follows one that was turned away is not answered either, and nothing says
// that the session is unknown.
func TestTooManyHellos(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) {
		c.Hellos = 3
		at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
		c.Clock = func() time.Time { return at }
		c.Danger = func(text, _ string) string { return map[bool]string{true: "3114"}[text == "danger"] }
	})
	from := func(place string) http.Header { return http.Header{"X-Forwarded-For": {place}} }
	var session string
	for range 3 {
		_, frames := c.poll(t, from("192.0.2.1"), frame{Type: "hello"})
		if kinds(frames) != "welcome" {
			t.Fatalf("hello: %+v", frames)
		}
		session = frames[0].Session
	}
	_, frames := c.poll(t, from("192.0.2.1"), frame{Type: "hello", Session: session},
		frame{Type: "say", ID: "1", Text: "Bonjour"}, frame{Type: "say", ID: "2", Text: "danger"})
	if kinds(frames) != "error error error" {
		t.Fatalf("the fourth hello: %+v", frames)
	}
	for i, f := range frames {
		if f.Code != "unavailable" || f.Retry < 3000 || f.ID != []string{"", "1", "2"}[i] || (f.Text == "3114") != (i == 2) {
			t.Errorf("answer %d: %+v", i, f)
		}
	}
	p, _, err := c.dial(http.Header{"Sec-Websocket-Protocol": {webchat.Protocol}, "X-Forwarded-For": {"192.0.2.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.conn.Close()
	p.t = t
	p.send(frame{Type: "hello", Session: session})
	if e := p.expect("error"); e.Code != "unavailable" {
		t.Errorf("a socket of the same place: %+v", e)
	}
	for _, place := range []string{"192.0.2.2", ""} {
		if _, frames := c.poll(t, from(place), frame{Type: "hello", Session: session}); kinds(frames) != "welcome" {
			t.Errorf("hello from %q: %+v", place, frames)
		}
	}
}

func TestElevenPages(t *testing.T) {
	c := newChat(t, nil)
	first, welcome := c.begin(t, frame{})
	second, _ := c.begin(t, frame{Session: welcome.Session})
	for range 9 {
		c.begin(t, frame{Session: welcome.Session})
	}
	if bye := first.expect("bye"); bye.Retry < 1000 {
		t.Errorf("the oldest page is told %+v", bye)
	}
	if code := first.closed(); code != websocket.CloseServiceRestart {
		t.Errorf("closed with %d", code)
	}
	second.say("1", "Bonjour")
	second.expect("ack")
}

func TestFull(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) { c.Sockets = 2 })
	p, _ := c.begin(t, frame{})
	c.begin(t, frame{})
	if _, response, err := c.dial(nil); err == nil || response == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a third socket: %v, %v", response, err)
	}
	answer, frames := c.poll(t, nil, frame{Type: "hello"})
	if answer.StatusCode != http.StatusServiceUnavailable || len(frames) != 1 || frames[0].Code != "unavailable" || frames[0].Retry == 0 {
		t.Errorf("a third one by polling: %s %+v", answer.Status, frames)
	}
	p.send(frame{Type: "bye"})
	p.closed()
	eventually(t, "the place is free again", func() bool { return c.Open() == 1 })
	c.begin(t, frame{})
}

// failing is an engine that refuses for a while.
type failing struct {
	webchat.Engine
	err atomic.Pointer[error]
}

func (f *failing) Receive(ctx context.Context, to bot.Ref, event bot.Event) (engine.Result, error) {
	if err := f.err.Load(); err != nil {
		return engine.Result{}, *err
	}
	return f.Engine.Receive(ctx, to, event)
}

func TestNotKept(t *testing.T) {
	var gate *failing
	c := newChat(t, func(c *webchat.Config) {
		gate = &failing{Engine: c.Engine}
		c.Engine = gate
		c.Danger = func(text, lang string) string {
			if lang == "fr" && strings.Contains(text, "danger") {
				return "Appelez le 112."
			}
			return ""
		}
	})
	full, busy := errors.New("disk full"), fmt.Errorf("turn: %w", engine.ErrBusy)
	p, _ := c.begin(t, frame{Lang: "fr"})
	for _, test := range []struct {
		err        error
		text, code string
		urgent     bool
	}{
		{full, "Bonjour", "unavailable", false},
		{full, "je suis en danger", "unavailable", true},
		{busy, "Bonjour", "rate_limited", false},
	} {
		gate.err.Store(&test.err)
		p.say("same-id", test.text)
		e := p.expect("error")
		if e.Code != test.code || e.ID != "same-id" || e.Retry == 0 || e.Urgent != test.urgent || (e.Text == "Appelez le 112.") != test.urgent {
			t.Errorf("%v, %q: %+v", test.err, test.text, e)
		}
	}
	gate.err.Store(nil)
	p.say("same-id", "Bonjour")
	if ack := p.expect("ack"); ack.Seq != 1 {
		t.Errorf("once it works again: %+v", ack)
	}
}

// blind is a store that cannot be read for a while.
type blind struct {
	webchat.Store
	shut atomic.Bool
}

func (b *blind) Session(ctx context.Context, a bot.Address) (bot.Session, error) {
	if b.shut.Load() {
		return bot.Session{}, errors.New("store away")
	}
	return b.Store.Session(ctx, a)
}

func TestStoreAway(t *testing.T) {
	var store *blind
	c := newChat(t, func(c *webchat.Config) {
		store = &blind{Store: c.Store}
		c.Store = store
	})
	writer, welcome := c.begin(t, frame{})
	watcher, _ := c.begin(t, frame{Session: welcome.Session})
	store.shut.Store(true)
	late := c.connect(t)
	late.send(frame{Type: "hello"})
	if e := late.expect("error"); e.Code != "unavailable" || e.Retry == 0 {
		t.Errorf("hello: %+v", e)
	}
	writer.say("1", "Bonjour")
	writer.expect("ack")
	store.shut.Store(false)
	if got := watcher.until(2); got[0].Seq != 1 {
		t.Errorf("once it is back: %+v", got)
	}
	late.send(frame{Type: "hello"})
	late.expect("welcome")
}

// A client that takes nothing is let go, and finds everything when it returns.
func TestSlowReaderIsLetGo(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) {
		c.Says, c.Patience = 1000, 100*time.Millisecond
	})
	writer, welcome := c.begin(t, frame{})
	dialer := websocket.Dialer{NetDial: narrowDial}
	slow, _, err := dialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+webchat.SocketPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if err := slow.WriteJSON(frame{Type: "hello", Session: welcome.Session}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both are there", func() bool { return c.Open() == 2 })
	long := strings.Repeat("longue histoire ", 600)
	for i := 0; c.Open() == 2 && i < 500; i++ {
		writer.say(fmt.Sprint(i), long)
		for f, err := writer.read(); f.Type != "ack"; f, err = writer.read() {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "the slow one was let go", func() bool { return c.Open() == 1 })
	writer.settle()
	back, again := c.begin(t, frame{Session: welcome.Session})
	if got := len(back.until(again.Seq)); int64(got) != again.Seq {
		t.Errorf("back, it finds %d messages of %d", got, again.Seq)
	}
}

func TestGoodbye(t *testing.T) {
	c := newChat(t, nil)
	var pages []*person
	for i := range 5 {
		p, _ := c.begin(t, frame{})
		if i > 0 {
			p.say("1", "Bonjour")
			p.expect("ack")
		}
		pages = append(pages, p)
	}
	silent := c.connect(t) // has not said hello
	var group sync.WaitGroup
	group.Go(c.Close)
	for _, p := range append(pages, silent) {
		for f, err := p.read(); f.Type != "bye"; f, err = p.read() {
			if err != nil {
				t.Fatal(err)
			}
		}
		if code := p.closed(); code != websocket.CloseServiceRestart {
			t.Errorf("closed with %d", code)
		}
	}
	group.Wait()
	if n := c.Open(); n != 0 {
		t.Errorf("%d connections after the end", n)
	}
	eventually(t, "no goroutine is left", func() bool { return !strings.Contains(stacks(), "webchat.(*") })
	if _, response, err := c.dial(nil); err == nil || response == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: %v, %v", response, err)
	}
}

// What was sent before the stop is answered before the goodbye.
func TestGoodbyeAfterTheAnswer(t *testing.T) {
	entered, open := make(chan struct{}), make(chan struct{})
	c := newChat(t, func(c *webchat.Config) { c.Engine = gated{c.Engine, entered, open} })
	p, _ := c.begin(t, frame{})
	p.say("1", "Bonjour")
	<-entered
	var group sync.WaitGroup
	group.Go(c.Close)
	close(open)
	if ack := p.expect("ack"); ack.Seq != 1 {
		t.Errorf("ack: %+v", ack)
	}
	p.closed()
	group.Wait()
}

type gated struct {
	webchat.Engine
	entered chan<- struct{}
	open    <-chan struct{}
}

func (g gated) Receive(ctx context.Context, to bot.Ref, event bot.Event) (engine.Result, error) {
	close(g.entered)
	<-g.open
	return g.Engine.Receive(ctx, to, event)
}

func stacks() string {
	buffer := make([]byte, 1<<20)
	return string(buffer[:runtime.Stack(buffer, true)])
}

// eventually waits for what another goroutine is about to do.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
