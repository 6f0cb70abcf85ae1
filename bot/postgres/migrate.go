package postgres

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// Newest is the newest schema this program knows.
	Newest = 3
	// level is what this program counts as in a schema's min_binary.
	level = 1
	// migrating is the advisory lock that one instance at a time migrates
	// under.
	migrating = 0x72656c616973 // "relais"
)

// Migrate brings the schema to a version, up or down, as the owner of the
// tables; below zero means the newest. It returns the versions before and
// after. A schema newer than Newest is left alone by a migration to the
// newest. Another instance that migrates at the same time is waited for.
//
// Each migration is a transaction: one that fails is undone, and those before
// it stay.
func Migrate(ctx context.Context, cfg Config, to int64) (before, after int64, err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return 0, 0, err
	}
	if to > Newest {
		return 0, 0, fmt.Errorf("this program knows schemas up to %d", Newest)
	}
	if to < 0 {
		to = Newest
	}
	before, after, err = migrate(ctx, cfg, files, to)
	if err != nil {
		return before, after, fmt.Errorf("migrate the database: %w", err)
	}
	return before, after, nil
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

func migrate(ctx context.Context, cfg Config, files fs.FS, to int64) (before, after int64, err error) {
	conf, err := parse(cmp.Or(cfg.OwnerURL, cfg.URL))
	if err != nil {
		return 0, 0, err
	}
	lock, err := reach(ctx, conf.ConnConfig, cfg)
	if err != nil {
		return 0, 0, err
	}
	defer lock.Close(ctx) // the server releases the lock with the session
	if err := fit(ctx, lock); err != nil {
		return 0, 0, err
	}
	log := cmp.Or(cfg.Log, slog.Default())
	if err := lockMigrations(ctx, lock, log); err != nil {
		return 0, 0, err
	}
	// Most logins may read where the schema is and no more.
	at, unread := migratedTo(ctx, lock)
	if unread == nil && settled(at, to) {
		return at, at, nil
	}
	db := stdlib.OpenDB(*conf.ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	before, after, err = apply(ctx, db, log, files, to)
	if errors.Is(err, errDenied) {
		err = notOwner(conf.ConnConfig.User, at, unread)
	}
	return before, after, err
}

// settled tells whether there is nothing to do: a schema newer than this program
// is left alone by a migration to the newest.
func settled(at, to int64) bool { return at == to || at > Newest && to == Newest }

// errDenied: the login may not even read where the schema is.
var errDenied = errors.New("permission denied")

// notOwner says why a login cannot migrate: it is not the owner's, or may not
// act as the roles that it reads as.
func notOwner(login string, at int64, unread error) error {
	state := fmt.Sprintf("it is at schema %d", at)
	switch {
	case errors.Is(unread, ErrRoles):
		return unread
	case unread != nil:
		state = "it is behind" // relais_engine reads the newest
	case at == 0:
		state = "it is empty"
	}
	return fmt.Errorf("%s, and %s may not change it: %w", state, login, ErrNotOwner)
}

// lockMigrations waits until no other instance migrates.
func lockMigrations(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	var free bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(migrating)).Scan(&free); err != nil {
		return err
	}
	if free {
		return nil
	}
	log.Info("another instance migrates the database: waiting")
	_, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrating))
	return err
}

func apply(ctx context.Context, db *sql.DB, log *slog.Logger, files fs.FS, to int64) (before, after int64, err error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, 0, fmt.Errorf("read the migrations: %w", err)
	}
	before, err = provider.GetDBVersion(ctx) // makes its table when there is none
	switch {
	case sqlstate(err) == "42501":
		return 0, 0, errDenied
	case err != nil:
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	case settled(before, to):
		return before, before, nil
	}
	walk := provider.UpTo
	if before > to {
		walk = provider.DownTo
	}
	err = patiently(ctx, log, func() error {
		_, err := walk(ctx, to)
		return err
	})
	after, versionErr := provider.GetDBVersion(ctx)
	if versionErr != nil {
		return before, before, errors.Join(err, versionErr)
	}
	if err != nil {
		return before, after, rolledBack(err, after)
	}
	return before, after, nil
}

// patiently tries again what lost a race for a table: a migration does not make
// turns wait for long behind somebody who reads for long.
func patiently(ctx context.Context, log *slog.Logger, migrate func() error) error {
	const tries, pause = 10, time.Second
	for try := 1; ; try++ {
		err := migrate()
		if state := sqlstate(err); state != "55P03" && state != "40P01" || try == tries { // timed out, deadlock
			return err
		}
		log.Warn("somebody uses a table that a migration changes: trying again")
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// rolledBack tells which migration failed, why, and where that leaves the
// schema.
func rolledBack(err error, at int64) error {
	var half *goose.PartialError
	if !errors.As(err, &half) {
		return err
	}
	why := half.Err
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		why = errors.New(refused.Message)
	}
	return fmt.Errorf("%s was rolled back, the schema is at %d: %w", half.Failed.Source.Path, at, why)
}

// checkSchema refuses a schema that this program cannot use.
func checkSchema(ctx context.Context, conn *pgx.Conn) (string, error) {
	exists, err := anySchema(ctx, conn)
	if err != nil {
		return "", err
	}
	if !exists {
		return "", fmt.Errorf("%w: it is empty", ErrBehind)
	}
	at, needs, err := schemaVersion(ctx, conn)
	switch {
	case err != nil:
		return "", err
	case needs > level:
		return "", fmt.Errorf("%w: level %d, this one is %d", ErrNewer, needs, level)
	case at < Newest:
		return "", fmt.Errorf("%w: schema %d, this program needs %d", ErrBehind, at, Newest)
	}
	return fmt.Sprintf("version %d", at), nil
}

// anySchema tells whether the database was migrated ever. The table is looked up
// by name: a login without rights must be told of those, not that there is
// nothing.
func anySchema(ctx context.Context, conn *pgx.Conn) (exists bool, err error) {
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_tables WHERE tablename = 'goose_db_version')`).Scan(&exists)
	return exists, err
}

// migratedTo reads where the schema is, 0 for an empty database.
func migratedTo(ctx context.Context, conn *pgx.Conn) (at int64, err error) {
	exists, err := anySchema(ctx, conn)
	if err != nil || !exists {
		return 0, err
	}
	err = readSchema(ctx, conn, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&at)
	})
	return at, err
}

// schemaVersion reads where the schema is and the level of program it needs.
func schemaVersion(ctx context.Context, conn *pgx.Conn) (at, needs int64, err error) {
	err = readSchema(ctx, conn, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT (SELECT max(version_id) FROM goose_db_version WHERE is_applied), number
			FROM setting WHERE key = 'min_binary'`).Scan(&at, &needs)
	})
	return at, needs, err
}

// readSchema reads as whoever signed in; when that login may not read it by
// itself, as relais_engine.
func readSchema(ctx context.Context, conn *pgx.Conn, read func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, conn, read)
	if state := sqlstate(err); state != "42501" && state != "42P01" { // no right, or not even to the schema
		return err
	}
	if err := checkLogin(ctx, conn); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL ROLE relais_engine`); err != nil {
			return err
		}
		return read(tx)
	})
}
