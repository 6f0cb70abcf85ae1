package postgres_test

import (
	"strings"
	"testing"

	"relais/bot/postgres"
	"relais/test/pgtest"
)

func TestExamine(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1)}
	examine := func() (faults []string) {
		t.Helper()
		findings, err := postgres.Examine(t.Context(), cfg.URL)
		if err != nil || len(findings) != 6 {
			t.Fatalf("findings %v (%v)", findings, err)
		}
		for _, f := range findings {
			if f.What == "" || f.Detail == "" || strings.Contains(f.Detail, "\n") {
				t.Errorf("finding %+v", f)
			}
			if !f.OK {
				faults = append(faults, f.What)
			}
		}
		return faults
	}
	if faults := examine(); !strings.Contains(strings.Join(faults, ","), "Postgres schema") {
		t.Errorf("an empty database: faults %v", faults)
	}
	if found := tablesOf(t, cfg.URL); len(found) != 0 {
		t.Errorf("looking changed the database: %v", found)
	}
	open(t, cfg)
	if faults := examine(); len(faults) != 0 {
		t.Errorf("a good database: faults %v", faults)
	}
	execute(t, cfg.URL, `ALTER TABLE line DISABLE ROW LEVEL SECURITY; DO $$ BEGIN
		EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`)
	if got := strings.Join(examine(), ","); got != "Postgres durability,Postgres roles" {
		t.Errorf("faults %s", got)
	}
	if _, err := postgres.Examine(t.Context(), "postgres://relais:hush@127.0.0.1:1/none"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("nobody there: %v", err)
	}
}
