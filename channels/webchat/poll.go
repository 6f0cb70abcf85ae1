package webchat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

const (
	maxWait  = 25 * time.Second
	maxPages = 4 // shown in one answer; the client asks again for the rest
)

// ServePoll takes an array of client objects, the hello first, and answers an
// array of server objects. When the hello asks to wait and nothing is new, the
// answer comes with the first news, or empty-handed after at most 25 s.
//
// It answers 200 whatever became of each object, 400 for a body that is not an
// array, 403 for a page of another origin, 413 over 64 KiB or 64 objects, and
// 503 when there are too many connections.
func (s *Server) ServePoll(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(r) {
		s.refuseOrigin(w, r)
		return
	}
	shareAnswer(w, r)
	p := &poll{server: s, woken: make(chan struct{}, 1), left: make(chan time.Duration, 1)}
	p.talk = talk{server: s, client: p, place: place(r)}
	objects, err := readObjects(w, r)
	switch {
	case errors.Is(err, errTooLarge):
		p.emit(p.talk.failure(tooLarge, "", 0))
		p.answer(w, http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		p.emit(p.talk.failure(badFrame, "", 0))
		p.answer(w, http.StatusBadRequest)
		return
	case !s.admit():
		p.emit(p.talk.failure(unavailable, "", comeBack()))
		p.answer(w, http.StatusServiceUnavailable)
		return
	}
	defer s.release()
	defer p.talk.leave()
	// The HTTP server's own deadlines are meant for answers that do not wait.
	deadlines := http.NewResponseController(w)
	deadlines.SetReadDeadline(time.Time{})
	deadlines.SetWriteDeadline(time.Now().Add(maxWait + receiveIn + s.config.Patience))
	p.carry(r.Context(), objects)
	p.answer(w, http.StatusOK)
}

// servePreflight answers a browser that asks for an allowed page of another
// origin.
func (s *Server) servePreflight(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(r) {
		s.refuseOrigin(w, r)
		return
	}
	shareAnswer(w, r)
	w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

func readObjects(w http.ResponseWriter, r *http.Request) ([]json.RawMessage, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFrame))
	if tooMany := (*http.MaxBytesError)(nil); errors.As(err, &tooMany) {
		return nil, errTooLarge
	}
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		return nil, errUnreadable
	}
	var objects []json.RawMessage
	if err := json.Unmarshal(body, &objects); err != nil {
		return nil, errUnreadable
	}
	if len(objects) > maxFrames {
		return nil, errTooLarge
	}
	return objects, nil
}

// poll is one request: a talk that ends with its answer.
type poll struct {
	server *Server
	talk   talk
	frames []json.RawMessage
	woken  chan struct{}
	left   chan time.Duration
	pages  int
}

func (p *poll) emit(frame any) { p.frames = append(p.frames, encode(frame)) }

func (p *poll) hint() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *poll) dismiss(retry time.Duration) {
	select {
	case p.left <- retry:
	default:
	}
}

// carry carries out the objects one by one, each with the news it brings, then
// waits if the client asked to.
func (p *poll) carry(ctx context.Context, objects []json.RawMessage) {
	wait, quiet := time.Duration(0), 0
	for _, data := range objects {
		in, err := readFrame(data)
		if err != nil {
			p.emit(p.talk.failure(badFrame, in.ID, 0))
			continue
		}
		if !p.talk.take(ctx, in) {
			return
		}
		if in.Type == "hello" {
			wait = min(time.Duration(max(0, in.Wait))*time.Second, maxWait)
			if p.talk.session != "" {
				quiet++ // a welcome is no news
			}
		}
		p.catchUp(ctx)
	}
	if wait > 0 && len(p.frames) == quiet {
		p.wait(ctx, wait)
	}
}

// catchUp shows what the last hint was about.
func (p *poll) catchUp(ctx context.Context) {
	select {
	case <-p.woken:
	default:
		return
	}
	for p.pages < maxPages {
		more, err := p.talk.news(ctx)
		if err != nil {
			p.server.config.Log.Error("chat messages not read", slog.Any("error", err))
			p.emit(p.talk.failure(unavailable, "", retryFailed))
			return
		}
		if !more {
			return
		}
		p.pages++
	}
}

// wait waits for the first news. A hint may come before anything changed for
// this client: the wait then goes on.
func (p *poll) wait(ctx context.Context, atMost time.Duration) {
	timer := time.NewTimer(atMost)
	defer timer.Stop()
	for before := len(p.frames); len(p.frames) == before; {
		select {
		case <-p.woken:
			p.hint()
			p.catchUp(ctx)
		case retry := <-p.left:
			p.emit(bye{"bye", retry.Milliseconds()})
		case <-p.server.stopped:
			p.emit(bye{"bye", comeBack().Milliseconds()})
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (p *poll) answer(w http.ResponseWriter, status int) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	if p.frames == nil {
		p.frames = []json.RawMessage{}
	}
	w.Write(encode(p.frames))
}
