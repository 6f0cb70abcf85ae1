package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"relais/bot/postgres"
	"relais/test/pgtest"
)

func TestInstancesThatStartTogetherMigrateOnce(t *testing.T) {
	url := pgtest.Start(t)
	var starting errgroup.Group
	for range 4 {
		starting.Go(func() error {
			s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Keys: keyring(t, 1), Pool: 1})
			if err != nil {
				return err
			}
			return s.Close()
		})
	}
	if err := starting.Wait(); err != nil {
		t.Fatal(err)
	}
}

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

func TestOpenToldNotToMigrate(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), NoMigrate: true}
	if _, err := postgres.Open(t.Context(), cfg); !errors.Is(err, postgres.ErrBehind) {
		t.Fatalf("an empty database: %v, want %v", err, postgres.ErrBehind)
	}
	if err := postgres.Migrate(t.Context(), cfg.URL, postgres.Newest); err != nil {
		t.Fatal(err)
	}
	open(t, cfg)
}

func TestMigrateDownAndUpAgain(t *testing.T) {
	url := pgtest.Start(t)
	for _, to := range []int64{postgres.Newest, 0, postgres.Newest} {
		if err := postgres.Migrate(t.Context(), url, to); err != nil {
			t.Fatalf("to %d: %v", to, err)
		}
	}
	open(t, postgres.Config{URL: url, Keys: keyring(t, 1), NoMigrate: true})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, url := range []string{"", "postgres://relais:hush@127.0.0.1:1/none", "postgres://relais:hush@127.0.0.1:port/x"} {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: url, Keys: keyring(t, 1)})
		if err == nil {
			t.Fatalf("opened %q", url)
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	if _, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Start(t)}); err == nil {
		t.Error("opened without a keyring")
	}
}

// Every commit has a crash point before and after it: there is one call in the
// package, and it stands between two points.
func TestEachCommitSitsBetweenCrashPoints(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	between := regexp.MustCompile(`s\.crash\(what \+ ":written"\)\s+if err := tx\.Commit\(ctx\); err != nil \{\s+return err\s+\}\s+s\.crash\(what \+ ":after"\)`)
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

func execute(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
