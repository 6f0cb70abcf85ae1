package storetest

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/seal"
	"relais/bot/sqlite"
)

// A comparison that nothing fails would be worth nothing: each of these stores
// tells one thing otherwise than it is.
func TestADifferenceIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		wrong func(Store) Store
		told  bool
	}{
		"none":                        {func(s Store) Store { return s }, false},
		"a line that is not read":     {func(s Store) Store { return forgetful{s} }, true},
		"another outcome":             {func(s Store) Store { return contrary{s} }, true},
		"a job that nobody is given":  {func(s Store) Store { return idle{s} }, true},
		"somebody who is not purged":  {func(s Store) Store { return clinging{s} }, true},
		"a name that is told to none": {func(s Store) Store { return discreet{s} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			w := newTwins(temporary(t), c.wrong(temporary(t)))
			w.differ = func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
			h := &house{Store: w}
			h.must(t, h.past(phone(1), now.AddDate(-3, 0, 0)))
			l := h.meet(t, phone(2))
			h.plan(t, bot.Job{Key: "k", Due: now})
			h.due(t, now)
			h.history(t, l.Conversation.ID)
			save(t, h, bot.Account{ID: "ad1", Email: "a@example.org", Name: "Samira"})
			if _, err := h.Advisers(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Purge(t.Context(), bot.Purge{Class: bot.PurgePeople, Before: now.AddDate(-2, 0, 0)}); err != nil {
				t.Fatal(err)
			}
			if len(told) > 0 != c.told {
				t.Errorf("told %q", told)
			}
		})
	}
}

func temporary(t *testing.T) Store {
	t.Helper()
	keys, err := seal.NewKeyring(bytes.Repeat([]byte{1}, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

type forgetful struct{ Store }

func (s forgetful) History(ctx context.Context, q bot.HistoryQuery) ([]bot.Line, error) {
	lines, err := s.Store.History(ctx, q)
	return lines[:len(lines)-1], err
}

type contrary struct{ Store }

func (s contrary) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	outcomes, err := s.Store.Commit(ctx, group, meanwhile)
	outcomes[0] = bot.ErrSeen
	return outcomes, err
}

type idle struct{ Store }

func (idle) Due(context.Context, time.Time, int, time.Duration) ([]bot.Job, time.Time, error) {
	return nil, time.Time{}, nil
}

type clinging struct{ Store }

func (clinging) Purge(context.Context, bot.Purge) (bot.Purged, error) { return bot.Purged{}, nil }

type discreet struct{ Store }

func (s discreet) Advisers(ctx context.Context) ([]bot.Account, error) {
	list, err := s.Store.Advisers(ctx)
	for i := range list {
		list[i].Name = ""
	}
	return list, err
}
