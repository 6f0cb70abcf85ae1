package cluster

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// message is a frame from the chat, as far as these tests look.
type message struct {
	Type    string `json:"type"`
	Session string `json:"session"`
	Log     string `json:"log"`
	Seq     int64  `json:"seq"`
	From    string `json:"from"`
	Text    string `json:"text"`
	ID      string `json:"id"`
	Code    string `json:"code"`
	came    time.Time
}

// browser is one person's chat: a session, and at most one socket at a time,
// which may move from one instance to another as a page's does.
type browser struct {
	session, log string

	mu       sync.Mutex
	conn     *websocket.Conn
	reading  sync.WaitGroup
	messages []message // in the order they came
	acked    map[string]bool
	faults   []string
	welcomed bool
	byes     int // that the server said before it closed
	says     int
}

// open connects to an address and goes on where the session was.
func (b *browser) open(t *testing.T, address string) {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+address+"/chat/ws", nil)
	if err != nil {
		t.Fatalf("opening a chat: %v", err)
	}
	b.mu.Lock()
	b.conn, b.welcomed = conn, false
	hello := map[string]any{"type": "hello", "session": b.session, "log": b.log, "after": b.last(), "lang": "fr"}
	b.mu.Unlock()
	if err := conn.WriteJSON(hello); err != nil {
		t.Fatalf("greeting a chat: %v", err)
	}
	b.reading.Go(func() { b.read(conn) })
	b.until(t, "the chat says welcome", func() bool { return b.welcomed })
}

// read takes what comes until the socket ends.
func (b *browser) read(conn *websocket.Conn) {
	for {
		var m message
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		b.take(m)
	}
}

func (b *browser) take(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.came = time.Now()
	switch m.Type {
	case "welcome":
		b.session, b.log, b.welcomed = m.Session, m.Log, true
	case "ack":
		b.log = m.Log
		if b.acked == nil {
			b.acked = map[string]bool{}
		}
		b.acked[m.ID] = true
	case "bye":
		b.byes++
	case "error":
		b.faults = append(b.faults, m.Code)
	case "message":
		if want := b.last() + 1; m.Seq != want {
			b.faults = append(b.faults, fmt.Sprintf("message %d came where %d was due", m.Seq, want))
		}
		b.messages = append(b.messages, m)
	}
}

// last is the sequence number of the last message held; b.mu is held.
func (b *browser) last() int64 {
	if len(b.messages) == 0 {
		return 0
	}
	return b.messages[len(b.messages)-1].Seq
}

// close leaves without a word, as a phone that loses its network.
func (b *browser) close() {
	b.mu.Lock()
	conn := b.conn
	b.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
	b.reading.Wait()
}

// moveTo closes the socket and goes on at another address.
func (b *browser) moveTo(t *testing.T, address string) {
	t.Helper()
	b.close()
	b.open(t, address)
}

// say sends a text and waits for its acknowledgement.
func (b *browser) say(t *testing.T, text string) {
	t.Helper()
	id := b.send(t, text)
	b.until(t, "a message is acknowledged", func() bool { return b.acked[id] })
}

func (b *browser) send(t *testing.T, text string) (id string) {
	t.Helper()
	b.mu.Lock()
	b.says++
	id = fmt.Sprintf("say-%d", b.says)
	conn := b.conn
	b.mu.Unlock()
	if err := conn.WriteJSON(map[string]any{"type": "say", "id": id, "text": text}); err != nil {
		t.Errorf("saying something: %v", err)
	}
	return id
}

// until waits for something that is read under the browser's lock.
func (b *browser) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	await(t, patience, what, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return holds()
	})
}

// find returns the first message with a text in it.
func (b *browser) find(text string) (message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.messages {
		if strings.Contains(m.Text, text) {
			return m, true
		}
	}
	return message{}, false
}

// check reports gaps, repetitions and errors.
func (b *browser) check(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		t.Errorf("the chat: %s", fault)
	}
}
