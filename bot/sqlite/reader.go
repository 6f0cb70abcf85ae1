package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"relais/bot"
)

// reader is a small pool of connections that cannot write. They never wait for
// the writer and see a commit as soon as it has returned.
type reader struct {
	db       *sql.DB
	mu       sync.RWMutex // guards prepared
	prepared map[string]*sql.Stmt

	looking sync.Mutex
	look    *session // reads several things as they stood at one instant; nil when it has to be opened again

	watching sync.Mutex
	watch    *sql.Conn // asks whether others wrote, and nothing else
}

func newReader(ctx context.Context, path string, n int) (*reader, error) {
	db, err := connect(path, n+2, url.Values{
		"_busy_timeout": {"5000"},
		"_query_only":   {"1"},
		"_dqs":          {"0"},
		"_pragma":       {"cache_size(-8000)"}, // KiB, each
	})
	if err != nil {
		return nil, err
	}
	watch, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &reader{db: db, prepared: make(map[string]*sql.Stmt), watch: watch}, nil
}

func (r *reader) close() error {
	var err error
	if r.look != nil {
		err = r.look.close()
	}
	return errors.Join(err, r.watch.Close(), r.db.Close())
}

// atOnce lets f read everything as it stands at one instant. That costs less
// than one read after the other: pages are looked up once, and the log is locked
// once.
func (r *reader) atOnce(ctx context.Context, f func(source)) (err error) {
	r.looking.Lock()
	defer r.looking.Unlock()
	if r.look == nil {
		if r.look, err = newSession(context.WithoutCancel(ctx), r.db); err != nil {
			return err
		}
	}
	if _, err = r.look.exec(`BEGIN`); err == nil {
		f(look{session: r.look})
		_, err = r.look.exec(`ROLLBACK`) // it only read
	}
	if err != nil { // a connection left in its transaction would read what was, and keep the log from ending
		r.look.drop()
		r.look = nil
	}
	return err
}

// look is a session as a source, during atOnce.
type look struct {
	settled
	*session
}

// row reads one row. Reads are short and bounded: they are not cut by a
// context, which would cost a goroutine each.
func (r *reader) row(ctx context.Context, query string, args ...any) scanner {
	stmt, err := r.prepare(ctx, query)
	if err != nil {
		return failedRow{err}
	}
	return stmt.QueryRowContext(context.WithoutCancel(ctx), args...)
}

// in is the reader as a source, for as long as ctx lasts.
func (r *reader) in(ctx context.Context) source { return reading{reader: r, ctx: ctx} }

// source is where rows are read from: the reader, or a transaction under way.
type source interface {
	row(query string, args ...any) scanner
	each(f func(scanner) error, query string, args ...any) error
	// remember puts who was read among those remembered, once they are there
	// for good.
	remember(among *holders, conversation bot.ID, who holder)
}

// settled is what a source reads that is there for good.
type settled struct{}

func (settled) remember(among *holders, conversation bot.ID, who holder) {
	among.Put(conversation, who)
}

type reading struct {
	settled
	*reader
	ctx context.Context
}

func (r reading) row(query string, args ...any) scanner { return r.reader.row(r.ctx, query, args...) }

func (r reading) each(f func(scanner) error, query string, args ...any) error {
	return r.reader.each(r.ctx, f, query, args...)
}

// each calls f for every row.
func (r *reader) each(ctx context.Context, f func(scanner) error, query string, args ...any) error {
	stmt, err := r.prepare(ctx, query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.WithoutCancel(ctx), args...)
	if err != nil {
		return err
	}
	return drain(rows, f)
}

// withTail reads further columns after those that a reader of rows asks for.
type withTail struct {
	scanner
	tail []any
}

func (r withTail) Scan(dest ...any) error { return r.scanner.Scan(append(dest, r.tail...)...) }

func drain(rows *sql.Rows, f func(scanner) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *reader) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	r.mu.RLock()
	stmt := r.prepared[query]
	r.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if stmt := r.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := r.db.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	r.prepared[query] = stmt
	return stmt, nil
}

// Marker changes whenever something was written, by this store or by another
// process.
func (s *Store) Marker(ctx context.Context) (int64, error) {
	s.reader.watching.Lock()
	defer s.reader.watching.Unlock()
	var marker int64
	err := s.reader.watch.QueryRowContext(context.WithoutCancel(ctx), `PRAGMA data_version`).Scan(&marker)
	if err != nil {
		return 0, fmt.Errorf("read the marker: %w", err)
	}
	return marker, nil
}
