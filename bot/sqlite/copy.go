package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"strings"
	"time"

	"relais/bot/seal"
	"relais/bot/tables"
)

// ErrInUse is returned for a database that a server or a command has open.
var ErrInUse = errors.New("a server or a command has the database open: stop it first")

// Source is a database that nobody else has open, to be read out whole. For as
// long as it is, no server and no command can open it.
type Source struct {
	Moved time.Time // when the move began that took all of it to another store, UTC; zero: none did
	db    *sql.DB
}

// OpenSource opens an existing database of the present schema alone, and
// checks that it was sealed under the same master key.
//
// Alone is SQLite's exclusive locking mode: whoever has a database in WAL mode
// open, idle or not, holds a shared lock on its file, and that excludes this
// one. The system takes the locks of a process away when it ends, however that
// comes.
func OpenSource(ctx context.Context, path string, keys *seal.Keyring) (*Source, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db, err := connect(path, 1, url.Values{
		"_busy_timeout": {"1000"},                    // a command may be about to end
		"_pragma":       {"locking_mode(EXCLUSIVE)"}, // before anything touches the file
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := checkSource(ctx, db, keys); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	moved, err := movedAt(db.QueryRowContext(ctx, askMoved))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Source{Moved: moved, db: db}, nil
}

// Leave notes that all of the database is in another store, and when the move
// began that took it there, to the microsecond: the other store notes the same.
// From then on Open refuses it, so that people are not answered from two stores.
func (s *Source) Leave(ctx context.Context, began time.Time) error {
	_, err := s.db.ExecContext(ctx, `INSERT OR REPLACE INTO setting (key, value) VALUES ('moved', ?)`, began.UnixMicro())
	if err != nil {
		return fmt.Errorf("note in the file that it was moved: %w", err)
	}
	s.Moved = began
	return nil
}

// Return lets Open open the database again.
func (s *Source) Return(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM setting WHERE key = 'moved'`); err != nil {
		return fmt.Errorf("note in the file that it is used again: %w", err)
	}
	s.Moved = time.Time{}
	return nil
}

// askMoved reads when the move began that took the database elsewhere; no row:
// none did.
const askMoved = `SELECT value FROM setting WHERE key = 'moved'`

func movedAt(row scanner) (time.Time, error) {
	var at int64
	err := row.Scan(&at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("read whether the database was moved: %w", err)
	}
	return time.UnixMicro(at).UTC(), nil
}

func checkSource(ctx context.Context, db *sql.DB, keys *seal.Keyring) error {
	at, err := schemaOf(ctx, db)
	switch {
	case busy(err):
		return ErrInUse
	case err != nil:
		return err
	case at < schema:
		return fmt.Errorf("%w (schema %d, this program needs %d)", ErrBehind, at, schema)
	case at > schema:
		return fmt.Errorf("%w (schema %d, this program knows %d)", ErrTooNew, at, schema)
	}
	var known string
	err = db.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = 'master_key'`).Scan(&known)
	if err != nil {
		return fmt.Errorf("read the master key's fingerprint: %w", err)
	}
	if known != keys.Fingerprint() {
		return ErrMasterKey
	}
	return nil
}

// Close lets others open the database again.
func (s *Source) Close() error { return s.db.Close() }

// Count counts a table's rows.
func (s *Source) Count(ctx context.Context, t tables.Table) (n int64, err error) {
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM `+from(t)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the rows of %s: %w", t.Name, err)
	}
	return n, nil
}

// Rows reads a table out in the order of its key. It ends with the first error.
func (s *Source) Rows(ctx context.Context, t tables.Table) iter.Seq2[tables.Row, error] {
	return func(yield func(tables.Row, error) bool) {
		columns := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			columns[i] = stored(t.Name, c.Name)
		}
		order := make([]string, t.Key)
		for i := range order {
			order[i] = `t.` + t.Columns[i].Name
		}
		rows, err := s.db.QueryContext(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+from(t)+` ORDER BY `+strings.Join(order, ", "))
		if err != nil {
			yield(nil, fmt.Errorf("read the rows of %s: %w", t.Name, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := rowOf(rows, t)
			if err != nil {
				yield(nil, fmt.Errorf("read a row of %s: %w", t.Name, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, fmt.Errorf("read the rows of %s: %w", t.Name, err))
		}
	}
}

func from(t tables.Table) string {
	if t.Name == "setting" {
		return `setting t WHERE key IN ('` + strings.Join(tables.Settings(), `', '`) + `')`
	}
	return t.Name + ` t`
}

// stored is a column as it is written here: some are found elsewhere, and the
// one value of a setting stands for a number or a document.
func stored(table, column string) string {
	switch table + "." + column {
	case "conversation.last_org":
		return `coalesce((SELECT org FROM handoff WHERE conversation = t.id ORDER BY since DESC, id DESC LIMIT 1), '')`
	case "thread.person", "item.person":
		return `(SELECT person FROM conversation WHERE id = t.conversation)`
	case "job.token":
		return `0`
	case "setting.number":
		return `CASE WHEN typeof(t.value) = 'integer' THEN t.value ELSE 0 END`
	case "setting.value":
		return `CASE WHEN typeof(t.value) = 'integer' THEN NULL ELSE CAST(t.value AS BLOB) END`
	}
	return `t.` + column
}

func rowOf(rows *sql.Rows, t tables.Table) (tables.Row, error) {
	row := make(tables.Row, len(t.Columns))
	if err := rows.Scan(pointers(row)...); err != nil {
		return nil, err
	}
	for i, c := range t.Columns {
		value, err := travels(c.Kind, row[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		row[i] = value
	}
	return row, nil
}

// travels gives a stored value the type that its kind travels as.
func travels(kind tables.Kind, stored any) (any, error) {
	switch v := stored.(type) {
	case nil:
		switch kind {
		case tables.ID, tables.Bytes:
			return []byte(nil), nil
		case tables.Time:
			return time.Time{}, nil
		}
	case []byte:
		if kind == tables.Bytes || kind == tables.ID && len(v) == 16 {
			return v, nil
		}
	case string:
		switch kind {
		case tables.Text:
			return v, nil
		case tables.Codes:
			return listOf(v)
		}
	case int64:
		switch kind {
		case tables.Integer:
			return v, nil
		case tables.Bool:
			return v != 0, nil
		case tables.Time:
			return time.UnixMicro(v).UTC(), nil
		case tables.Span:
			return time.Duration(v) * time.Second, nil
		}
	}
	return nil, fmt.Errorf("a value of type %T is not one of this kind", stored)
}
