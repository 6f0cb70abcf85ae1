package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"relais/bot"
)

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "relais.db")
	open(t, Config{Path: path, Keys: keyring(t, 1)})
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestAnyPathWillDo(t *testing.T) {
	for _, name := range []string{"with space.db", "cent%20pour?cent#.db", "été.db"} {
		path := filepath.Join(t.TempDir(), name)
		open(t, Config{Path: path, Keys: keyring(t, 1)})
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s was not used: %v", name, err)
		}
	}
}

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	open(t, Config{Path: path, Keys: keyring(t, 1)})
	if _, err := Open(t.Context(), Config{Path: path, Keys: keyring(t, 2)}); !errors.Is(err, ErrMasterKey) {
		t.Errorf("another key: %v", err)
	}
	open(t, Config{Path: path, Keys: keyring(t, 1)})
}

func TestASchemaForNewerProgramsIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	s := open(t, Config{Path: path, Keys: keyring(t, 1)})
	set := func(level int) {
		err := s.writer.write(t.Context(), save, func(w *tx) error {
			_, err := w.exec(`UPDATE setting SET value = ? WHERE key = 'min_binary'`, level)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	set(binary + 1)
	if _, err := Open(t.Context(), Config{Path: path, Keys: keyring(t, 1)}); !errors.Is(err, ErrTooNew) {
		t.Errorf("needs level %d: %v", binary+1, err)
	}
	set(binary)
	open(t, Config{Path: path, Keys: keyring(t, 1)})
}

func TestMigrationsGoUpAndDown(t *testing.T) {
	cfg := Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1), NoMigrate: true}
	if _, err := Open(t.Context(), cfg); !errors.Is(err, ErrBehind) {
		t.Errorf("an empty database without migrating: %v", err)
	}
	for _, step := range []struct{ to, before, after int64 }{{-1, 0, schema}, {0, schema, 0}, {schema, 0, schema}, {schema, schema, schema}} {
		before, after, err := Migrate(t.Context(), cfg, step.to)
		if err != nil || before != step.before || after != step.after {
			t.Fatalf("to %d: from %d to %d (%v), want from %d to %d", step.to, before, after, err, step.before, step.after)
		}
	}
	open(t, cfg)
}

func TestTwoProcessesMayStartAtTheSameMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	type started struct {
		s   *Store
		err error
	}
	done := make(chan started)
	const n = 4
	for range n {
		go func() {
			s, err := Open(t.Context(), Config{Path: path, Keys: keyring(t, 1)})
			done <- started{s, err}
		}()
	}
	for range n {
		got := <-done
		if got.err != nil {
			t.Error(got.err)
			continue
		}
		t.Cleanup(func() { got.s.Close() })
		if _, err := got.s.Load(t.Context(), bot.Ref{Address: address(1)}); err != nil {
			t.Error(err)
		}
	}
}

func TestABackupIsWholeAndOpens(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Path: filepath.Join(dir, "relais.db"), Keys: keyring(t, 1)})
	turn := newcomer(1)
	if outcomes, err := s.Commit(t.Context(), []*bot.Commit{turn}, nil); err != nil || outcomes[0] != nil {
		t.Fatal(outcomes, err)
	}
	path := filepath.Join(dir, "backup.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); err == nil {
		t.Error("a backup overwrote another")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has mode %v (%v)", info.Mode(), err)
	}
	copied := open(t, Config{Path: path, Keys: keyring(t, 1)})
	lines, err := copied.History(t.Context(), bot.HistoryQuery{Conversation: turn.Conversation.ID})
	if err != nil || len(lines) != len(turn.Lines) {
		t.Errorf("the backup holds %d lines (%v), want %d", len(lines), err, len(turn.Lines))
	}
}

// A migration that fails half-way leaves nothing of itself, and says what is
// left.
func TestABrokenMigrationIsUndone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	open(t, Config{Path: path, Keys: keyring(t, 1)})
	files := fstest.MapFS{
		"00003_good.sql":   {Data: []byte("-- Good.\n-- +goose Up\nCREATE TABLE good (n);\n-- +goose Down\nDROP TABLE good;\n")},
		"00004_broken.sql": {Data: []byte("-- Broken.\n-- +goose Up\nCREATE TABLE half (n);\nINSERT INTO nowhere VALUES (1);\n-- +goose Down\n")},
	}
	names, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = &fstest.MapFile{Data: text}
	}
	w, err := newWriter(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	err = migrateFrom(t.Context(), w.db, files, Newest, 4)
	if err == nil || !strings.Contains(err.Error(), "00004_broken.sql was rolled back, the schema is at 3") || strings.Contains(err.Error(), "\n") {
		t.Errorf("it says %v", err)
	}
	var good, half int
	if err := w.db.QueryRow(`SELECT count(*) FILTER (WHERE name = 'good'), count(*) FILTER (WHERE name = 'half') FROM sqlite_schema`).Scan(&good, &half); err != nil {
		t.Fatal(err)
	}
	if good != 1 || half != 0 {
		t.Errorf("%d tables of the good one, %d of the broken one", good, half)
	}
}
