package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	modernc "modernc.org/sqlite"

	"relais/bot"
	"relais/bot/recent"
	"relais/bot/seal"
)

// Config says where the database is and how it is sealed.
type Config struct {
	Path string        // of the file; created with its directory, for its owner only
	Keys *seal.Keyring // the same at every start

	// NoMigrate refuses a schema that is behind instead of bringing it up to
	// date.
	NoMigrate bool

	// Crash is called at each commit boundary with its name, for tests that
	// stop the program there: "commit:before", "commit:written" (the rows are
	// written, COMMIT is not) and "commit:after"; "claim:…" when jobs are
	// claimed or renewed, "save:…" for the rest. Defaults to nothing.
	Crash func(point string)
}

// Faults of a database that Open refuses.
var (
	ErrMasterKey = errors.New("the database was sealed under another master key")
	ErrTooNew    = errors.New("the database needs a newer program")
	ErrBehind    = errors.New("the database has an older schema: run the migrations")
	// ErrMoved: all of it went to another store, which has gone on since.
	ErrMoved = errors.New("the store in this file was moved to Postgres")
)

// Store is an open database. It is safe for use by several goroutines.
type Store struct {
	path   string
	keys   *seal.Keyring
	writer *writer
	reader *reader
	copier *checkpointer
	people *holders
}

// holders are the keys used lately, by conversation: only those of people that
// are there for good.
type holders = recent.Cache[bot.ID, holder]

// holder is a person and their key, opened.
type holder struct {
	person bot.ID
	key    *seal.Key
}

// key opens a person's key that was read, unless it is remembered, and has it
// remembered.
func (s *Store) key(from source, conversation, person bot.ID, wrapped []byte) (*seal.Key, error) {
	if who, ok := s.people.Get(conversation); ok && who.person == person {
		return who.key, nil
	}
	key, err := s.keys.Unwrap(wrapped, person)
	if err == nil {
		from.remember(s.people, conversation, holder{person, key})
	}
	return key, err
}

// How many keys are remembered, and for how long after their last use.
const (
	remembered    = 16_384
	rememberedFor = 5 * time.Minute
)

var (
	_ bot.Store = (*Store)(nil)
	_ bot.Desk  = (*Store)(nil)
)

// Open opens the database, brings its schema up to date, and checks that it
// was sealed under the same master key. One that was moved is refused.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Keys == nil {
		return nil, errors.New("open the database: no keys given")
	}
	if err := create(cfg.Path); err != nil {
		return nil, fmt.Errorf("create the database: %w", err)
	}
	w, err := newWriter(cfg.Path, cfg.Crash)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := prepare(ctx, w, cfg); err != nil {
		return nil, errors.Join(err, w.close())
	}
	r, err := newReader(ctx, cfg.Path, max(2, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database for reading: %w", err), w.close())
	}
	c, err := newCheckpointer(cfg.Path, w)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), r.close(), w.close())
	}
	return &Store{
		path: cfg.Path, keys: cfg.Keys, writer: w, reader: r, copier: c,
		people: recent.New[bot.ID, holder](remembered, rememberedFor),
	}, nil
}

// Sealed tells whether a database was sealed under a master key, without which
// nothing of it can be read. One that is not there, and one that no server has
// opened yet, are not.
func Sealed(ctx context.Context, path string) (sealed bool, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	db, err := connect(path, 1, url.Values{"mode": {"rw"}, "_query_only": {"1"}, "_busy_timeout": {"5000"}})
	if err != nil {
		return false, fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	at, err := schemaOf(ctx, db)
	if err != nil || at == 0 {
		return false, err
	}
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM setting WHERE key = 'master_key')`).Scan(&sealed)
	if err != nil {
		return false, fmt.Errorf("read whether the database is sealed: %w", err)
	}
	return sealed, nil
}

// Close closes the database. Nothing may be under way.
func (s *Store) Close() error {
	return errors.Join(s.copier.close(), s.reader.close(), s.writer.close())
}

// prepare checks what Open promises before anything else reads.
func prepare(ctx context.Context, w *writer, cfg Config) error {
	if err := settle(ctx, w.db); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if err := upToDate(ctx, w.db, !cfg.NoMigrate); err != nil {
		return err
	}
	return w.write(ctx, save, func(t *tx) error {
		if err := t.claimFor(cfg.Keys.Fingerprint()); err != nil {
			return err
		}
		return t.checkMoved(cfg.Path)
	})
}

// checkMoved refuses a database that was moved, and says what to do.
func (t *tx) checkMoved(path string) error {
	moved, err := movedAt(t.row(askMoved))
	if err != nil || moved.IsZero() {
		return err
	}
	return fmt.Errorf("%w (the move began on %s): set RELAIS_DATABASE_URL to the new database (to use the file again all the same: relais move --undo --from sqlite:%s)",
		ErrMoved, moved.Format(time.DateTime+" MST"), path)
}

// claimFor notes the master key's fingerprint at the first start, and compares
// it at every other.
func (t *tx) claimFor(fingerprint string) error {
	var known string
	err := t.row(`SELECT value FROM setting WHERE key = 'master_key'`).Scan(&known)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = t.exec(`INSERT INTO setting (key, value) VALUES ('master_key', ?)`, fingerprint)
		return err
	case err != nil:
		return fmt.Errorf("read the master key's fingerprint: %w", err)
	case known != fingerprint:
		return ErrMasterKey
	}
	return nil
}

// create makes the directory and an empty file, readable by their owner only.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return createFile(path)
}

// createFile makes an empty file. One that is there is not even opened: closing
// it would drop the locks that another connection of this process holds.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// connect opens a pool of at most n connections, all kept.
func connect(path string, n int, parameters url.Values) (*sql.DB, error) {
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + parameters.Encode()
	connector, err := modernc.NewConnector(name)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}
