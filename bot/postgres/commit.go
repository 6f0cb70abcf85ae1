package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgconn"

	"relais/bot"
)

// tries bounds how often a turn that lost against another instance, by a
// deadlock or a row inserted at the same moment, is tried again here.
const tries = 5

// Commit makes a group of turns durable; see bot.Store. A group that the
// database refuses as a whole is tried again one by one. An error while
// committing leaves open whether the group was written; trying it again tells,
// by ErrSeen or ErrConflict.
func (s *Store) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	if len(group) == 0 {
		return nil, nil
	}
	outcomes, err := s.commitGroup(ctx, group, meanwhile)
	if err == nil {
		return outcomes, nil
	}
	if !refused(err) {
		return nil, fmt.Errorf("commit %d turns: %w", len(group), err)
	}
	s.log.Info("a group is committed turn by turn", slog.Int("turns", len(group)), slog.String("sqlstate", sqlstate(err)))
	return s.commitEach(ctx, group)
}

// commitEach commits every turn of a group in a transaction of its own. When
// the database goes away in between, the turns before keep their outcome.
func (s *Store) commitEach(ctx context.Context, group []*bot.Commit) ([]error, error) {
	outcomes := make([]error, len(group))
	for i := range group {
		outcome, err := s.commitOne(ctx, group[i:i+1])
		switch {
		case err == nil:
			outcomes[i] = outcome
		case i == 0:
			return nil, fmt.Errorf("commit a turn: %w", err)
		default:
			outcomes[i] = fmt.Errorf("commit a turn: %w", err)
		}
	}
	return outcomes, nil
}

// commitOne returns the outcome of a group of one, and an error when the
// database is away.
func (s *Store) commitOne(ctx context.Context, one []*bot.Commit) (outcome, err error) {
	for range tries {
		var outcomes []error
		outcomes, err = s.commitGroup(ctx, one, nil)
		if err == nil {
			return outcomes[0], nil
		}
		if !contended(err) {
			break
		}
	}
	if refused(err) {
		return fmt.Errorf("commit a turn: %w", err), nil
	}
	return nil, err
}

// commitGroup is one transaction: what it returns without an error is durable.
func (s *Store) commitGroup(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()

	turns, err := s.prepare(ctx, conn.Conn(), group)
	if err != nil {
		return nil, err
	}
	p := &pipeline{conn: conn.Conn(), spare: &s.spare}
	waves := s.waves(turns)
	if len(waves) > 1 {
		p.lockAll(ctx, waves)
	}
	for _, wave := range waves {
		s.queueWave(ctx, p, wave)
	}
	if err := p.run(ctx, s, "commit", meanwhile); err != nil {
		for _, c := range group {
			if c.Errand != nil {
				c.Errand.Born = false // told by the judgement, and undone
			}
		}
		return nil, err
	}
	return s.outcomes(turns), nil
}

// outcomes are told once a group is durable. From then on the keys of new
// people are known.
func (s *Store) outcomes(turns []*turn) []error {
	outcomes := make([]error, len(turns))
	for i, t := range turns {
		outcomes[i] = t.outcome
		if t.outcome == nil && t.newcomer() {
			s.people.Put(t.Conversation.Person, t.key)
		}
	}
	return outcomes
}

// refused tells whether the database turned a statement down for what it said
// (or clashed with), rather than being unable to do anything.
func refused(err error) bool {
	code := sqlstate(err)
	if code == "" {
		return false
	}
	switch code[:2] {
	case "22", "23", "40", "54": // data, constraint, rollback, limit
		return true
	}
	return contended(err)
}

// staleStatement is told of a statement prepared before another instance
// migrated the schema.
const staleStatement = "0A000"

// contended tells whether the same statement may well succeed the next time.
func contended(err error) bool {
	switch sqlstate(err) {
	case "23505", "40001", "40P01", staleStatement: // unique violation, serialization, deadlock
		return true
	}
	return false
}

// sqlstate is the code of an error of the database, "" for others.
func sqlstate(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return ""
	}
	return pg.Code
}
