package webchat

import (
	"crypto/sha256"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Protocol is the websocket subprotocol.
const Protocol = "relais.v1"

// Where the chat is served.
const (
	SocketPath = "/chat/ws"
	PollPath   = "/chat/poll"
	ScriptPath = "/chat/widget.js"
	StylePath  = "/chat/widget.css"
)

// Server is the chat. Build it with New, serve its Handler, Close it at the end.
type Server struct {
	config   Config
	origins  map[string]bool
	tokens   signer
	sessions sessions
	upgrader websocket.Upgrader

	mu       sync.Mutex
	open     int // sockets and polls
	sockets  map[*socket]struct{}
	stopping bool
	stopped  chan struct{}
	running  sync.WaitGroup // sockets' goroutines, and polls
}

// New returns a server that is ready. A key that signs nothing is a mistake of
// the program, and panics.
func New(config Config) *Server {
	if len(config.Key) < sha256.Size {
		panic("webchat: the key of the sessions is too short")
	}
	config = config.withDefaults()
	return &Server{
		config:  config,
		origins: originSet(config.Origins),
		tokens:  signer{append([]byte(nil), config.Key...)},
		upgrader: websocket.Upgrader{
			ReadBufferSize:  512,
			WriteBufferSize: 1024,
			WriteBufferPool: &sync.Pool{},
			Subprotocols:    []string{Protocol},
			CheckOrigin:     func(*http.Request) bool { return true }, // ServeSocket has
		},
		sockets: map[*socket]struct{}{},
		stopped: make(chan struct{}),
	}
}

// Handler serves the chat under /chat/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+SocketPath, s.ServeSocket)
	mux.HandleFunc("POST "+PollPath, s.ServePoll)
	mux.HandleFunc("OPTIONS "+PollPath, s.servePreflight)
	mux.Handle("GET "+ScriptPath, script)
	mux.Handle("GET "+StylePath, style)
	mux.Handle("GET "+pageStylePath, pageStyle)
	mux.Handle("GET "+pageIconPath, pageIcon)
	return mux
}

// Close takes nobody in any more, says goodbye to whoever is connected, and
// returns once the last one has left. What they had sent is answered first: the
// engine must still be there.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		close(s.stopped)
	}
	for k := range s.sockets {
		k.dismiss(comeBack())
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Open tells how many sockets and waiting polls there are.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// comeBack is when a client may return after a restart: spread out, so that
// they do not all return at once.
func comeBack() time.Duration { return time.Second + rand.N(3*time.Second) }

// admit counts one more connection, unless there are too many or the server
// stops.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || s.open >= s.config.Sockets {
		return false
	}
	s.open++
	s.running.Add(1)
	return true
}

func (s *Server) release() {
	s.mu.Lock()
	s.open--
	s.mu.Unlock()
	s.running.Done()
}

// enter remembers a socket, to end it when the server stops.
func (s *Server) enter(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[k] = struct{}{}
	if s.stopping {
		k.dismiss(comeBack())
	}
}

func (s *Server) forget(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k)
}

// perSession is how many connections one session may have.
const perSession = 10

// sessions knows who is connected to each session, the oldest first.
type sessions struct {
	mu    sync.Mutex
	talks map[string][]*talk
}

// join adds a connection, and returns the one that must leave for it, if any.
func (s *sessions) join(session string, t *talk) (oldest *talk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.talks == nil {
		s.talks = map[string][]*talk{}
	}
	talks := s.talks[session]
	if len(talks) >= perSession {
		oldest, talks = talks[0], talks[1:]
	}
	s.talks[session] = append(talks, t)
	return oldest
}

func (s *sessions) leave(session string, t *talk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	talks := s.talks[session]
	for i := range talks {
		if talks[i] == t {
			talks = append(talks[:i:i], talks[i+1:]...)
			break
		}
	}
	if len(talks) == 0 {
		delete(s.talks, session)
		return
	}
	s.talks[session] = talks
}
