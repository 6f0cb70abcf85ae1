package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// begin starts a batch that opens a transaction. Read committed: a statement
// has to see what was committed before the lock it waited for was free.
func begin() *pgx.Batch {
	b := &pgx.Batch{}
	b.BeginTx(pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	return b
}

// write makes the statements that queue adds durable in one transaction. what
// is the first part of the names of its crash points.
func (s *Store) write(ctx context.Context, what string, queue func(*pgx.Batch)) error {
	s.crash(what + ":before")
	b := begin()
	queue(b)
	results := s.pool.SendBatch(ctx, b)
	defer abandon(results.Tx())
	if err := results.Close(); err != nil {
		return err
	}
	return s.finish(ctx, results.Tx(), what)
}

// transact makes what f writes durable, for writes that read first. An error
// of f is returned as it is, and undoes everything.
func (s *Store) transact(ctx context.Context, what string, f func(pgx.Tx) error) error {
	s.crash(what + ":before")
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return err
	}
	defer abandon(tx)
	if err := f(tx); err != nil {
		return err
	}
	return s.finish(ctx, tx, what)
}

// finish is the one place that commits.
func (s *Store) finish(ctx context.Context, tx pgx.Tx, what string) error {
	s.crash(what + ":written")
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	s.crash(what + ":after")
	return nil
}

// abandon undoes a transaction that was not committed, whatever became of the
// caller's context.
func abandon(tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	tx.Rollback(ctx) // fails after Commit, and when the connection is gone: both fine
}
