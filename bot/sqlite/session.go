package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// session is one connection and its statements, each prepared once. One
// goroutine at a time uses it. What it runs is never cut short: that would leave
// a transaction half-way.
type session struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, prepared: make(map[string]*sql.Stmt)}, nil
}

func (s *session) prepare(query string) (*sql.Stmt, error) {
	if stmt := s.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	s.prepared[query] = stmt
	return stmt, nil
}

func (s *session) exec(query string, args ...any) (sql.Result, error) {
	stmt, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return stmt.Exec(args...)
}

func (s *session) row(query string, args ...any) scanner {
	stmt, err := s.prepare(query)
	if err != nil {
		return failedRow{err}
	}
	return stmt.QueryRow(args...)
}

// each calls f for every row.
func (s *session) each(f func(scanner) error, query string, args ...any) error {
	stmt, err := s.prepare(query)
	if err != nil {
		return err
	}
	rows, err := stmt.Query(args...)
	if err != nil {
		return err
	}
	return drain(rows, f)
}

// close gives the connection back. A statement left over would keep the file
// open, and its locks.
func (s *session) close() error {
	var errs []error
	for _, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// drop closes a connection that can no longer be trusted, which does not go
// back to its pool.
func (s *session) drop() {
	for _, stmt := range s.prepared {
		stmt.Close()
	}
	s.conn.Raw(func(any) error { return driver.ErrBadConn })
	s.conn.Close()
}
