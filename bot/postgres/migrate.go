package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// Newest is the newest schema this program knows.
	Newest = 1
	// binary is what this program counts as in a schema's min_binary.
	binary = 1
	// migrating is the advisory lock that one instance at a time migrates
	// under.
	migrating = 0x72656c616973 // "relais"
)

// Migrate brings the schema to a version, up or down; a schema newer than
// Newest is left alone by a migration to Newest. Another instance that
// migrates at the same time is waited for.
func Migrate(ctx context.Context, url string, to int64) (err error) {
	conf, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	conf.ConnectTimeout = cmp.Or(conf.ConnectTimeout, connectTimeout)
	db := stdlib.OpenDB(*conf)
	defer func() { err = errors.Join(err, db.Close()) }()

	lock, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	defer lock.Close() // the server releases the lock with the session
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrating)); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	if err := apply(ctx, db, to); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

func apply(ctx context.Context, db *sql.DB, to int64) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	at, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	switch {
	case at == to, at > Newest && to == Newest:
		return nil
	case at < to:
		_, err = provider.UpTo(ctx, to)
	default:
		_, err = provider.DownTo(ctx, to)
	}
	return err
}

// checkSchema refuses a schema that this program cannot use.
func (s *Store) checkSchema(ctx context.Context) error {
	var exists bool
	if err := s.pool.QueryRow(ctx, `SELECT to_regclass('setting') IS NOT NULL`).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		return ErrBehind
	}
	var at, needs int64
	err := s.pool.QueryRow(ctx, `
		SELECT (SELECT max(version_id) FROM goose_db_version WHERE is_applied), number
		FROM setting WHERE key = 'min_binary'`).Scan(&at, &needs)
	if err != nil {
		return err
	}
	if needs > binary {
		return ErrNewer
	}
	if at < Newest {
		return ErrBehind
	}
	return nil
}
