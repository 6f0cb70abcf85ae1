package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"
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
func (s *Store) Commit(ctx context.Context, group []*bot.Commit) ([]error, error) {
	if len(group) == 0 {
		return nil, nil
	}
	outcomes, err := s.commitGroup(ctx, group)
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
		outcomes, err = s.commitGroup(ctx, one)
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
func (s *Store) commitGroup(ctx context.Context, group []*bot.Commit) ([]error, error) {
	s.crash("commit:before")
	tx, known, err := s.lockAndRead(ctx, group)
	defer abandon(tx)
	if err != nil {
		return nil, err
	}

	outcomes := make([]error, len(group))
	for i, wave := range s.waves(group) {
		if i > 0 {
			if known, err = s.readAgain(ctx, tx, group, wave); err != nil {
				return nil, err
			}
		}
		if err := s.writeWave(ctx, tx, group, wave, known, outcomes); err != nil {
			return nil, err
		}
	}

	return outcomes, s.finish(ctx, tx, "commit")
}

// lockAndRead begins the transaction, locks what all turns of the group touch,
// and reads what their outcomes hang on, in one round trip.
func (s *Store) lockAndRead(ctx context.Context, group []*bot.Commit) (pgx.Tx, *facts, error) {
	b := begin()
	known := s.ask(b, group)
	results := s.pool.SendBatch(ctx, b)
	return results.Tx(), known, results.Close()
}

// readAgain reads the facts for turns that come after others of their group;
// the locks are held already.
func (s *Store) readAgain(ctx context.Context, tx pgx.Tx, group []*bot.Commit, wave []int) (*facts, error) {
	turns := make([]*bot.Commit, len(wave))
	for i, at := range wave {
		turns[i] = group[at]
	}
	b := &pgx.Batch{}
	known := s.ask(b, turns)
	return known, tx.SendBatch(ctx, b).Close()
}

// writeWave judges some turns of the group, and writes those that hold in one
// round trip.
func (s *Store) writeWave(ctx context.Context, tx pgx.Tx, group []*bot.Commit, wave []int, known *facts, outcomes []error) error {
	b := &pgx.Batch{}
	for _, at := range wave {
		c := group[at]
		if outcomes[at] = known.judge(s.keys, c); outcomes[at] != nil {
			continue
		}
		w, err := s.newWriter(b, c, known)
		if err != nil {
			outcomes[at] = err
			continue
		}
		w.turn()
	}
	if b.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, b).Close()
}

// waves parts a group so that turns of one wave have nothing in common; a turn
// comes in a later wave than those before it that it has something in common
// with. Nearly always there is one wave.
func (s *Store) waves(group []*bot.Commit) [][]int {
	var waves [][]int
	last := make(map[any]int, 3*len(group)) // what a turn touches → the wave after it
	for i, c := range group {
		names := s.touched(c)
		wave := 0
		for _, name := range names {
			wave = max(wave, last[name])
		}
		for _, name := range names {
			last[name] = wave + 1
		}
		if wave == len(waves) {
			waves = append(waves, nil)
		}
		waves[wave] = append(waves[wave], i)
	}
	for _, wave := range waves {
		s.orderNewcomers(group, wave)
	}
	return waves
}

// orderNewcomers puts the turns that create threads last, in the order of their
// addresses' hashes: there is no row to lock for them yet, and two instances
// that meet the same people must not wait for each other in a circle.
func (s *Store) orderNewcomers(group []*bot.Commit, wave []int) {
	first := make(map[int][]byte)
	for _, i := range wave {
		for _, a := range group[i].Addresses {
			hash := s.keys.AddressHash(a)
			if first[i] == nil || bytes.Compare(hash[:], first[i]) < 0 {
				first[i] = hash[:]
			}
		}
	}
	slices.SortStableFunc(wave, func(a, b int) int { return bytes.Compare(first[a], first[b]) })
}

// touched names what a turn's outcome or writes have in common with another's.
func (s *Store) touched(c *bot.Commit) []any {
	type job string
	names := make([]any, 0, 8)
	if c.Event != "" {
		names = append(names, event{c.Source, c.Event})
	}
	if c.Conversation != nil {
		names = append(names, c.Conversation.ID, c.Conversation.Person)
	}
	for _, a := range c.Addresses {
		names = append(names, s.keys.AddressHash(a))
	}
	for _, key := range jobKeys(c) {
		names = append(names, job(key))
	}
	return names
}

// refused tells whether the database turned a statement down for what it said
// (or clashed with), rather than being unable to do anything.
func refused(err error) bool {
	var unsent pgx.ErrPreprocessingBatch
	code := sqlstate(err)
	if code == "" {
		return errors.As(err, &unsent)
	}
	switch code[:2] {
	case "22", "23", "40", "54": // data, constraint, rollback, limit
		return true
	}
	return contended(err)
}

// contended tells whether the same statement may well succeed the next time.
func contended(err error) bool {
	switch sqlstate(err) {
	case "23505", "40001", "40P01", // unique violation, serialization, deadlock
		"0A000": // prepared before another instance migrated the schema
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
