package postgres_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"relais/bot/postgres"
	"relais/bot/seal"
	"relais/bot/storetest"
	"relais/test/pgtest"
)

func TestStore(t *testing.T) {
	pgtest.Start(t) // skips it all, and says so, when there is no Postgres
	statements := make(map[string]bool)
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		url, keys := pgtest.Start(t), keyring(t, 1)
		return storetest.Opened{
			Name: "postgres",
			Again: func(t *testing.T, crash func(string)) storetest.Store {
				s := open(t, postgres.Config{URL: url, Keys: keys, Crash: crash})
				t.Cleanup(func() { remember(t, s, statements) })
				return s
			},
			Raw: func(t *testing.T) []byte { return everything(t, url) },
		}
	})
	t.Run("every statement uses an index", func(t *testing.T) { explain(t, statements) })
}

func keyring(t testing.TB, k byte) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring(bytes.Repeat([]byte{k}, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func open(t testing.TB, cfg postgres.Config) *postgres.Store {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	s, err := postgres.Open(t.Context(), cfg)
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

// everything is every row of every table as text, with binary values as they
// are, so that a text in clear inside them shows.
func everything(t *testing.T, url string) []byte {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `SET bytea_output = 'escape'`); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, table := range tables {
		rows, err := conn.Query(t.Context(), fmt.Sprintf(`SELECT t::text FROM %s t`, pgx.Identifier{table}.Sanitize()))
		if err != nil {
			t.Fatal(err)
		}
		values, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			fmt.Fprintln(&all, table, v)
		}
	}
	return all.Bytes()
}
