package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"relais/bot"
)

const (
	livePath      = "/console/live"
	beat          = 20 * time.Second // keeps proxies from closing, and checks the session
	writeWithin   = 10 * time.Second // a reader that takes nothing is let go
	streamsEach   = 12               // open at once, per adviser
	reconnectWait = 2000             // milliseconds, told to the browser
)

// live streams hints: "inbox" when something changed in the organisation,
// "conversation" when it did in the one that ?c names. They carry nothing; the
// page fetches itself again. The stream ends with the session.
func (c *Console) live(w http.ResponseWriter, r *http.Request, who bot.Account) error {
	leave, ok := c.streams.enter(who.ID)
	if !ok {
		return errTooMany
	}
	defer leave()
	changes, cancel, err := c.watch(r, who)
	if err != nil {
		return err
	}
	defer cancel()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := eventStream{w: w, control: http.NewResponseController(w)}
	c.here(r.Context(), who)
	if err := out.send(fmt.Sprintf("retry: %d\nevent: hello\ndata:\n\n", reconnectWait)); err != nil {
		return nil
	}
	c.follow(r, who, out, changes)
	return nil
}

// follow passes hints on until the page goes away, the session ends or the
// console closes.
func (c *Console) follow(r *http.Request, who bot.Account, out eventStream, changes changes) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		var event string
		select {
		case <-r.Context().Done():
			return
		case <-c.closing:
			out.send("event: bye\ndata:\n\n")
			return
		case <-ticker.C:
			c.here(r.Context(), who)
			event = ": beat\n\n"
		case <-changes.inbox:
			event = "event: inbox\ndata:\n\n"
		case <-changes.conversation:
			event = "event: conversation\ndata:\n\n"
		}
		if _, err := c.adviser(r); errors.Is(err, errNotSignedIn) {
			out.send("event: signedout\ndata:\n\n")
			return
		}
		if out.send(event) != nil {
			return
		}
	}
}

// changes are hints, each at most once until it is taken.
type changes struct{ inbox, conversation chan struct{} }

// watch subscribes to what a page shows.
func (c *Console) watch(r *http.Request, who bot.Account) (changes, context.CancelFunc, error) {
	hints := changes{inbox: make(chan struct{}, 1), conversation: make(chan struct{}, 1)}
	var id bot.ID
	if text := r.URL.Query().Get("c"); text != "" {
		parsed, err := bot.ParseID(text)
		if err != nil {
			return hints, nil, errNoPage
		}
		if err := c.mayOpen(r.Context(), who, parsed); err != nil {
			return hints, nil, err
		}
		id = parsed
	}
	cancels := []func(){c.Bus.Subscribe(bot.OrganisationTopic(who.Organisation), func(bot.Hint) { poke(hints.inbox) })}
	if !id.IsZero() {
		cancels = append(cancels, c.Bus.Subscribe(bot.ConversationTopic(id), func(bot.Hint) { poke(hints.conversation) }))
	}
	return hints, func() {
		for _, cancel := range cancels {
			cancel()
		}
	}, nil
}

// poke leaves a hint, unless one lies there already.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// eventStream writes server-sent events.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s eventStream) send(event string) error {
	// A writer without deadlines keeps the server's own.
	if err := s.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(event)); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	// The time until the next hint is nobody's fault.
	s.control.SetWriteDeadline(time.Time{})
	return nil
}

// Open tells how many pages wait for news.
func (c *Console) Open() int { return c.streams.count() }

// streams counts the open streams of each adviser. Its zero value is ready.
type streams struct {
	mu   sync.Mutex
	open map[string]int
}

func (s *streams) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, open := range s.open {
		n += open
	}
	return n
}

func (s *streams) enter(adviser string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[adviser] >= streamsEach {
		return nil, false
	}
	if s.open == nil {
		s.open = map[string]int{}
	}
	s.open[adviser]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[adviser]--; s.open[adviser] == 0 {
			delete(s.open, adviser)
		}
	}, true
}
