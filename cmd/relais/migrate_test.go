package main

import (
	"bytes"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

// A schema that a newer program made is left alone, and told from one that is
// up to date.
func TestMigrateLeavesANewerSchemaAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	migrate := func() string {
		t.Helper()
		var out bytes.Buffer
		config := Config{Database: "sqlite:" + path, Secret: strings.Repeat("5e", 32)}
		err := migrateCommand{To: -1}.Run(&program{ctx: t.Context(), config: config, out: &out, log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	migrate()
	if got := migrate(); got != "nothing to do: the schema is at 2\n" {
		t.Errorf("up to date: %q", got)
	}
	db, err := sql.Open("sqlite", path) // the driver that package sqlite brings
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	if got := migrate(); got != "left alone: the schema is at 99, newer than this program, which knows 2\n" {
		t.Errorf("newer: %q", got)
	}
}
