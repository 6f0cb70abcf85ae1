package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A server whose log is on a full disk starts again after a crash like any
// other: once the last of its children has ended, here one that is busy for
// two seconds.
func TestAServerThatCannotLogComesBack(t *testing.T) {
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		t.Skip("postgres: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	t.Setenv("TMPDIR", shortDirectory(t))
	s, err := Start(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log := filepath.Join(s.dir, "log")
	remove := func() error { return os.Remove(log) }
	fill := func() error { return os.Symlink("/dev/full", log) }
	for _, step := range []func() error{s.Stop, remove, fill, s.Start} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	busy, err := pgx.Connect(t.Context(), s.URL("postgres").String())
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close(t.Context())
	if _, err := busy.Exec(t.Context(), `DO $$ BEGIN RAISE WARNING 'what the log has no room for'; END $$`); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		busy.Exec(t.Context(), `DO $$ DECLARE late timestamptz := clock_timestamp() + '2s';
			BEGIN WHILE clock_timestamp() < late LOOP END LOOP; END $$`) // with an error or without
	}()
	waitForActive(t, s)
	if err := errors.Join(remove(), s.Kill()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Errorf("not started again: %v", err)
	}
	<-ended
}

// waitForActive waits until a statement of somebody else is under way.
func waitForActive(t *testing.T, s *Server) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL("postgres").String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for active := false; !active; {
		err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %late%'
			AND pid <> pg_backend_pid())`).Scan(&active)
		if err != nil {
			t.Fatal(err)
		}
	}
}
