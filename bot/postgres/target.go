package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot/tables"
)

// Why a database does not take in another store, or is not opened while it
// does.
var (
	// ErrNotEmpty: it holds something already.
	ErrNotEmpty = errors.New("the database is not empty")
	// ErrMoving: a move into it has begun and not ended.
	ErrMoving = errors.New("a move into the database has not ended: run relais move again")
)

// FilledError is an ErrNotEmpty: a move has filled the database.
type FilledError struct {
	Began time.Time // when that move began, UTC
}

func (e *FilledError) Error() string {
	return fmt.Sprintf("%v: it took in a store (the move began on %s)", ErrNotEmpty, e.Began.Format(time.DateTime+" MST"))
}

// Unwrap returns ErrNotEmpty.
func (e *FilledError) Unwrap() error { return ErrNotEmpty }

// Target is a database that takes in another store.
type Target struct {
	*Store
	Resumed bool      // it holds what an earlier move brought, which ended before its time
	Began   time.Time // when the move into it began, UTC, in microseconds; zero: not yet, or not noted by an older program
	lock    *pgx.Conn
}

// OpenTarget opens a database to take in another store: an empty one, or one
// that an earlier move into has not filled; a FilledError is one that it has. A
// move that still holds it is waited for, and others are kept out.
//
// As Open does, it brings the schema up to date and notes the master key. Before
// Begin nothing else is written: nothing of the other store, and no note of a
// move, so that servers may still open it.
func OpenTarget(ctx context.Context, cfg Config) (*Target, error) {
	s, err := openAnyway(ctx, cfg)
	if err != nil {
		return nil, err
	}
	t := &Target{Store: s}
	if err := t.alone(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// alone keeps other moves out, and tells what an earlier one left.
func (t *Target) alone(ctx context.Context) error {
	conn, err := t.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("begin a move: %w", err)
	}
	t.lock = conn.Hijack() // not the pool's any more: the lock lasts as long as it
	_, err = t.lock.Exec(ctx, `SELECT set_config('lock_timeout', '15s', false), pg_advisory_lock(`+fmt.Sprint(moving)+`)`,
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return fmt.Errorf("begin a move: wait for another one: %w", err)
	}
	t.Resumed, t.Began, err = t.moveUnderWay(ctx)
	if err != nil {
		return fmt.Errorf("begin a move: %w", err)
	}
	if t.Resumed {
		return nil
	}
	return t.empty(ctx)
}

// empty checks that nothing is there.
func (t *Target) empty(ctx context.Context) error {
	var moved int64
	err := t.pool.QueryRow(ctx, `SELECT coalesce(max(number), 0) FROM setting WHERE key = 'moved'`).Scan(&moved)
	if err != nil {
		return fmt.Errorf("begin a move: %w", err)
	}
	if moved != 0 {
		return &FilledError{Began: time.UnixMicro(moved).UTC()}
	}
	for _, table := range tables.All() {
		query := `SELECT EXISTS (SELECT FROM ` + table.Name + `)`
		if table.Name == "setting" {
			query = `SELECT EXISTS (SELECT FROM setting WHERE key = 'territory')`
		}
		var some bool
		if err := t.pool.QueryRow(ctx, query).Scan(&some); err != nil {
			return fmt.Errorf("begin a move: %w", err)
		}
		if some {
			return ErrNotEmpty
		}
	}
	return nil
}

// Begin notes that a move has begun at a time, kept to the microsecond: no
// server opens the database until End. A move that is resumed keeps the time
// when it began first; Began tells.
func (t *Target) Begin(ctx context.Context, at time.Time) error {
	var began int64
	err := t.pool.QueryRow(ctx, `
		INSERT INTO setting (key, number) VALUES ('moving', $1)
		ON CONFLICT (key) DO UPDATE SET number = coalesce(nullif(setting.number, 0), excluded.number)
		RETURNING number`, at.UnixMicro()).Scan(&began)
	if err != nil {
		return fmt.Errorf("begin a move: %w", err)
	}
	t.Began = time.UnixMicro(began).UTC()
	return nil
}

// End lets servers open the database: all is there, and it is kept when the move
// began that brought it. The journal goes on numbering after its last entry;
// jobs take their tokens from a sequence of their own.
func (t *Target) End(ctx context.Context) error {
	err := t.write(ctx, "save", func(b *pgx.Batch) {
		b.Queue(`SELECT setval(pg_get_serial_sequence('audit', 'id'), greatest(max(id), 1), max(id) IS NOT NULL) FROM audit`)
		b.Queue(`UPDATE setting SET key = 'moved' WHERE key = 'moving'`)
	})
	if err != nil {
		return fmt.Errorf("end a move: %w", err)
	}
	return nil
}

// Close closes the database, and lets others move into it.
func (t *Target) Close() error {
	var err error
	if t.lock != nil {
		err = t.lock.Close(context.Background())
	}
	return errors.Join(err, t.Store.Close())
}

// checkMoving refuses a database that a move has not filled yet.
func (s *Store) checkMoving(ctx context.Context) error {
	moving, _, err := s.moveUnderWay(ctx)
	if err == nil && moving {
		return ErrMoving
	}
	return err
}

// moveUnderWay tells whether a move into the database has begun and not ended,
// and when it began; zero: an older program did not note that.
func (s *Store) moveUnderWay(ctx context.Context) (moving bool, began time.Time, err error) {
	var at int64
	err = s.pool.QueryRow(ctx, `SELECT number FROM setting WHERE key = 'moving'`).Scan(&at)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, time.Time{}, nil
	case err != nil:
		return false, time.Time{}, err
	case at == 0:
		return true, time.Time{}, nil
	}
	return true, time.UnixMicro(at).UTC(), nil
}

// moving is the advisory lock that one move at a time works under.
const moving = 0x6d6f7665 // "move"

// Write adds rows to a table, all or none. Rows are copied aside and inserted
// from there: the server does not copy into tables with row-level security.
func (t *Target) Write(ctx context.Context, table tables.Table, rows []tables.Row) error {
	names := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		names[i] = c.Name
	}
	list := strings.Join(names, ", ")
	err := t.transact(ctx, "save", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT `+list+` FROM `+table.Name+` LIMIT 0`); err != nil {
			return err
		}
		next := 0
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"incoming"}, names, pgx.CopyFromFunc(func() ([]any, error) {
			if next == len(rows) {
				return nil, nil
			}
			next++
			return native(table, rows[next-1]), nil
		}))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO `+table.Name+` (`+list+`) OVERRIDING SYSTEM VALUE SELECT `+list+` FROM incoming`+known(table))
		return err
	})
	if err != nil {
		return fmt.Errorf("write %d rows to %s: %w", len(rows), table.Name, err)
	}
	return nil
}

// known is what becomes of a row that is there: the generation, since every
// schema begins with one.
func known(t tables.Table) string {
	if t.Name != "setting" {
		return ``
	}
	return ` ON CONFLICT (key) DO UPDATE SET number = excluded.number, value = excluded.value`
}

// native gives a row's values the types that the driver writes.
func native(t tables.Table, row tables.Row) []any {
	values := make([]any, len(row))
	for i, value := range row {
		values[i] = value
		switch t.Columns[i].Kind {
		case tables.ID:
			var id pgtype.UUID
			id.Valid = copy(id.Bytes[:], value.([]byte)) == len(id.Bytes)
			values[i] = id
		case tables.Time:
			values[i] = stamp(value.(time.Time))
		case tables.Codes:
			values[i] = append([]string{}, value.([]string)...) // never NULL
		}
	}
	return values
}
