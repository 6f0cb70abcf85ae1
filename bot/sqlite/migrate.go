package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// Newest is the newest schema this program knows.
	Newest = 2
	schema = Newest
	// binary is what a schema compares with its min_binary: raised when this
	// program learns to live with a change that older ones cannot.
	binary = 1
)

// Migrate brings the schema of the database at cfg.Path to a version, up or
// down; below zero means the newest, and a schema newer than Newest is then left
// alone. It returns the versions before and after. Each migration is a
// transaction: one that fails is undone, and those before it stay.
func Migrate(ctx context.Context, cfg Config, to int64) (before, after int64, err error) {
	if err := create(cfg.Path); err != nil {
		return 0, 0, fmt.Errorf("create the database: %w", err)
	}
	w, err := newWriter(cfg.Path, nil)
	if err != nil {
		return 0, 0, fmt.Errorf("open the database: %w", err)
	}
	defer w.close()
	if err := settle(ctx, w.db); err != nil {
		return 0, 0, fmt.Errorf("open the database: %w", err)
	}
	if before, err = schemaOf(ctx, w.db); err != nil {
		return 0, 0, err
	}
	if to > Newest {
		return before, before, fmt.Errorf("this program knows schemas up to %d", Newest)
	}
	if to < 0 {
		to = max(before, Newest)
	}
	if err := migrate(ctx, w.db, before, to); err != nil {
		return before, before, err
	}
	return before, to, nil
}

// Describe says in a line what one migration does: the first line of its file.
func Describe(version int64) string {
	found, err := fs.Glob(migrations, fmt.Sprintf("migrations/%05d_*.sql", version))
	if err != nil || len(found) != 1 {
		return ""
	}
	text, err := migrations.ReadFile(found[0])
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimPrefix(line, []byte("-- ")))
}

// upToDate brings an older schema to the present one when it may, and refuses
// one that this program cannot use. A schema that is current costs two short
// reads.
func upToDate(ctx context.Context, db *sql.DB, may bool) error {
	at, err := schemaOf(ctx, db)
	if err != nil {
		return err
	}
	if at < schema {
		if !may {
			return fmt.Errorf("%w (schema %d, this program needs %d)", ErrBehind, at, schema)
		}
		if err := migrate(ctx, db, at, schema); err != nil {
			return err
		}
	}
	var needs int
	if err := db.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = 'min_binary'`).Scan(&needs); err != nil {
		return fmt.Errorf("read which program the schema needs: %w", err)
	}
	if needs > binary {
		return fmt.Errorf("%w (level %d, this one is %d)", ErrTooNew, needs, binary)
	}
	return nil
}

// schemaOf returns the version of the schema, 0 for an empty database.
func schemaOf(ctx context.Context, db *sql.DB) (int64, error) {
	var tables int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'`).Scan(&tables)
	if err != nil {
		return 0, fmt.Errorf("read the schema: %w", err)
	}
	if tables == 0 {
		return 0, nil
	}
	var at int64
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return at, nil
}

func migrate(ctx context.Context, db *sql.DB, at, to int64) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return migrateFrom(ctx, db, files, at, to)
}

func migrateFrom(ctx context.Context, db *sql.DB, files fs.FS, at, to int64) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	switch {
	case to == at:
		return nil
	case to < at:
		_, err = provider.DownTo(ctx, to)
	default:
		_, err = provider.UpTo(ctx, to)
	}
	if err == nil || reached(ctx, db, to) {
		return nil
	}
	return rolledBack(ctx, db, err)
}

// rolledBack tells which migration failed, why, and where that leaves the
// schema.
func rolledBack(ctx context.Context, db *sql.DB, err error) error {
	var half *goose.PartialError
	if !errors.As(err, &half) {
		return fmt.Errorf("migrate the database: %w", err)
	}
	why := half.Err
	for errors.Unwrap(why) != nil {
		why = errors.Unwrap(why) // goose quotes the statement, which may be long
	}
	at, err := schemaOf(ctx, db)
	if err != nil {
		return err
	}
	return fmt.Errorf("migrate the database: %s was rolled back, the schema is at %d: %w", half.Failed.Source.Path, at, why)
}

// reached tells whether another process, which started at the same moment,
// brings the schema to a version while we wait.
func reached(ctx context.Context, db *sql.DB, to int64) bool {
	for range 20 {
		if at, err := schemaOf(ctx, db); err == nil && at == to {
			return true
		}
		if pause(ctx, 100*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

// settle opens the first connection. While another process turns the
// write-ahead log on for a new file, SQLite answers that it is busy without
// waiting: so it is asked again.
func settle(ctx context.Context, db *sql.DB) error {
	for range 100 {
		if err := db.PingContext(ctx); !busy(err) {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return db.PingContext(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
