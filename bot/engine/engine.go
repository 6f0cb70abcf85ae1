// Package engine carries events to the store: receive, load, Turn, commit, and
// then whatever was decided — texts sent, jobs done when they are due, hints
// given to whoever watches. It is the only place where the pure turn meets the
// clock, chance and the disk.
//
// Who runs: the caller of Receive runs its own turn, in the order of its
// conversation's queue, and starts a goroutine that delivers what the turn said;
// one committer groups the commits of all of them, with the help of a second one
// while many notes wait; one dispatcher claims due jobs and starts a goroutine
// for each, at most Workers at a time; one keeper renews their leases; one
// watcher notices what other processes wrote. All but the callers live and end
// inside Run.
package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"relais/bot"
	"relais/bot/bus"
)

// Config says what an engine works with.
type Config struct {
	Store bot.Store
	Flows *Flows
	// Senders deliver texts, by channel. A channel without one keeps its lines
	// waiting.
	Senders map[bot.Channel]bot.Sender
	// Archive is the operator's list of what people sent, compared with what
	// reached us. Defaults to none.
	Archive Archive
	// Bus carries hints. Defaults to one inside this process.
	Bus bot.Bus
	// Clock tells the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is where nonces come from. Defaults to crypto/rand.
	Random io.Reader
	// Log defaults to slog.Default.
	Log *slog.Logger
	// Idle engines commit turns but leave due jobs to others: the commands
	// beside a server. Defaults to false.
	Idle bool
	// Group is how many turns one commit may carry. Defaults to 64.
	Group int
	// Workers is how many claimed jobs run at once, and how many deliveries that
	// turns took up themselves beside them. Defaults to 128.
	Workers int
	// Lease is how long a claimed job is ours without a renewal. Defaults to
	// 8 s: what a dead instance held goes on within 10.
	Lease time.Duration
	// Pace tells when texts may leave. Defaults to at once.
	Pace Pacer
	// OnCall are told of a crisis that nobody acknowledges. Defaults to nobody.
	OnCall []bot.Address
	// Evidence is how long the result of a send that nobody knows is looked
	// for before the text is sent again. Defaults to 20 s.
	Evidence time.Duration
}

func (c Config) withDefaults() Config {
	if c.Bus == nil {
		c.Bus = &bus.Local{}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Group == 0 {
		c.Group = 64
	}
	if c.Workers == 0 {
		c.Workers = 128
	}
	if c.Lease == 0 {
		c.Lease = 8 * time.Second
	}
	if c.Evidence == 0 {
		c.Evidence = 20 * time.Second
	}
	return c
}

// Engine runs turns. Build it with New, then Run it.
type Engine struct {
	Config
	lanes      lanes
	turns      chan *commit  // with a conversation: somebody waits for them
	notes      chan *commit  // the others: what became of texts and jobs
	crowded    chan struct{} // many notes wait to be committed
	wake       chan struct{} // a job may be due
	waves      atomic.Int64  // claimed jobs of waves under way
	talked     atomic.Int64  // when a person or an adviser last wrote, in microseconds
	more       atomic.Bool   // due jobs may wait for a slot
	nextLook   atomic.Int64  // when the dispatcher looks for due jobs again, in microseconds
	slots      chan struct{} // one taken for each claimed job under way
	errands    chan struct{} // one taken for each delivery under way that its turn took up
	leases     leases
	memory     memory
	counts     Counts
	metrics    *metrics
	unrecorded unrecorded
	stopping   chan struct{} // long jobs come to an end
	closing    chan struct{} // no new commit is taken
	closed     chan struct{} // the committer has ended
}

// New returns an engine that nobody runs yet.
func New(c Config) *Engine {
	c = c.withDefaults()
	return &Engine{
		Config:   c,
		turns:    make(chan *commit, 4*c.Group),
		notes:    make(chan *commit, 4*c.Group),
		crowded:  make(chan struct{}, 1),
		wake:     make(chan struct{}, 1),
		slots:    make(chan struct{}, c.Workers),
		errands:  make(chan struct{}, c.Workers),
		memory:   newMemory(),
		metrics:  newMetrics(),
		stopping: make(chan struct{}),
		closing:  make(chan struct{}),
		closed:   make(chan struct{}),
	}
}

// ErrStopped is returned to whoever comes after Run has ended.
var ErrStopped = errors.New("engine stopped")

// Run works until ctx ends, then finishes what it holds: jobs under way end or
// are given back, and every accepted commit has its outcome. It returns nil
// after such a stop.
func (e *Engine) Run(ctx context.Context) error {
	// The committer outlives the rest: jobs that end need it.
	committing, stopCommitter := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(e.closed)
		var second sync.WaitGroup
		second.Go(func() { e.runSecondCommitter(committing) })
		e.runCommitter(committing)
		second.Wait()
	}()
	group, running := errgroup.WithContext(ctx)
	if !e.Idle {
		group.Go(func() error { return e.dispatch(running) })
		group.Go(func() error { e.beginReconciling(running); return nil })
		group.Go(func() error { e.beginPurging(running); return nil })
	}
	group.Go(func() error { return e.watch(running) })
	group.Go(func() error { <-running.Done(); close(e.stopping); return nil })
	err := group.Wait()
	close(e.closing)
	stopCommitter()
	<-e.closed
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	return nil
}

// now is the engine's clock, cut to what stores keep.
func (e *Engine) now() time.Time { return bot.Microseconds(e.Clock()) }

// nonce draws the source of a turn's novelty.
func (e *Engine) nonce(now time.Time) (bot.Nonce, error) {
	var n bot.Nonce
	if _, err := io.ReadFull(e.Random, n[6:]); err != nil {
		return n, fmt.Errorf("drawing a nonce: %w", err)
	}
	ms := now.UnixMilli()
	for i := range 6 {
		n[i] = byte(ms >> (8 * (5 - i)))
	}
	return n, nil
}

// nudge wakes the dispatcher.
func (e *Engine) nudge() { signal(e.wake) }

// signal leaves word in a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
