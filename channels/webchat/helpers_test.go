package webchat_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"relais/bot"
	"relais/bot/bus"
	"relais/bot/engine"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/channels/webchat"
	"relais/flows"
	"relais/handoff"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

var builtin = sync.OnceValue(func() *flows.Library {
	library, faults := flows.Load(flows.Builtin(), flows.DefaultSamples())
	if len(faults) > 0 {
		panic(faults[0])
	}
	return library
})

// chat is the chat on a real socket, with the real engine on a real store.
type chat struct {
	*webchat.Server
	url    string
	store  *sqlite.Store
	engine *engine.Engine
	hints  *bus.Local
	keys   *seal.Keyring
	events int // of advisers, so far
}

func newChat(t testing.TB, change func(*webchat.Config)) *chat {
	t.Helper()
	c := openStore(t)
	c.hints = &bus.Local{}
	c.engine = engine.New(engine.Config{
		Store: c.store, Flows: engine.NewFlows(c.store, builtin()), Bus: c.hints, Idle: true,
		Log: slog.New(slog.DiscardHandler),
	})
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.engine.Run(running) }()
	config := webchat.Config{
		Engine: c.engine, Store: c.store, Bus: c.hints, Key: c.keys.SessionKey(),
		Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&config)
	}
	c.Server = webchat.New(config)
	server := httptest.NewUnstartedServer(c.Server.Handler())
	server.Listener = narrow{server.Listener}
	server.Start()
	c.url = server.URL
	t.Cleanup(func() {
		c.Server.Close()
		server.Close()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := c.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func openStore(t testing.TB) *chat {
	t.Helper()
	ctx := context.Background()
	keys, err := seal.NewKeyring(make([]byte, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.SaveTerritory(ctx, handoff.Doubs); err != nil {
		t.Fatal(err)
	}
	var versions []bot.Version
	for name, flow := range builtin().Flows {
		versions = append(versions, bot.Version{Name: name, Hash: flow.Hash, Files: builtin().Files(name)})
	}
	if _, err := store.Publish(ctx, versions); err != nil {
		t.Fatal(err)
	}
	return &chat{store: store, keys: keys}
}

// narrow gives each connection a small buffer in the system, so that a client
// that does not read is noticed after kilobytes instead of megabytes.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(4096)
	}
	return conn, err
}

// narrowDial is the same at the client's end.
func narrowDial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetReadBuffer(4096)
	}
	return conn, err
}

// frame is any object of the protocol.
type frame struct {
	Type    string       `json:"type"`
	Session string       `json:"session,omitempty"`
	Log     string       `json:"log,omitempty"`
	After   int64        `json:"after,omitempty"`
	Lang    string       `json:"lang,omitempty"`
	Wait    int          `json:"wait,omitempty"`
	ID      string       `json:"id,omitempty"`
	Text    string       `json:"text,omitempty"`
	Choice  string       `json:"choice,omitempty"`
	To      int64        `json:"to,omitempty"`
	Seq     int64        `json:"seq,omitempty"`
	Owner   string       `json:"owner,omitempty"`
	Promise string       `json:"promise,omitempty"`
	From    string       `json:"from,omitempty"`
	Name    string       `json:"name,omitempty"`
	Choices []bot.Choice `json:"choices,omitempty"`
	At      string       `json:"at,omitempty"`
	Code    string       `json:"code,omitempty"`
	Retry   int64        `json:"retry,omitempty"`
	Urgent  bool         `json:"urgent,omitempty"`
}

// person is one page open on the chat.
type person struct {
	t       testing.TB
	chat    *chat
	conn    *websocket.Conn
	session string // token
	seen    int64  // the last message read
}

func (c *chat) connect(t testing.TB) *person {
	t.Helper()
	p, _, err := c.dial(http.Header{"Sec-Websocket-Protocol": {webchat.Protocol}})
	if err != nil {
		t.Fatal(err)
	}
	p.t, p.chat = t, c
	t.Cleanup(func() { p.conn.Close() })
	return p
}

