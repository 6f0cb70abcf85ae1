package fill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver "sqlite" of database/sql
)

// Strangers adds people with so many lines in all to a store of Postgres or
// SQLite whose schema is there.
func Strangers(ctx context.Context, dsn string, lines int) error {
	if path, embedded := strings.CutPrefix(dsn, "sqlite:"); embedded {
		return intoSQLite(ctx, path, strangers(lines, sqlite))
	}
	return intoPostgres(ctx, dsn, strangers(lines, postgres))
}

// Future adds jobs for later.
func Future(ctx context.Context, dsn string, jobs int) error {
	if path, embedded := strings.CutPrefix(dsn, "sqlite:"); embedded {
		return intoSQLite(ctx, path, []table{future(jobs, sqlite)})
	}
	return intoPostgres(ctx, dsn, []table{future(jobs, postgres)})
}

// intoPostgres copies rows in and has their statistics taken, as autovacuum
// would have in the time that so many people take to write.
func intoPostgres(ctx context.Context, dsn string, tables []table) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, t := range tables {
		rows := pgx.CopyFromSlice(t.rows, func(i int) ([]any, error) { return t.row(i), nil })
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, rows); err != nil {
			return fmt.Errorf("fill the table %s: %w", t.name, err)
		}
		if _, err := conn.Exec(ctx, "VACUUM ANALYZE "+t.name); err != nil {
			return fmt.Errorf("fill the table %s: %w", t.name, err)
		}
	}
	return nil
}

// sqliteBatch is how many rows one transaction inserts.
const sqliteBatch = 50_000

// intoSQLite inserts rows, without waiting for the disk until the end.
func intoSQLite(ctx context.Context, path string, tables []table) (err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(off)&_pragma=cache_size(-200000)")
	if err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, t := range tables {
		for begin := 0; begin < t.rows; begin += sqliteBatch {
			if err := insert(ctx, db, t, begin, min(begin+sqliteBatch, t.rows)); err != nil {
				return fmt.Errorf("fill the table %s: %w", t.name, err)
			}
		}
	}
	if _, err := db.ExecContext(ctx, `PRAGMA synchronous = full; PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	return nil
}

func insert(ctx context.Context, db *sql.DB, t table, from, to int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	holes := strings.TrimSuffix(strings.Repeat("?,", len(t.columns)), ",")
	statement, err := tx.PrepareContext(ctx, "INSERT INTO "+t.name+" ("+strings.Join(t.columns, ", ")+") VALUES ("+holes+")")
	if err != nil {
		return err
	}
	defer statement.Close()
	for i := from; i < to; i++ {
		if _, err := statement.ExecContext(ctx, t.row(i)...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
