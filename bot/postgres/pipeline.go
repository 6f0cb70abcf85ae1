package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipeline is a transaction of prepared statements that goes to the server in
// one round trip and comes back in one: the end of the pipeline is its COMMIT.
type pipeline struct {
	conn   *pgx.Conn
	spare  *spare
	batch  pgconn.Batch
	params [][]byte
	reads  []func(pgx.Rows) error // one per statement, nil where nothing is read
	err    error                  // of preparing a statement
}

// binaryFormat is the format of all parameters and results.
var binaryFormat = []int16{pgx.BinaryFormatCode}

// add queues a statement, and takes its rows. read is called with its result once
// it ran; it may be nil. A statement is prepared when a connection meets it for the first time.
func (p *pipeline) add(ctx context.Context, sql string, read func(pgx.Rows) error, with ...*rows) {
	if p.err != nil {
		return
	}
	statement, err := p.conn.Prepare(ctx, sql, sql)
	if err != nil {
		p.err = fmt.Errorf("prepare a statement: %w", err)
		return
	}
	p.params = p.params[:0]
	for _, r := range with {
		p.params = r.appendTo(p.params)
	}
	p.batch.ExecStatement(statement, p.params, binaryFormat, binaryFormat)
	p.reads = append(p.reads, read)
	for _, r := range with {
		r.sent()
	}
}

// rows are none yet, to be written for a statement.
func (p *pipeline) rows(types ...uint32) *rows { return p.spare.rows(types...) }

// run sends what was queued, reads the results, and commits. Once it returned
// nil what was written is durable. what is the first part of the names of its
// crash points; meanwhile, which may be nil, is called while the server works.
func (p *pipeline) run(ctx context.Context, s *Store, what string, meanwhile func()) error {
	if p.err != nil {
		return p.err
	}
	err := s.durably(ctx, p.conn, what, func() error { return p.exchange(ctx, meanwhile) })
	if sqlstate(err) == staleStatement {
		p.conn.DeallocateAll(ctx) // prepared before another instance migrated the schema
	}
	return err
}

// exchange is the round trip.
func (p *pipeline) exchange(ctx context.Context, meanwhile func()) error {
	results := p.conn.PgConn().ExecBatch(ctx, &p.batch)
	if meanwhile != nil {
		meanwhile()
	}
	var failed error
	for i := 0; failed == nil && results.NextResult(); i++ {
		if p.reads[i] == nil {
			_, failed = results.ResultReader().Close()
			continue
		}
		found := pgx.RowsFromResultReader(p.conn.TypeMap(), results.ResultReader())
		failed = p.reads[i](found)
		found.Close()
	}
	if err := results.Close(); err != nil {
		return err
	}
	return failed
}
