package transcripts

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"relais/bot"
	"relais/bot/engine"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/channels/terminal"
)

// Live is a stage with the real engine on a SQLite store. It tells what
// happened from what was committed, and checks that the person could read
// exactly that: by SMS what was sent, on the page what the log shows.
type Live struct {
	store  *recorder
	engine *engine.Engine
	clock  *terminal.Clock
	events int
	sent   []bot.Text
	read   int64 // sequence number of the last line read on the page

	stop   context.CancelFunc
	ending chan error
}

var _ Stage = (*Live)(nil)

// OpenLive opens a stage at a time, with its database in a directory. Close it.
func OpenLive(ctx context.Context, s *Setting, at time.Time, dir string) (*Live, error) {
	master := sha256.Sum256([]byte("transcripts"))
	keys, err := seal.NewKeyring(master[:])
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "transcript.db"), Keys: keys})
	if err != nil {
		return nil, err
	}
	if err := furnish(ctx, store, s); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	l := &Live{clock: terminal.NewClock(at), ending: make(chan error, 1)}
	l.store = &recorder{Store: store, agenda: agenda{}}
	l.engine = engine.New(engine.Config{
		Store: l.store, Flows: engine.NewFlows(l.store, s.Library), Clock: l.clock.Now, Idle: true,
		Senders: map[bot.Channel]bot.Sender{bot.SMS: l}, Log: slog.New(slog.DiscardHandler),
	})
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go func() { l.ending <- l.engine.Run(running) }()
	return l, nil
}

