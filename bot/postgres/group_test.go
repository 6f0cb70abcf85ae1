package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"relais/bot"
	"relais/bot/postgres"
	"relais/test/pgtest"
)

// Two instances commit groups over the same people in opposite orders, and
// claim jobs meanwhile: every turn has its outcome, and no line is lost or
// doubled. A job that all turns plan makes them wait for each other in a
// circle; that ends too.
func TestTwoInstancesOnTheSamePeople(t *testing.T) {
	for name, shared := range map[string][]bot.Job{
		"who have nothing in common": nil,
		"who share a job":            {{Key: "shared", Kind: bot.JobDeliver, Due: start}},
	} {
		t.Run(name, func(t *testing.T) { twoInstances(t, shared) })
	}
}

func twoInstances(t *testing.T, shared []bot.Job) {
	const people, rounds = 6, 40
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1)}
	one, two := open(t, cfg), open(t, cfg)
	addresses := make([]bot.Address, people)
	for i := range addresses {
		addresses[i] = number(i)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var both errgroup.Group
	for k, s := range []*postgres.Store{one, two} {
		order := slices.Clone(addresses)
		if k == 1 {
			slices.Reverse(order)
		}
		both.Go(func() error {
			for round := range rounds {
				if err := talk(ctx, s, order, fmt.Sprintf("%d-%d", k, round), shared...); err != nil {
					return err
				}
				if _, _, err := s.Due(ctx, start.Add(time.Hour), 3, time.Second); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}

	for _, a := range addresses {
		l, err := one.Load(ctx, bot.Ref{Address: a})
		if err != nil {
			t.Fatal(err)
		}
		lines, err := one.History(ctx, bot.HistoryQuery{Conversation: l.Conversation.ID, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != 2*2*rounds || l.Conversation.N != int64(len(lines)) {
			t.Errorf("%d lines, numbered to %d, want %d", len(lines), l.Conversation.N, 2*2*rounds)
		}
		for i := range lines {
			if lines[i].N != int64(i+1) {
				t.Fatalf("line %d is numbered %d", i+1, lines[i].N)
			}
		}
	}
}

// talk commits a turn of everybody in one group, and again for those who lost.
func talk(ctx context.Context, s bot.Store, to []bot.Address, event string, planned ...bot.Job) error {
	for len(to) > 0 {
		group := make([]*bot.Commit, len(to))
		for i, a := range to {
			turn, err := nextTurn(ctx, s, a, event+a.Value)
			if err != nil {
				return err
			}
			turn.Schedule = append(turn.Schedule, planned...)
			group[i] = turn
		}
		outcomes, err := s.Commit(ctx, group, nil)
		if err != nil {
			return err
		}
		var again []bot.Address
		for i, outcome := range outcomes {
			switch {
			case errors.Is(outcome, bot.ErrConflict):
				again = append(again, to[i])
			case outcome != nil:
				return outcome
			}
		}
		to = again
	}
	return nil
}

// A server that drops its connections is noticed once, and used again.
func TestConnectionsAreReplaced(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), Pool: 2}
	s := open(t, cfg)
	address := number(1)
	if err := talk(t.Context(), s, []bot.Address{address}, "before"); err != nil {
		t.Fatal(err)
	}
	execute(t, cfg.URL, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	var err error
	for range cfg.Pool + 1 {
		if err = talk(t.Context(), s, []bot.Address{address}, "after"); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Load(t.Context(), bot.Ref{Address: address})
	if err != nil || l.Conversation.N != 4 {
		t.Errorf("%d lines (%v), want 4", l.Conversation.N, err)
	}
}

// An instance that goes on while another migrates finds its prepared statements
// out of date: no turn fails for that.
func TestTheSchemaMayChangeMeanwhile(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), Pool: 2}
	s := open(t, cfg)
	address := number(1)
	turn := func(event string) *bot.Commit {
		t.Helper()
		turn, err := nextTurn(t.Context(), s, address, event)
		if err != nil {
			t.Fatal(err)
		}
		turn.Begin = &bot.Begin{Thread: turn.Conversation.Threads[0].ID}
		return turn
	}
	for i := range 4 {
		outcomes, err := s.Commit(t.Context(), []*bot.Commit{turn(fmt.Sprint("before-", i))}, nil)
		if err != nil || outcomes[0] != nil {
			t.Fatalf("outcomes %v, error %v", outcomes, err)
		}
	}
	last := turn("after")
	execute(t, cfg.URL, `ALTER TABLE line ALTER COLUMN class TYPE varchar`)
	outcomes, err := s.Commit(t.Context(), []*bot.Commit{last}, nil)
	if err != nil || outcomes[0] != nil || len(last.Begin.Outbox.Lines) != 2 {
		t.Errorf("outcomes %v, error %v, %d lines", outcomes, err, len(last.Begin.Outbox.Lines))
	}
}
