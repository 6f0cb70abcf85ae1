package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"relais/bot"
)

// What a write is for; the first part of the names of its crash points.
const (
	commit = "commit"
	claim  = "claim"
	save   = "save"
)

// writer is the one connection that writes. Whoever holds the token in turn
// uses it.
type writer struct {
	turn    chan struct{}
	db      *sql.DB
	session *session // nil when it has to be opened again
	crash   func(point string)
	rows    int64         // written since the log was last copied
	long    chan struct{} // the log is worth copying
}

func newWriter(path string, crash func(string)) (*writer, error) {
	db, err := connect(path, 1, url.Values{
		"_busy_timeout": {"5000"}, // another process writes: wait for it
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // an acknowledged message survives a power cut
		"_foreign_keys": {"1"},
		"_txlock":       {"immediate"}, // for the migrations
		"_dqs":          {"0"},
		"_pragma": {
			"secure_delete(1)",
			fmt.Sprintf("wal_autocheckpoint(%d)", copyAtOnce), // else the checkpointer copies it
			"journal_size_limit(67108864)",
			"cache_size(-32000)", // KiB
			"temp_store(2)",      // in memory: savepoints keep pages there, which costs a fifth of a commit in a file
		},
	})
	if err != nil {
		return nil, err
	}
	if crash == nil {
		crash = func(string) {}
	}
	return &writer{turn: make(chan struct{}, 1), db: db, crash: crash, long: make(chan struct{}, 1)}, nil
}

// write runs f in one transaction, alone, and makes it durable. When it
// returns an error nothing of f was kept. A context that ends stops the wait
// for the turn, never a transaction under way.
func (w *writer) write(ctx context.Context, what string, f func(*tx) error) error {
	if err := w.wait(ctx); err != nil {
		return err
	}
	defer w.release()
	t, err := w.begin(context.WithoutCancel(ctx), what)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer t.rollback() // does nothing once committed
	if err := f(t); err != nil {
		return err
	}
	return t.commit()
}

// alone runs f on the writing connection outside of any transaction.
func (w *writer) alone(ctx context.Context, f func(*sql.Conn) error) error {
	if err := w.wait(ctx); err != nil {
		return err
	}
	defer w.release()
	if err := w.open(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return f(w.session.conn)
}

func (w *writer) wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx) // select would choose at random
	}
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) release() { <-w.turn }

func (w *writer) open(ctx context.Context) (err error) {
	if w.session == nil {
		w.session, err = newSession(ctx, w.db)
	}
	return err
}

// drop lets go of a connection that can no longer be trusted; the next write
// opens another.
func (w *writer) drop() {
	if w.session != nil {
		w.session.drop()
		w.session = nil
	}
}

func (w *writer) close() error {
	var err error
	if w.session != nil {
		err = w.session.close()
		w.session = nil
	}
	return errors.Join(err, w.db.Close())
}

// tx is a write transaction.
type tx struct {
	w     *writer
	what  string
	done  bool
	flows *int64   // their generation, once it was looked at
	ahead ahead    // outboxes that were read before
	rows  int64    // written so far
	kept  []func() // to be done once what was written is durable
}

func (w *writer) begin(ctx context.Context, what string) (*tx, error) {
	w.crash(what + ":before")
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	t := &tx{w: w, what: what}
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		if !busy(err) {
			w.drop()
		}
		return nil, err
	}
	return t, nil
}

func (t *tx) commit() error {
	t.w.crash(t.what + ":written")
	if _, err := t.exec(`COMMIT`); err != nil {
		return fmt.Errorf("make durable: %w", err)
	}
	t.done = true
	t.w.crash(t.what + ":after")
	for _, f := range t.kept {
		f()
	}
	t.w.committed(t.rows)
	return nil
}

// committed has the log copied when it has become long.
func (w *writer) committed(rows int64) {
	if w.rows += rows; w.rows < copyAfter {
		return
	}
	select {
	case w.long <- struct{}{}:
		w.rows = 0
	default: // the last time is not over
	}
}

// rollback undoes what was not committed. SQLite has already done so after
// some errors (a full disk): then there is nothing left to undo.
func (t *tx) rollback() {
	if t.done {
		return
	}
	t.done = true
	if _, err := t.exec(`ROLLBACK`); err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		t.w.drop()
	}
}

// errHalf is returned when something failed after it had written a row.
var errHalf = errors.New("half written")

// whole runs f, which fails before it writes anything; when it does not, the
// transaction has to end.
func (t *tx) whole(f func() error) error {
	before := t.rows
	failed := f()
	if failed == nil || t.rows == before || trouble(failed) {
		return failed
	}
	return fmt.Errorf("%w: %w", errHalf, failed)
}

// within runs f in a savepoint: when it fails, what it wrote is undone and the
// transaction goes on.
func (t *tx) within(f func() error) error {
	before := len(t.kept)
	if _, err := t.exec(`SAVEPOINT turn`); err != nil {
		return err
	}
	failed := f()
	if trouble(failed) {
		return failed // the whole transaction ends
	}
	if failed != nil {
		t.kept = t.kept[:before]
		if _, err := t.exec(`ROLLBACK TO turn`); err != nil {
			return err
		}
	}
	if _, err := t.exec(`RELEASE turn`); err != nil {
		return err
	}
	return failed
}

// remember puts somebody among those remembered once the transaction is
// durable: a newcomer who is undone is given another key the next time.
func (t *tx) remember(among *holders, conversation bot.ID, who holder) {
	t.kept = append(t.kept, func() { among.Put(conversation, who) })
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if err := fit(args); err != nil {
		return 0, err
	}
	result, err := t.w.session.exec(query, args...)
	if err != nil {
		return 0, err
	}
	changed, err := result.RowsAffected()
	t.rows += changed
	return changed, err
}

func (t *tx) row(query string, args ...any) scanner {
	if err := fit(args); err != nil {
		return failedRow{err}
	}
	return t.w.session.row(query, args...)
}

// each calls f for every row.
func (t *tx) each(f func(scanner) error, query string, args ...any) error {
	if err := fit(args); err != nil {
		return err
	}
	return t.w.session.each(f, query, args...)
}

// scanner is one row, or the reason why there is none.
type scanner interface{ Scan(dest ...any) error }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

var errText = errors.New("a text is not UTF-8, or holds a zero byte")

// fit refuses arguments that cannot be stored.
func fit(args []any) error {
	for _, arg := range args {
		if s, ok := arg.(string); ok && !storable(s) {
			return errText
		}
	}
	return nil
}

// storable tells whether a text can be kept in every store.
func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// trouble tells whether an error is the database's own (disk full, broken
// file, locked for too long) rather than about the one row at hand.
func trouble(err error) bool {
	var e *modernc.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return false
	}
	return true
}

// taken tells whether a row with the same key is there.
func taken(err error) bool {
	var e *modernc.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func busy(err error) bool {
	var e *modernc.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}
