package postgres

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"relais/bot"
	"relais/bot/recent"
	"relais/bot/seal"
)

// Config says where the database is and how it is sealed.
type Config struct {
	URL  string        // postgres://…
	Keys *seal.Keyring // must be those of the first start

	// OwnerURL is the address that migrations use, as the role that owns the
	// tables. Defaults to URL.
	OwnerURL string

	// NoMigrate refuses a schema that is behind instead of bringing it up to
	// date.
	NoMigrate bool

	// Pool is how many connections are kept open. Defaults to 4.
	Pool int

	// Patience is how long to wait for a server that does not answer. Defaults
	// to 30 s.
	Patience time.Duration

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
	ErrBehind = errors.New("the database has to be migrated first (relais migrate)")
	// ErrNotOwner: the login may not migrate it.
	ErrNotOwner = errors.New("migrate as the owner (set RELAIS_DATABASE_OWNER_URL), or set RELAIS_MIGRATE=0 once somebody else did")
	// ErrNotDurable: the server may lose what it acknowledged.
	ErrNotDurable = errors.New("the server may lose what it acknowledged")
	// ErrTooOld: the server is older than what this program is tested with.
	ErrTooOld = errors.New("the server is older than Postgres 14")
	// ErrPooler: between us and the server, something gives the connection to
	// others after each transaction. Roles, locks and prepared statements would
	// go to them.
	ErrPooler = errors.New("a connection pooler in transaction mode (pgbouncer?) stands before the server: connect directly, or use its session mode")
	// ErrRoles: the roles that keep readers apart cannot be relied on.
	ErrRoles = errors.New("the roles of the database are not as they must be")
)

// Store is an open database. It is safe for use by several goroutines.
type Store struct {
	pool  *pgxpool.Pool
	keys  *seal.Keyring
	log   *slog.Logger
	crash func(point string) // nil: none
	spare spare

	// people are the keys of those who were here lately, opened.
	people *recent.Cache[bot.ID, *seal.Key]
}

var (
	_ bot.Store = (*Store)(nil)
	_ bot.Desk  = (*Store)(nil)
)

// Open connects, brings the schema up to date, and refuses a server that may
// lose what it acknowledged, a pooler in transaction mode, another master key,
// and a schema that needs a newer program. A server that does not answer is
// waited for. Several instances may open one database at once.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := openAnyway(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.checkMoving(ctx); err != nil {
		s.pool.Close()
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s, nil
}

// openAnyway also opens a database that a move has not filled yet.
func openAnyway(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Keys == nil {
		return nil, errors.New("open the database: no keyring")
	}
	pool, err := connect(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	s := &Store{pool: pool, keys: cfg.Keys, log: cmp.Or(cfg.Log, slog.Default()), crash: cfg.Crash,
		people: recent.New[bot.ID, *seal.Key](rememberedKeys, keysFor)}
	if err := s.checkMasterKey(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s, nil
}

// connect looks at the server through a first connection, as whoever the URL
// names, then opens the pool, whose connections act as relais_engine.
func connect(ctx context.Context, cfg Config) (*pgxpool.Pool, error) {
	conf, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	first, err := reach(ctx, conf.ConnConfig, cfg)
	if err != nil {
		return nil, err
	}
	defer first.Close(ctx)
	if err := fit(ctx, first); err != nil {
		return nil, err
	}
	if !cfg.NoMigrate {
		if _, _, err := Migrate(ctx, cfg, Newest); err != nil {
			return nil, err
		}
	}
	if err := ready(ctx, first); err != nil {
		return nil, err
	}

	size := int32(cmp.Or(cfg.Pool, 4))
	conf.MinConns, conf.MaxConns = size, size
	conf.HealthCheckPeriod = 5 * time.Second // how soon a pool refills after the server was away
	conf.MaxConnLifetimeJitter = 10 * time.Minute
	conf.AfterConnect = actAsEngine
	return pgxpool.NewWithConfig(ctx, conf)
}

// actAsEngine makes a new connection act as relais_engine, whoever signed in,
// and refuses it when what it acknowledges may be lost: that can be set for a
// role or a database at any time. It costs one round trip.
//
// The time-outs free what an instance or a network that is gone would hold: a
// commit that cannot end, and the locks of a transaction nobody goes on with.
func actAsEngine(ctx context.Context, conn *pgx.Conn) error {
	var d durability
	err := conn.QueryRow(ctx, `
		SELECT `+durabilityColumns+`,
			set_config('default_transaction_isolation', 'read committed', false),
			set_config('statement_timeout', '30s', false),
			set_config('idle_in_transaction_session_timeout', '30s', false),
			set_config('role', 'relais_engine', false),
			`+steadyPlans+` AS steady`, pgx.QueryExecModeSimpleProtocol).
		Scan(append(d.fields(), nil, nil, nil, nil, nil)...)
	if err != nil {
		return fmt.Errorf("act as relais_engine: %w", err)
	}
	return d.check()
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
