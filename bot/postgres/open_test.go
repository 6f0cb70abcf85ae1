package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"relais/bot"
	"relais/bot/postgres"
	"relais/test/pgtest"
)

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  string // SQL on a database that was opened once
		change func(*postgres.Config)
		want   error
	}{
		{"another master key", ``, func(c *postgres.Config) { c.Keys = keyring(t, 2) }, postgres.ErrMasterKey},
		{"a schema for newer programs", `UPDATE setting SET number = 2 WHERE key = 'min_binary'`, nil, postgres.ErrNewer},
		{"a database that may lose commits", `DO $$ BEGIN
			EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`, nil, postgres.ErrNotDurable},
		{"a login that may lose commits", `DO $$ BEGIN
			EXECUTE format('ALTER ROLE %I IN DATABASE %I SET synchronous_commit = off', session_user, current_database()); END $$`,
			nil, postgres.ErrNotDurable},
		{"a table that shows a reader everything", `ALTER TABLE line NO FORCE ROW LEVEL SECURITY`, nil, postgres.ErrRoles},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1)}
			open(t, cfg)
			execute(t, cfg.URL, c.spoil)
			if c.change != nil {
				c.change(&cfg)
			}
			if _, err := postgres.Open(t.Context(), cfg); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// What makes a server forget can be set while we run: new connections are
// refused then, and serve again once it is put right.
func TestAnOpenStoreRefusesConnectionsThatForget(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), Pool: 1}
	s := open(t, cfg)
	turn := func(event string) (err error) {
		for range cfg.Pool + 1 { // the first finds the dead connection
			if err = talk(t.Context(), s, []bot.Address{number(1)}, event); err == nil {
				return nil
			}
		}
		return err
	}
	set := func(synchronous string) {
		execute(t, cfg.URL, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = `+synchronous+`', current_database()); END $$;
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
	set("off")
	if err := turn("while off"); !errors.Is(err, postgres.ErrNotDurable) {
		t.Errorf("a turn: %v, want %v", err, postgres.ErrNotDurable)
	}
	set("on")
	if err := turn("on again"); err != nil {
		t.Error(err)
	}
}

func TestOpenNeedsAKeyring(t *testing.T) {
	if _, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Start(t)}); err == nil {
		t.Error("opened without a keyring")
	}
}

// With a crash hook every commit has a point before and after it: there is one
// call in the package, and it stands between two points.
func TestEachCommitSitsBetweenCrashPoints(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	between := regexp.MustCompile(`s\.passes\(what \+ ":written"\)\s+if err := tx\.Commit\(ctx\); err != nil \{\s+return err\s+\}\s+s\.passes\(what \+ ":after"\)`)
	calls, pairs := 0, 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		calls += len(regexp.MustCompile(`\.Commit\(ctx`).FindAll(source, -1))
		pairs += len(between.FindAll(source, -1))
	}
	if calls != 1 || pairs != 1 {
		t.Errorf("%d calls of Commit, %d between crash points; want one, there", calls, pairs)
	}
}

func execute(t testing.TB, url, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // also when the test ends
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}
