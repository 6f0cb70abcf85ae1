package sqlite_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/bot/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		path, keys := filepath.Join(t.TempDir(), "relais.db"), keyring(t, 1)
		return storetest.Opened{
			Name: "sqlite",
			Again: func(t *testing.T, crash func(string)) storetest.Store {
				return open(t, sqlite.Config{Path: path, Keys: keys, Crash: crash})
			},
			Raw: func(t *testing.T) []byte { return raw(t, path) },
		}
	})
}

func keyring(t testing.TB, k byte) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring(bytes.Repeat([]byte{k}, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func open(t testing.TB, cfg sqlite.Config) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// raw returns the bytes of the database and of its log. The files stay open
// until the test ends: closing one would drop the locks that SQLite holds on
// it in this process.
func raw(t testing.TB, path string) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{path, path + "-wal"} {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		content, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}
