package webchat

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The server asks for a sign of life, which is no first word, and notices who is
// gone.
func TestPing(t *testing.T) {
	s := New(Config{Key: make([]byte, 32)})
	defer s.Close()
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+SocketPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	pinged := make(chan struct{}, 1)
	answer := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		pinged <- struct{}{}
		return answer(data)
	})
	go conn.ReadMessage()
	k := onlySocket(t, s)
	k.ping()
	select {
	case <-pinged:
	case <-time.After(10 * time.Second):
		t.Fatal("no ping came")
	}
	if k.greeted.Load() {
		t.Error("a pong counts as a first word")
	}
	conn.Close()
	for end := time.Now().Add(10 * time.Second); s.Open() > 0; {
		k.ping()
		if time.Now().After(end) {
			t.Fatal("a client that is gone keeps its place")
		}
	}
}

func onlySocket(t *testing.T, s *Server) *socket {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		s.mu.Lock()
		for k := range s.sockets {
			s.mu.Unlock()
			return k
		}
		s.mu.Unlock()
	}
	t.Fatal("no socket is open")
	return nil
}
