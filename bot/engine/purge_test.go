package engine_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/engine"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/handoff"
)

func TestPurgesBeginAtTwoAtNight(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-11-23T09:00:00+01:00": "2026-11-24T02:00:00+01:00",
		"2026-11-23T01:59:59+01:00": "2026-11-23T02:00:00+01:00",
		"2026-11-23T02:00:00+01:00": "2026-11-24T02:00:00+01:00",
		"2026-12-31T23:00:00+01:00": "2027-01-01T02:00:00+01:00",
		"2026-03-28T12:00:00+01:00": "2026-03-29T03:00:00+02:00", // there is no two o'clock that night
	} {
		at, _ := time.Parse(time.RFC3339, now)
		next, _ := time.Parse(time.RFC3339, want)
		if got := engine.NightAfter(at, paris); !got.Equal(next) {
			t.Errorf("after %s: %s, want %s", now, got.In(paris).Format(time.RFC3339), want)
		}
	}
}

// messages is a log whose messages a test can wait for.
type messages chan string

func (m messages) Enabled(context.Context, slog.Level) bool { return true }
func (m messages) Handle(_ context.Context, r slog.Record) error {
	select {
	case m <- r.Message:
	default:
	}
	return nil
}
func (m messages) WithAttrs([]slog.Attr) slog.Handler { return m }
func (m messages) WithGroup(string) slog.Handler      { return m }

func TestWhatWasKeptLongEnoughGoesAtNight(t *testing.T) {
	log, c := make(messages, 1000), &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	e := open(t, func(config *engine.Config) { config.Clock, config.Log = c.Now, slog.New(log) })
	if _, err := e.Receive(t.Context(), phone(1), said(1, "Bonjour")); err != nil {
		t.Fatal(err)
	}
	c.move(2 * 366 * 24 * time.Hour)
	if _, err := e.Receive(t.Context(), phone(2), said(2, "Bonjour")); err != nil {
		t.Fatal(err)
	}
	e.Nudge()
	patience := time.After(30 * time.Second)
	for known := true; known; {
		select {
		case what := <-log:
			if what != "purged" {
				continue
			}
		case <-patience:
			t.Fatal("nobody went")
		}
		l, err := e.Store.Load(t.Context(), phone(1))
		if err != nil {
			t.Fatal(err)
		}
		known = l.Fresh == nil
	}
	if l, err := e.Store.Load(t.Context(), phone(2)); err != nil || l.Fresh != nil {
		t.Errorf("who wrote today went too (%v)", err)
	}
}

// endless is a store where there is always more to purge. It tells when
// something was committed.
type endless struct {
	bot.Store
	begun     chan struct{}
	once      sync.Once
	committed chan struct{} // a token
}

func (s *endless) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	outcomes, err := s.Store.Commit(ctx, group, meanwhile)
	select {
	case s.committed <- struct{}{}:
	default:
	}
	return outcomes, err
}

func (s *endless) Purge(context.Context, bot.Purge) (bot.Purged, error) {
	s.once.Do(func() { close(s.begun) })
	return bot.Purged{Gone: 1, Next: "more"}, nil
}

func TestAStopLeavesThePurgeToWhoeverGoesOn(t *testing.T) {
	keys, err := seal.NewKeyring(make([]byte, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.SaveTerritory(t.Context(), handoff.Doubs); err != nil {
		t.Fatal(err)
	}
	library, _ := builtin()
	c := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	s := &endless{Store: store, begun: make(chan struct{}), committed: make(chan struct{}, 1)}
	e := engine.New(engine.Config{Store: s, Flows: engine.NewFlows(s, library), Clock: c.Now, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	planned(t, s, c.Now(), c.Now().Add(16*time.Hour)) // two o'clock in Paris is one in UTC
	c.move(24 * time.Hour)
	e.Nudge()
	<-s.begun
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	planned(t, s, c.Now(), c.Now().Add(time.Minute))
}

// planned waits until the purge is planned for a time.
func planned(t *testing.T, s *endless, now, want time.Time) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		_, next, err := s.Due(t.Context(), now, 0, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if next.Equal(want) {
			return
		}
		select {
		case <-s.committed:
		case <-late:
			t.Fatalf("the purge is planned for %v, want %v", next, want)
		}
	}
}
