package postgres

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"relais/bot"
	"relais/bot/seal"
)

// connectTimeout is how long one try to connect may take, unless the URL says
// otherwise.
const connectTimeout = 10 * time.Second

// Config says where the database is and how it is sealed.
type Config struct {
	URL  string        // postgres://…
	Keys *seal.Keyring // must be those of the first start

	// NoMigrate refuses a schema that is behind instead of bringing it up to
	// date.
	NoMigrate bool

	// Pool is how many connections are kept open. Defaults to 4.
	Pool int

	// Log receives what went wrong besides what is returned. Defaults to
	// slog.Default().
	Log *slog.Logger

	// Crash is called at each commit boundary with its name, for tests that
	// stop the program there: "commit:before", "commit:written" (before COMMIT),
	// "commit:after"; "claim:…" for claims of jobs, "save:…" for the rest.
	Crash func(point string)
}

// Why a database is refused.
var (
	// ErrMasterKey: it was sealed under another master key.
	ErrMasterKey = errors.New("the database was sealed under another master key")
	// ErrNewer: its schema needs a newer program.
	ErrNewer = errors.New("the database needs a newer program")
	// ErrBehind: its schema has to be migrated first.
	ErrBehind = errors.New("the database has to be migrated first")
	// ErrNotDurable: the server may lose what it acknowledged.
	ErrNotDurable = errors.New("the server runs with fsync or synchronous_commit off")
)

// Store is an open database. It is safe for use by several goroutines.
type Store struct {
	pool  *pgxpool.Pool
	keys  *seal.Keyring
	log   *slog.Logger
	crash func(point string)
}

var (
	_ bot.Store = (*Store)(nil)
	_ bot.Desk  = (*Store)(nil)
)

// Open connects, brings the schema up to date, and refuses a server that may
// lose what it acknowledged, another master key, and a schema that needs a
// newer program. Several instances may open one database at once.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Keys == nil {
		return nil, errors.New("open the database: no keyring")
	}
	if !cfg.NoMigrate {
		if err := Migrate(ctx, cfg.URL, Newest); err != nil {
			return nil, err
		}
	}
	pool, err := connect(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	s := &Store{pool: pool, keys: cfg.Keys, log: cmp.Or(cfg.Log, slog.Default()), crash: cfg.Crash}
	if s.crash == nil {
		s.crash = func(string) {}
	}
	for _, check := range []func(context.Context) error{s.checkDurable, s.checkSchema, s.checkMasterKey} {
		if err := check(ctx); err != nil {
			pool.Close()
			return nil, fmt.Errorf("open the database: %w", err)
		}
	}
	return s, nil
}

func connect(ctx context.Context, cfg Config) (*pgxpool.Pool, error) {
	conf, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	size := int32(cmp.Or(cfg.Pool, 4))
	conf.MinConns, conf.MaxConns = size, size
	conf.ConnConfig.ConnectTimeout = cmp.Or(conf.ConnConfig.ConnectTimeout, connectTimeout)
	params := conf.ConnConfig.RuntimeParams
	params["application_name"] = "relais"
	params["timezone"] = "UTC"
	// An instance cut off in the middle of a commit must not keep its locks.
	params["idle_in_transaction_session_timeout"] = "30s"
	return pgxpool.NewWithConfig(ctx, conf)
}

func (s *Store) checkDurable(ctx context.Context) error {
	var durable bool
	err := s.pool.QueryRow(ctx, `
		SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off'`).Scan(&durable)
	if err != nil {
		return err
	}
	if !durable {
		return ErrNotDurable
	}
	return nil
}

// checkMasterKey compares the master key with that of the first start, or
// keeps it when this is the first.
func (s *Store) checkMasterKey(ctx context.Context) error {
	ours := []byte(s.keys.Fingerprint())
	_, err := s.pool.Exec(ctx, `
		INSERT INTO setting (key, value) VALUES ('master_key', $1) ON CONFLICT (key) DO NOTHING`, ours)
	if err != nil {
		return err
	}
	var kept []byte
	if err := s.pool.QueryRow(ctx, `SELECT value FROM setting WHERE key = 'master_key'`).Scan(&kept); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(ours, kept) != 1 {
		return ErrMasterKey
	}
	return nil
}

// Close waits for what is under way and closes the connections.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Marker changes whenever anything was written on the server, by this store
// too: it is a digest of which transactions have ended. It costs writers
// nothing, and two markers with a commit between them always differ. A busy
// neighbour database on the same server makes it change more often than it
// needs to.
func (s *Store) Marker(ctx context.Context) (int64, error) {
	var marker int64
	err := s.pool.QueryRow(ctx, `SELECT hashtextextended(pg_current_snapshot()::text, 0)`).Scan(&marker)
	if err != nil {
		return 0, fmt.Errorf("read the marker: %w", err)
	}
	return marker, nil
}
