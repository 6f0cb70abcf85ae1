package postgres

import (
	"bytes"
	"flag"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"

	"relais/bot/postgres"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/bot/storetest"
	"relais/test/pgtest"
)

// sequences are how many are played, unless -rapid.checks asks for more: each
// has some thirty steps, after each of which everything is read.
const sequences = 25

// TestBothStoresAnswerTheSame plays random sequences on both stores at once.
func TestBothStoresAnswerTheSame(t *testing.T) {
	pgtest.Start(t) // skips it, and says so, when there is no Postgres
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", strconv.Itoa(sequences)); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Compare(t, func(t *testing.T) (one, two storetest.Store) {
		return onSQLite(t), onPostgres(t, pgtest.Start(t))
	})
}

func onSQLite(t *testing.T) storetest.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func onPostgres(t *testing.T, url string) storetest.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Keys: keyring(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keyring(t *testing.T) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring(bytes.Repeat([]byte{1}, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
