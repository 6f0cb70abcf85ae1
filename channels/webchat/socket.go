package webchat

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	helloWithin = 20 * time.Second // after the connection
	beatEvery   = 25 * time.Second // a ping
	goneAfter   = 75 * time.Second // without a word, nor an answer to three pings
	lingerFor   = time.Second      // for the client to read our last words
	maxQueue    = 128              // frames that wait to be written
	newsAgain   = time.Second      // after rows could not be read
)

// ServeSocket opens a websocket, hands it to its reader, and returns: what the
// HTTP server had set aside for the request is freed.
func (s *Server) ServeSocket(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(r) {
		s.refuseOrigin(w, r)
		return
	}
	if offered := websocket.Subprotocols(r); len(offered) > 0 && !slices.Contains(offered, Protocol) {
		http.Error(w, "the only subprotocol is "+Protocol, http.StatusBadRequest)
		return
	}
	if !s.admit() {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "trop de connexions, réessayez dans quelques secondes", http.StatusServiceUnavailable)
		return
	}
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil { // the upgrader has answered
		s.release()
		return
	}
	k := &socket{conn: conn, server: s}
	k.talk = talk{server: s, client: k, place: place(r)}
	k.beat = time.AfterFunc(beatEvery, k.ping)
	s.enter(k)
	go k.read()
}

// socket is one websocket. Its reader owns it; its writer exists while
// something waits.
type socket struct {
	conn      *websocket.Conn
	server    *Server
	talk      talk
	beat      *time.Timer
	greeted   atomic.Bool  // a first frame came
	dismissed atomic.Int64 // the server wants it to leave, and to return after so many ms

	mu      sync.Mutex
	queue   [][]byte
	news    bool // rows may be waiting
	writing bool // there is a writer
	ending  bool // nothing more is taken: what waits is written, then it closes
	code    int  // to close with
}

// farewell is how a socket ends. A zero one closes without a word: nobody is
// there to hear it.
type farewell struct {
	frame any // last words, nil for none
	code  int // websocket close code
}

// read takes frames until the client, or the server, has enough.
func (k *socket) read() {
	defer k.server.release()
	k.conn.SetPongHandler(func(string) error { k.await(); return nil })
	last := k.listen()
	k.beat.Stop()
	k.talk.leave()
	k.server.forget(k)
	k.end(last)
}

// listen hands each frame to a goroutine of its own and waits for it: reading
// JSON and rows needs a deep stack, which an idle reader would keep.
func (k *socket) listen() farewell {
	ended := make(chan *farewell)
	for {
		data, err := k.next()
		if err != nil {
			return k.why(err)
		}
		go func() { ended <- k.carry(data) }()
		if last := <-ended; last != nil {
			return *last
		}
	}
}

// carry carries out one frame; it returns a farewell when it was the last.
func (k *socket) carry(data []byte) *farewell {
	in, err := readFrame(data)
	switch {
	case errors.Is(err, errUnreadable):
		last := k.why(err)
		return &last
	case err != nil:
		k.emit(k.talk.failure(badFrame, in.ID, 0))
	case !k.talk.take(context.Background(), in):
		return &farewell{code: websocket.CloseNormalClosure}
	}
	return nil
}

// errTooLarge is a frame over maxFrame.
var errTooLarge = errors.New("frame too large")

// next reads one frame, and no more than one byte too many of it.
func (k *socket) next() ([]byte, error) {
	k.await()
	kind, r, err := k.conn.NextReader()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFrame+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxFrame:
		return nil, errTooLarge
	case kind != websocket.TextMessage:
		return nil, errUnreadable
	}
	k.greeted.Store(true)
	return data, nil
}

