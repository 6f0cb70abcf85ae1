package sqlite

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"relais/bot/seal"
	"relais/bot/storetest"
)

func TestStore(t *testing.T) {
	statements := make(map[string]bool)
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		path, keys := filepath.Join(t.TempDir(), "relais.db"), keyring(t, 1)
		return storetest.Opened{
			Name: "sqlite",
			Again: func(t *testing.T, crash func(string)) storetest.Store {
				s := open(t, Config{Path: path, Keys: keys, Crash: crash})
				t.Cleanup(func() { remember(s, statements) })
				return s
			},
			Raw: func(t *testing.T) []byte { return raw(t, path) },
		}
	})
	t.Run("every statement uses an index", func(t *testing.T) { explain(t, statements) })
}

// remember keeps the text of every statement a store has prepared.
func remember(s *Store, statements map[string]bool) {
	for query := range s.reader.prepared {
		statements[query] = true
	}
	for _, session := range []*session{s.writer.session, s.reader.look} {
		if session == nil {
			continue
		}
		for query := range session.prepared {
			statements[query] = true
		}
	}
}

// scans are the statements that may read a whole table: administration, and
// erasure and purges, which would else cost every commit an index.
var scans = []string{
	`FROM adviser a ORDER BY`,
	`FROM conversation WHERE step <> '' GROUP BY step`,
	`FROM setting t, setting g`,
	`DELETE FROM job WHERE conversation`,
	`SELECT key, conversation FROM job`,
	`DELETE FROM tombstone`,
	`FROM current`,
	`count(*), min(since) FROM conversation`, // along an index that holds only who waits
}

// explain fails for each statement that reads a whole table.
func explain(t *testing.T, statements map[string]bool) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	if len(statements) < 50 {
		t.Fatalf("only %d statements were remembered", len(statements))
	}
	explained := 0
	for query := range statements {
		if slices.ContainsFunc(scans, func(part string) bool { return strings.Contains(query, part) }) {
			continue
		}
		if slices.Contains([]string{"BEGIN", "COMMI", "ROLLB", "SAVEP", "RELEA"}, query[:5]) {
			continue
		}
		explained++
		rows, err := s.reader.db.Query(`EXPLAIN QUERY PLAN `+query, make([]any, 100)...)
		if err != nil {
			t.Fatalf("%v:\n%s", err, query)
		}
		var step string
		if err := drain(rows, func(row scanner) error {
			err := row.Scan(new(int), new(int), new(int), &step)
			if table, found := strings.CutPrefix(step, "SCAN "); found && !strings.Contains(table, "CONSTANT ROW") && !strings.Contains(table, "VALUES CLAUSE") && !strings.HasPrefix(table, "json_each") &&
				!strings.Contains(table, "subquery") && table != "lanes" {
				t.Errorf("reads a whole table (%s):\n%s", step, query)
			}
			return err
		}); err != nil {
			t.Errorf("%v:\n%s", err, query)
		}
	}
	t.Logf("%d statements explained", explained)
}

func keyring(t testing.TB, k byte) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring(bytes.Repeat([]byte{k}, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func open(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
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
