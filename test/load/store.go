package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx" of database/sql

	"relais/bot"
	"relais/bot/postgres"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/test/load/cluster"
)

// store is one database under test, empty when it is made.
type store struct {
	kind    string
	dsn     string           // as RELAIS_DATABASE_URL takes it
	cluster *cluster.Cluster // on Postgres
	at      *url.URL         // on Postgres
	dir     string           // on SQLite
}

// newStore makes one. Remove it.
func (l *lab) newStore(ctx context.Context, kind string) (*store, error) {
	if kind == onPostgres {
		at, err := l.cluster.Create(ctx)
		if err != nil {
			return nil, err
		}
		return &store{kind: kind, dsn: at.String(), cluster: l.cluster, at: at}, nil
	}
	dir, err := os.MkdirTemp("", "relais-load-sqlite")
	if err != nil {
		return nil, fmt.Errorf("make a store: %w", err)
	}
	return &store{kind: kind, dsn: "sqlite:" + filepath.Join(dir, "relais.db"), dir: dir}, nil
}

func (s *store) remove(ctx context.Context) error {
	if s.kind == onPostgres {
		return s.cluster.Drop(context.WithoutCancel(ctx), s.at)
	}
	return os.RemoveAll(s.dir)
}

// cpu is the processor time of the database's own processes: none on SQLite,
// which lives in the server.
func (s *store) cpu() time.Duration {
	if s.kind != onPostgres {
		return 0
	}
	return s.cluster.CPU()
}

// settle writes out what earlier runs left, so that runs begin alike.
func (s *store) settle(ctx context.Context) error {
	if s.kind != onPostgres {
		return nil
	}
	return s.cluster.Checkpoint(ctx)
}

// open opens the store in this process, to fill it.
func (s *store) open(ctx context.Context) (bot.Store, error) {
	master, err := hex.DecodeString(secret)
	if err != nil {
		return nil, err
	}
	keys, err := seal.NewKeyring(master)
	if err != nil {
		return nil, err
	}
	if s.kind == onPostgres {
		return postgres.Open(ctx, postgres.Config{URL: s.dsn, Keys: keys, Log: slog.New(slog.DiscardHandler)})
	}
	return sqlite.Open(ctx, sqlite.Config{Path: s.dsn[len("sqlite:"):], Keys: keys})
}

// tables opens the database as it is, beside the program.
func (s *store) tables() (*sql.DB, error) {
	if s.kind == onPostgres {
		return sql.Open("pgx", s.dsn)
	}
	return sql.Open("sqlite", "file:"+s.dsn[len("sqlite:"):]+"?_pragma=busy_timeout(10000)")
}

// left counts what has not left yet: lines to send, and jobs that are due.
func (s *store) left(ctx context.Context) (lines, jobs int, err error) {
	db, err := s.tables()
	if err != nil {
		return 0, 0, fmt.Errorf("count what is left: %w", err)
	}
	defer db.Close()
	now := `now()`
	if s.kind != onPostgres {
		now = `unixepoch() * 1000000`
	}
	err = errors.Join(
		db.QueryRowContext(ctx, `SELECT count(*) FROM line WHERE delivery IN (1, 2)`).Scan(&lines),
		db.QueryRowContext(ctx, `SELECT count(*) FROM job WHERE due <= `+now).Scan(&jobs))
	if err != nil {
		return 0, 0, fmt.Errorf("count what is left: %w", err)
	}
	return lines, jobs, nil
}

// handed counts the people whom the assistant has handed over. Nobody asks for
// it here: they texted so fast that it took them for machines.
func (s *store) handed(ctx context.Context) (people int, err error) {
	db, err := s.tables()
	if err != nil {
		return 0, fmt.Errorf("count who was handed over: %w", err)
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM conversation WHERE owner_kind <> 'assistant'`).Scan(&people); err != nil {
		return 0, fmt.Errorf("count who was handed over: %w", err)
	}
	return people, nil
}

// accepted counts the lines that the operator took, as the store knows it.
func (s *store) accepted(ctx context.Context) (lines int, err error) {
	db, err := s.tables()
	if err != nil {
		return 0, fmt.Errorf("count what was sent: %w", err)
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM line WHERE delivery BETWEEN 3 AND 6`).Scan(&lines); err != nil {
		return 0, fmt.Errorf("count what was sent: %w", err)
	}
	return lines, nil
}
