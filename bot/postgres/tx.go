package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Transactions are read committed (see connect): a statement has to see what
// was committed before the lock it waited for was free.

// steadyPlans sets how the statements of a connection are planned: once, by
// index. They all ask for a few rows by their keys. A plan made while a table
// is small would read it whole or hash it, and stay so while it grows by
// thousands of rows a second until the next ANALYZE; a plan made again for
// each group costs more than the group. The penalty on reading a table whole
// would make the compiler of plans believe in long queries.
const steadyPlans = `set_config('plan_cache_mode', 'force_generic_plan', false) || set_config('enable_seqscan', 'off', false) ||
	set_config('enable_hashjoin', 'off', false) || set_config('enable_mergejoin', 'off', false) || set_config('jit', 'off', false)`

// passes calls the crash hook, if there is one.
func (s *Store) passes(point string) {
	if s.crash != nil {
		s.crash(point)
	}
}

// durably runs one exchange of statements, which the server commits at its end.
// what is the first part of the names of the crash points. Only when there is a
// hook that may stop the program between the last statement and COMMIT does
// COMMIT take a round trip of its own.
func (s *Store) durably(ctx context.Context, conn *pgx.Conn, what string, exchange func() error) error {
	s.passes(what + ":before")
	if s.crash == nil {
		return exchange()
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return err
	}
	defer abandon(tx)
	if err := exchange(); err != nil {
		return err
	}
	return s.finish(ctx, tx, what)
}

// write makes the statements that queue adds durable in one transaction.
func (s *Store) write(ctx context.Context, what string, queue func(*pgx.Batch)) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return s.durably(ctx, conn.Conn(), what, func() error {
		b := &pgx.Batch{}
		queue(b)
		return conn.SendBatch(ctx, b).Close()
	})
}

// transact makes what f writes durable, for writes that read first. An error
// of f is returned as it is, and undoes everything.
func (s *Store) transact(ctx context.Context, what string, f func(pgx.Tx) error) error {
	s.passes(what + ":before")
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return err
	}
	defer abandon(tx)
	if err := f(tx); err != nil {
		return err
	}
	return s.finish(ctx, tx, what)
}

// finish is the one place that says COMMIT; elsewhere the end of a pipeline
// does.
func (s *Store) finish(ctx context.Context, tx pgx.Tx, what string) error {
	s.passes(what + ":written")
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	s.passes(what + ":after")
	return nil
}

// abandon undoes a transaction that was not committed, whatever became of the
// caller's context.
func abandon(tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	tx.Rollback(ctx) // fails after Commit, and when the connection is gone: both fine
}