// await gives the client its time until the next sign of life. Whoever never
// said anything gets no more by answering pings.
func (k *socket) await() {
	switch {
	case k.dismissed.Load() != 0:
		return // dismiss has set the deadline
	case k.greeted.Load():
		k.conn.SetReadDeadline(time.Now().Add(goneAfter))
	default:
		k.conn.SetReadDeadline(time.Now().Add(helloWithin))
	}
	if k.dismissed.Load() != 0 {
		k.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// why chooses the last words for a reader that stopped.
func (k *socket) why(err error) farewell {
	retry := k.dismissed.Load()
	switch {
	case errors.Is(err, errTooLarge):
		return farewell{k.talk.failure(tooLarge, "", 0), websocket.CloseMessageTooBig}
	case errors.Is(err, errUnreadable):
		return farewell{k.talk.failure(badFrame, "", 0), websocket.CloseUnsupportedData}
	case retry != 0:
		return farewell{bye{"bye", retry}, websocket.CloseServiceRestart}
	}
	return farewell{}
}

// dismiss wakes the reader, which then leaves.
func (k *socket) dismiss(retry time.Duration) {
	k.dismissed.Store(max(1, retry.Milliseconds()))
	k.conn.SetReadDeadline(time.Unix(1, 0))
}

// ping asks for a sign of life, and plans the next ping.
func (k *socket) ping() {
	err := k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(k.server.config.Patience))
	if err != nil {
		k.conn.Close() // the reader notices
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ending {
		k.beat.Reset(beatEvery)
	}
}

// emit queues a frame. A client that lets the queue fill is let go.
func (k *socket) emit(frame any) {
	data := encode(frame)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.ending:
	case len(k.queue) >= maxQueue:
		k.drop()
	default:
		k.queue = append(k.queue, data)
		k.work()
	}
}

// hint notes that there may be rows to show.
func (k *socket) hint() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ending {
		k.news = true
		k.work()
	}
}

// work starts the writer if there is none; k.mu is held. The reader has not
// ended, so that the server still waits for this socket.
func (k *socket) work() {
	if k.writing {
		return
	}
	k.writing = true
	k.server.running.Add(1)
	go k.write()
}

// drop lets a client go at once; k.mu is held.
func (k *socket) drop() {
	k.ending, k.queue, k.news = true, nil, false
	k.conn.Close()
}

// end writes what waits and the last words, then closes.
func (k *socket) end(last farewell) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ending || last.code == 0 {
		k.drop()
		return
	}
	if last.frame != nil {
		k.queue = append(k.queue, encode(last.frame))
	}
	k.ending, k.news, k.code = true, false, last.code
	k.work()
}

// write empties the queue, shows the news, and ends when there is neither.
func (k *socket) write() {
	defer k.server.running.Done()
	for {
		k.mu.Lock()
		batch, news := k.queue, k.news
		k.queue, k.news = nil, false
		if len(batch) == 0 && !news {
			k.writing = false
			ending := k.ending
			k.mu.Unlock()
			if ending {
				k.goodbye()
			}
			return
		}
		k.mu.Unlock()
		if !k.send(batch) {
			return
		}
		if news {
			k.show()
		}
	}
}

// send writes frames; it tells false when the client does not take them.
func (k *socket) send(batch [][]byte) bool {
	for _, data := range batch {
		k.conn.SetWriteDeadline(time.Now().Add(k.server.config.Patience))
		if err := k.conn.WriteMessage(websocket.TextMessage, data); err != nil {
			k.mu.Lock()
			k.writing = false
			k.drop()
			k.mu.Unlock()
			return false
		}
	}
	return true
}

// show queues one page of news.
func (k *socket) show() {
	ctx, cancel := context.WithTimeout(context.Background(), receiveIn)
	defer cancel()
	more, err := k.talk.news(ctx)
	if err != nil {
		k.server.config.Log.Error("chat messages not read", slog.Any("error", err))
		time.AfterFunc(newsAgain, k.hint)
		return
	}
	if more {
		k.hint()
	}
}

// goodbye closes the connection after the last frame. Data that the client is
// still sending would reset it before that frame is read: they are read away
// for a moment.
func (k *socket) goodbye() {
	defer k.conn.Close()
	err := k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(k.code, ""), time.Now().Add(lingerFor))
	if err != nil {
		return
	}
	raw := k.conn.NetConn()
	raw.SetReadDeadline(time.Now().Add(lingerFor))
	io.Copy(io.Discard, io.LimitReader(raw, 16*maxFrame))
}