func (c *chat) dial(header http.Header) (*person, *http.Response, error) {
	conn, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+webchat.SocketPath, header)
	return &person{conn: conn}, response, err
}

// begin connects and says hello.
func (c *chat) begin(t testing.TB, hello frame) (*person, frame) {
	t.Helper()
	p := c.connect(t)
	hello.Type = "hello"
	p.send(hello)
	return p, p.expect("welcome")
}

func (p *person) send(f frame) {
	p.t.Helper()
	p.conn.SetWriteDeadline(time.Now().Add(patience))
	if err := p.conn.WriteJSON(f); err != nil {
		p.t.Fatalf("sending %s: %v", f.Type, err)
	}
}

func (p *person) say(id, text string) {
	p.t.Helper()
	p.send(frame{Type: "say", ID: id, Text: text})
}

func (p *person) read() (frame, error) {
	p.conn.SetReadDeadline(time.Now().Add(patience))
	var f frame
	_, data, err := p.conn.ReadMessage()
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	switch f.Type {
	case "welcome":
		p.session = f.Session
		if f.Seq < p.seen {
			p.seen = 0
		}
	case "message":
		p.seen = f.Seq
	}
	return f, err
}

// expect reads the next frame, which must be of that type.
func (p *person) expect(kind string) frame {
	p.t.Helper()
	f, err := p.read()
	if err != nil {
		p.t.Fatalf("waiting for %s: %v", kind, err)
	}
	if f.Type != kind {
		p.t.Fatalf("got %+v, want %s", f, kind)
	}
	return f
}

// settle reads up to the last message that the store now has, and up to the
// answer to a ping.
func (p *person) settle() []frame {
	p.t.Helper()
	last := int64(0)
	at, err := p.chat.store.Session(p.t.Context(), address(p.t, p.session))
	if err == nil {
		last = at.Seq
	}
	p.send(frame{Type: "ping"})
	var got []frame
	for ponged := false; !ponged || p.seen < last; {
		f, err := p.read()
		if err != nil {
			p.t.Fatalf("settling at message %d of %d: %v", p.seen, last, err)
		}
		if f.Type == "pong" {
			ponged = true
			continue
		}
		got = append(got, f)
	}
	return got
}

// until reads up to the message with that number and returns the messages.
func (p *person) until(seq int64) []frame {
	p.t.Helper()
	var got []frame
	for {
		f, err := p.read()
		if err != nil {
			p.t.Fatalf("waiting for message %d: %v", seq, err)
		}
		if f.Type != "message" {
			continue
		}
		if got = append(got, f); f.Seq >= seq {
			return got
		}
	}
}

// closed reads the rest and returns the code the server closed with.
func (p *person) closed() int {
	p.t.Helper()
	for {
		_, err := p.read()
		var e *websocket.CloseError
		switch {
		case err == nil:
			continue
		case asClose(err, &e):
			return e.Code
		}
		p.t.Fatalf("waiting for the end: %v", err)
	}
}

func asClose(err error, e **websocket.CloseError) bool {
	closed, ok := err.(*websocket.CloseError)
	*e = closed
	return ok
}

// address is where a session's conversation is kept.
func address(t testing.TB, token string) bot.Address {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		t.Fatalf("session token %q: %d bytes, %v", token, len(raw), err)
	}
	return bot.Address{Channel: bot.Web, Value: base64.RawURLEncoding.EncodeToString(raw[:16])}
}

// seqs returns the numbers of messages.
func seqs(frames []frame) []int64 {
	var numbers []int64
	for _, f := range frames {
		if f.Type == "message" {
			numbers = append(numbers, f.Seq)
		}
	}
	return numbers
}

// upTo is first, first+1 … last.
func upTo(first, last int64) []int64 {
	var numbers []int64
	for n := first; n <= last; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}
