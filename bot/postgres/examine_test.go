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
	if faults := strings.Join(examine(), ","); faults != "Postgres schema,Postgres roles" {
		t.Errorf("an empty database: faults %s", faults)
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
}

// A server that is away is not waited for: one line says so, without the
// password.
func TestExamineDoesNotWait(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://relais:hush@127.0.0.1:1/none":             "cannot reach the database at 127.0.0.1:1: connect: connection refused",
		"postgres://relais:hush@nowhere..invalid/none":        "cannot reach the database at nowhere..invalid:5432: no such host",
		"postgres://relais:hush@127.0.0.1:1,127.0.0.1:2/none": "cannot reach the database at 127.0.0.1:1: connect: connection refused",
	} {
		findings, err := postgres.Examine(t.Context(), url)
		if err == nil || err.Error() != want {
			t.Errorf("findings %v, %q; want %q", findings, err, want)
		}
	}
}
