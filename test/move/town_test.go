// Package move moves whole stores from SQLite to Postgres with the real
// command, and backs stores up and restores them, as the README says.
package move

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/engine"
	"relais/bot/postgres"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/flows"
	"relais/handoff"
	"relais/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// patience is how long a test waits for something to happen.
const patience = 45 * time.Second

// secret is the master key of these stores, as RELAIS_SECRET has it.
var secret = strings.Repeat("07", seal.MasterSize)

func keyring(t *testing.T) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring(bytes.Repeat([]byte{7}, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

type store interface {
	bot.Store
	bot.Desk
}

func openFile(t *testing.T, path string) store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Keys: keyring(t)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openServer(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Keys: keyring(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newFile is a store in a file that has a territory and flows.
func newFile(t *testing.T) (path string, s store) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "relais.db")
	s = openFile(t, path)
	var versions []bot.Version
	for name, flow := range library(t).Flows {
		versions = append(versions, bot.Version{Name: name, Hash: flow.Hash, Files: library(t).Files(name)})
	}
	_, saved := s.SaveTerritory(t.Context(), handoff.Doubs)
	_, published := s.Publish(t.Context(), versions)
	if err := errors.Join(saved, published); err != nil {
		t.Fatal(err)
	}
	return path, s
}

var builtin = sync.OnceValues(func() (*flows.Library, []flows.Fault) {
	return flows.Load(flows.Builtin(), flows.DefaultSamples())
})

func library(t *testing.T) *flows.Library {
	t.Helper()
	l, faults := builtin()
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return l
}

// move runs the command.
func move(path, url string, env ...string) (string, error) {
	return program.Run(append(env, "RELAIS_SECRET="+secret, "RELAIS_LOG=warn"), "move", "--from", "sqlite:"+path, "--to", url)
}

// service is an engine at work on a store, with its clock and its operator.
type service struct {
	*engine.Engine
	clock     *clock
	sent      *operator
	committed <-chan struct{} // a token: something was
	stop      func()
}

func serve(t *testing.T, s store, now time.Time) *service {
	t.Helper()
	committed := make(chan struct{}, 1)
	v := &service{clock: &clock{now: now}, sent: &operator{}, committed: committed}
	v.Engine = engine.New(engine.Config{
		Store: telling{s, committed}, Flows: engine.NewFlows(s, library(t)), Clock: v.clock.Now, Log: slog.New(slog.DiscardHandler),
		Senders: map[bot.Channel]bot.Sender{bot.SMS: v.sent},
	})
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	v.stop = sync.OnceFunc(func() {
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(v.stop)
	return v
}

// text says something, as a text that the operator delivers.
func (v *service) text(t *testing.T, to bot.Address, id, text string) {
	t.Helper()
	event := bot.Event{Source: "twilio", ID: id, What: bot.Said{Text: bot.Text(text)}}
	if _, err := v.Receive(t.Context(), bot.Ref{Address: to}, event); err != nil {
		t.Fatal(err)
	}
	v.clock.move(time.Second)
}

// settle waits until nothing is left to send or to do now: whatever is done ends
// in a commit.
func (v *service) settle(t *testing.T) {
	t.Helper()
	late := time.After(patience)
	for {
		_, next, err := v.Store.Due(t.Context(), v.clock.Now(), 0, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if next.IsZero() || next.After(v.clock.Now().Add(time.Minute)) {
			return
		}
		select {
		case <-v.committed:
		case <-late:
			t.Fatalf("something is still to be done at %v; it is %v", next, v.clock.Now())
		}
	}
}

// telling is a store that tells when something was committed.
type telling struct {
	store
	committed chan<- struct{} // holds a token
}

func (s telling) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	outcomes, err := s.store.Commit(ctx, group, meanwhile)
	select {
	case s.committed <- struct{}{}:
	default:
	}
	return outcomes, err
}

// operator takes every text.
type operator struct {
	mu    sync.Mutex
	taken []bot.Outgoing
}

func (o *operator) Send(_ context.Context, m bot.Outgoing) (bot.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken = append(o.taken, m)
	return bot.Receipt{Provider: "SM" + m.Ref, Segments: 1}, nil
}

// to are the texts that somebody received.
func (o *operator) to(a bot.Address) (texts []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.taken {
		if m.To == a {
			texts = append(texts, string(m.Text))
		}
	}
	return texts
}

// clock is moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