// furnish gives an empty store its territory, flows and advisers.
func furnish(ctx context.Context, store *sqlite.Store, s *Setting) error {
	if _, err := store.SaveTerritory(ctx, s.Document); err != nil {
		return err
	}
	var versions []bot.Version
	for name, flow := range s.Library.Flows {
		versions = append(versions, bot.Version{Name: name, Hash: flow.Hash, Files: s.Library.Files(name)})
	}
	if _, err := store.Publish(ctx, versions); err != nil {
		return err
	}
	for _, by := range advisers {
		err := store.SaveAdviser(ctx, bot.Account{
			ID: by.Adviser, Email: by.Name + "@example.org", Name: by.Name, Organisation: by.Organisation, Team: by.Team, Role: by.Role,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Close stops the engine and closes the store.
func (l *Live) Close() error {
	l.stop()
	return errors.Join(<-l.ending, l.store.Store.(io.Closer).Close())
}

// Now tells the stage's time.
func (l *Live) Now() time.Time { return l.clock.Now() }

// Send takes what leaves by SMS.
func (l *Live) Send(_ context.Context, m bot.Outgoing) (bot.Receipt, error) {
	l.sent = append(l.sent, m.Text)
	return bot.Receipt{Provider: fmt.Sprint("sms-", len(l.sent))}, nil
}

// Happen makes an event take effect.
func (l *Live) Happen(ctx context.Context, to bot.Ref, e bot.Event) ([]Beat, error) {
	l.events++
	e.Source, e.ID = "transcript", fmt.Sprint(l.events)
	result, err := l.engine.Receive(ctx, to, e)
	if err != nil {
		return nil, err
	}
	if result.Refused != nil {
		return []Beat{{Effects: []bot.Effect{*result.Refused}}}, nil
	}
	return l.told(ctx, l.clock.Now())
}

// MoveTo moves the clock, and does what falls due on the way.
func (l *Live) MoveTo(ctx context.Context, at time.Time) ([]Beat, error) { return l.told(ctx, at) }

// told goes on until a time, and returns what was committed since the last
// call.
func (l *Live) told(ctx context.Context, until time.Time) ([]Beat, error) {
	if err := l.clock.MoveTo(ctx, until, l.engine.Step); err != nil {
		return nil, err
	}
	beats := l.store.take()
	if err := l.checkRead(ctx, beats); err != nil {
		return nil, err
	}
	return beats, nil
}

// Conversation returns the one behind an address.
func (l *Live) Conversation(ctx context.Context, a bot.Address) (bot.Conversation, error) {
	loaded, err := l.store.Load(ctx, bot.Ref{Address: a})
	if err == nil && loaded.Fresh != nil {
		err = bot.ErrNotFound
	}
	return loaded.Conversation, err
}

// checkRead compares what was decided with what the person can read.
func (l *Live) checkRead(ctx context.Context, beats []Beat) error {
	var bySMS, onPage []bot.Text
	for _, line := range Visible(beats) {
		if line.Delivery == bot.Internal {
			onPage = append(onPage, line.Text)
		} else {
			bySMS = append(bySMS, line.Text)
		}
	}
	sent := l.sent
	l.sent = nil
	if !slices.Equal(sent, bySMS) {
		return fmt.Errorf("decided to send %d texts, sent %d others or in another order", len(bySMS), len(sent))
	}
	shown, err := l.page(ctx)
	if err != nil {
		return err
	}
	if !slices.Equal(shown, onPage) {
		return fmt.Errorf("decided to show %d texts on the page, the log has %d others", len(onPage), len(shown))
	}
	return nil
}

// page reads what is new for the person on the page.
func (l *Live) page(ctx context.Context) ([]bot.Text, error) {
	session, err := l.store.Session(ctx, Page)
	if errors.Is(err, bot.ErrNotFound) {
		l.read = 0
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines, err := l.store.History(ctx, bot.HistoryQuery{Conversation: session.Conversation, Thread: session.Thread, After: l.read})
	var texts []bot.Text
	for _, line := range lines {
		if l.read++; line.Seq != l.read {
			return nil, fmt.Errorf("the page reads line %d after line %d", line.Seq, l.read-1)
		}
		if line.From != bot.FromPerson {
			texts = append(texts, line.Text)
		}
	}
	return texts, err
}

// recorder is a store that remembers what was committed.
type recorder struct {
	bot.Store

	mu     sync.Mutex
	agenda agenda
	beats  []Beat
}

// Commit passes a group on, and keeps the turns that were written.
func (r *recorder) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	outcomes, err := r.Store.Commit(ctx, group, meanwhile)
	if err != nil {
		return outcomes, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range group {
		if outcomes[i] == nil && c.Conversation != nil {
			r.beats = append(r.beats, r.beat(c))
		}
	}
	return outcomes, nil
}

func (r *recorder) take() []Beat {
	r.mu.Lock()
	defer r.mu.Unlock()
	beats := r.beats
	r.beats = nil
	return beats
}

// beat reads a turn's effects back from its commit.
func (r *recorder) beat(c *bot.Commit) Beat {
	var b Beat
	if c.Done != nil {
		job := r.agenda[c.Done.Key] // as planned: the one done has no due time
		b.Due = &job
	}
	add := func(e bot.Effect) { b.Effects = append(b.Effects, e) }
	for _, line := range c.Lines {
		add(bot.Say{Line: line})
	}
	for _, answer := range c.Answers {
		add(bot.Record{Answer: answer})
	}
	for _, key := range c.Withdrawn {
		add(bot.Withdraw{Key: key})
	}
	if c.Share {
		add(bot.Share{})
	}
	for _, hand := range c.HandOffs {
		add(hand)
	}
	for _, out := range c.OptOuts {
		add(out)
	}
	for _, in := range c.OptIns {
		add(in)
	}
	for _, a := range c.Booked {
		add(bot.Book{Appointment: a})
	}
	for _, item := range c.Items {
		add(bot.Task{Item: item})
	}
	for _, entry := range c.Audit {
		add(bot.Audit{Entry: entry})
	}
	r.agenda.plan(&b, c.Done, jobsOf(c))
	return b
}

func jobsOf(c *bot.Commit) []bot.Effect {
	var jobs []bot.Effect
	for _, key := range c.Forget {
		jobs = append(jobs, bot.Forget{Key: key})
	}
	for _, job := range c.Schedule {
		if job.Kind != bot.JobDeliver {
			jobs = append(jobs, bot.Schedule{Job: job})
		}
	}
	return jobs
}
