package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// schema is the newest migration, the one this program is written for.
	schema = 1
	// binary is what a schema compares with its min_binary: raised when this
	// program learns to live with a change that older ones cannot.
	binary = 1
)

// Migrate brings the schema of the database at cfg.Path to a version, up or
// down; below zero means the newest. It returns the versions before and after.
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
	if to < 0 {
		to = schema
	}
	if err := migrate(ctx, w.db, before, to); err != nil {
		return before, before, err
	}
	return before, to, nil
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
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if to < at {
		_, err = provider.DownTo(ctx, to)
	} else {
		_, err = provider.UpTo(ctx, to)
	}
	if err == nil || reached(ctx, db, to) {
		return nil
	}
	return fmt.Errorf("bring the schema from %d to %d: %w", at, to, err)
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
