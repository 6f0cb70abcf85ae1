package postgres_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"relais/bot"
	"relais/bot/postgres"
	"relais/test/pgtest"
)

func TestOpenToldNotToMigrate(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), NoMigrate: true}
	refuses(t, cfg, postgres.ErrBehind, "it is empty")
	if _, _, err := postgres.Migrate(t.Context(), cfg, 1); err != nil {
		t.Fatal(err)
	}
	refuses(t, cfg, postgres.ErrBehind, fmt.Sprintf("schema 1, this program needs %d", postgres.Newest))
	if _, _, err := postgres.Migrate(t.Context(), cfg, -1); err != nil {
		t.Fatal(err)
	}
	open(t, cfg)
}

func TestMigrateTellsFromWhereToWhere(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), NoMigrate: true}
	at := int64(0)
	for _, to := range []int64{postgres.Newest, postgres.Newest, 1, postgres.Newest, 0, 1, postgres.Newest} {
		before, after, err := postgres.Migrate(t.Context(), cfg, to)
		if err != nil || before != at || after != to {
			t.Fatalf("to %d: from %d to %d (%v), want from %d", to, before, after, err, at)
		}
		at = to
	}
	open(t, cfg)
}

func TestInstancesThatStartTogetherMigrateOnce(t *testing.T) {
	url := pgtest.Start(t)
	var starting errgroup.Group
	for range 4 {
		starting.Go(func() error {
			s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Keys: keyring(t, 1), Pool: 1, Log: slog.New(slog.DiscardHandler)})
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

// Roles belong to the cluster: databases that come up together on a new one
// make them once. An owner who may not make them is told what to ask for.
func TestRolesOfANewCluster(t *testing.T) {
	private := pgtest.StartPrivate(t)
	admin := private.URL("postgres")
	execute(t, admin, `CREATE ROLE small LOGIN; CREATE ROLE maker LOGIN CREATEROLE`)
	execute(t, admin, `CREATE DATABASE small OWNER small`)
	refuses(t, postgres.Config{URL: as(t, private.URL("small"), "small"), Keys: keyring(t, 1)}, nil,
		"00002_roles.sql was rolled back, the schema is at 1: the role small may not make the roles it needs; let a superuser run: "+
			"CREATE ROLE relais_engine NOLOGIN; CREATE ROLE relais_desk NOLOGIN; GRANT relais_engine, relais_desk TO small")

	var starting errgroup.Group
	for k := range 4 {
		name := fmt.Sprint("d", k)
		execute(t, admin, `CREATE DATABASE `+name+` OWNER maker`)
		starting.Go(func() error {
			_, _, err := postgres.Migrate(t.Context(), postgres.Config{URL: as(t, private.URL(name), "maker")}, -1)
			return err
		})
	}
	if err := starting.Wait(); err != nil {
		t.Fatal(err)
	}
	open(t, postgres.Config{URL: as(t, private.URL("d0"), "maker"), Keys: keyring(t, 1)})
}

// A migration that fails half-way leaves nothing of itself, and says what is
// left.
func TestABrokenMigrationIsUndone(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1)}
	s := open(t, cfg)
	files := realMigrations(t)
	good, broken := int64(postgres.Newest+1), int64(postgres.Newest+2)
	files[fmt.Sprintf("%05d_good.sql", good)] = &fstest.MapFile{Data: []byte("-- Good.\n-- +goose Up\nCREATE TABLE good (n int);\n-- +goose Down\nDROP TABLE good;\n")}
	files[fmt.Sprintf("%05d_broken.sql", broken)] = &fstest.MapFile{Data: []byte("-- Broken.\n-- +goose Up\nCREATE TABLE half (n int);\nINSERT INTO conversation (id) VALUES (NULL);\n-- +goose Down\n")}
	before, after, err := postgres.MigrateFrom(t.Context(), cfg, files, broken)
	if err == nil || before != postgres.Newest || after != good {
		t.Fatalf("from %d to %d, error %v", before, after, err)
	}
	if text := err.Error(); !strings.Contains(text, fmt.Sprintf("%05d_broken.sql was rolled back, the schema is at %d", broken, good)) || strings.Contains(text, "\n") {
		t.Errorf("it says %q", text)
	}
	found := strings.Join(tablesOf(t, cfg.URL), " ")
	if strings.Contains(found, "half") || !strings.Contains(found, "good") {
		t.Errorf("tables %s", found)
	}
	if err := talk(t.Context(), s, []bot.Address{number(1)}, "after"); err != nil {
		t.Errorf("a turn afterwards: %v", err)
	}
}

// Whoever reads a table for long, a backup for instance, delays a migration and
// does not make it fail; turns go on in between.
func TestAMigrationWaitsForALongReader(t *testing.T) {
	url := pgtest.Start(t)
	if _, _, err := postgres.Migrate(t.Context(), postgres.Config{URL: url}, 1); err != nil {
		t.Fatal(err)
	}
	reader, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(t.Context())
	if _, err := reader.Exec(t.Context(), `BEGIN; SELECT count(*) FROM conversation`); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	migrated := make(chan error, 1)
	go func() {
		_, _, err := postgres.Migrate(t.Context(), postgres.Config{URL: url, Log: slog.New(lineHandler{lines})}, -1)
		migrated <- err
	}()
	select {
	case line := <-lines:
		if !strings.Contains(line, "trying again") {
			t.Errorf("it says %q", line)
		}
	case err := <-migrated:
		t.Fatalf("it did not wait: %v", err)
	}
	if _, err := reader.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
}

// A newer schema that still serves this program is used, and left alone.
func TestANewerSchemaThatServesUs(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1)}
	open(t, cfg)
	execute(t, cfg.URL, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
	if err := talk(t.Context(), open(t, cfg), []bot.Address{number(1)}, "newer"); err != nil {
		t.Error(err)
	}
	if before, after, err := postgres.Migrate(t.Context(), cfg, -1); err != nil || before != 99 || after != 99 {
		t.Errorf("from %d to %d (%v), want it left at 99", before, after, err)
	}
}

// What the first release writes, as the owner of the tables and with the
// columns it knows, works on this schema, and is read by this one.
func TestTheFirstReleaseGoesOnBesideUs(t *testing.T) {
	admin := pgtest.Start(t)
	open(t, postgres.Config{URL: admin, Keys: keyring(t, 1)}) // makes the roles
	if _, _, err := postgres.Migrate(t.Context(), postgres.Config{URL: admin}, 0); err != nil {
		t.Fatal(err)
	}
	owner := loginRole(t, admin)
	execute(t, admin, `GRANT ALL ON SCHEMA public TO `+owner.name+` WITH GRANT OPTION;
		GRANT relais_engine, relais_desk TO `+owner.name+`; DROP TABLE goose_db_version`)
	if _, _, err := postgres.Migrate(t.Context(), postgres.Config{URL: owner.url}, -1); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO person (id, key, created) VALUES ('01000000-0000-0000-0000-000000000001', '\x00', '2026-03-02')`,
		`INSERT INTO conversation (id, person, version, state, created, heard, lang, channel, n, epoch, step, owner_kind, owner_org,
			owner_team, owner_adviser, handoff, reason, urgent, crisis, since, waiting, deadline, booked)
			VALUES ('02000000-0000-0000-0000-000000000001', '01000000-0000-0000-0000-000000000001', 1, '\x00', '2026-03-02', '2026-03-02',
			'fr', 'sms', 1, 0, 'a/b', 'queue', 'a', 't', '', NULL, 'r', false, false, NULL, NULL, NULL, 0)`,
		`INSERT INTO thread (id, hash, conversation, person, channel, address) VALUES ('03000000-0000-0000-0000-000000000001', '\x01',
			'02000000-0000-0000-0000-000000000001', '01000000-0000-0000-0000-000000000001', 'sms', '\x00')`,
		`INSERT INTO line (conversation, n, thread, seq, from_, adviser, audience, org, at, key, epoch, lane, class, delivery, provider,
			error, segments, body) VALUES ('02000000-0000-0000-0000-000000000001', 1, '03000000-0000-0000-0000-000000000001', 1, 'person',
			'', 'all', '', '2026-03-02', '', 0, 2, 'said', 0, '', 0, 0, '\x00')`,
		`INSERT INTO job (key, kind, lane, due, conversation, thread, subject, revision) VALUES ('k', 'deliver', 1, '2026-03-02',
			'02000000-0000-0000-0000-000000000001', NULL, '', 0) ON CONFLICT (key) DO UPDATE SET due = excluded.due, serial = job.serial + 1`,
		`UPDATE job SET token = nextval('lease'), lease_until = '2026-03-03' WHERE key = 'k'`,
		`INSERT INTO handoff (id, conversation, state, org, team, reason, urgent, asked_by, flow, step, since, deadline, waiting, missed,
			acknowledged, alerts, asked, adviser, outcome, ended) VALUES ('04000000-0000-0000-0000-000000000001',
			'02000000-0000-0000-0000-000000000001', 'offered', 'a', 't', 'r', false, 'person', 'f', 's', '2026-03-02', NULL, NULL, 0, false, 0, 0,
			'', '', NULL)`,
		`INSERT INTO item (id, conversation, kind, org, team, subject, reason, text, at, deadline) VALUES
			('05000000-0000-0000-0000-000000000001', '02000000-0000-0000-0000-000000000001', 'call', 'b', 't', '', '', '\x00', '2026-03-02', NULL)`,
		`UPDATE conversation SET version = 2, owner_kind = 'assistant', owner_org = '', owner_team = '' WHERE version = 1`,
	} {
		execute(t, owner.url, statement)
	}
	seen := countAs(t, admin, "a")
	if seen["conversation"] != 1 || seen["line"] != 1 || seen["item"] != 0 || seen["person"] != 1 {
		t.Errorf("a, whom the conversation was handed to, sees %v", seen)
	}
	seen = countAs(t, admin, "b")
	if seen["conversation"] != 0 || seen["item"] != 1 || seen["person"] != 1 {
		t.Errorf("b, who has an item, sees %v", seen)
	}
	count := func(url, table string) (n int) {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, table := range []string{"person", "conversation", "thread", "line", "job", "handoff", "item"} {
		if count(owner.url, table) != 1 {
			t.Errorf("the owner does not see the row of %s", table)
		}
	}
}

// Times are the program's: a database whose clock is wrong must not matter, so
// no statement asks it.
func TestNoStatementAsksForTheTime(t *testing.T) {
	asks := regexp.MustCompile(`(?i)[^.\w]now\(\)|\b(current_(timestamp|date|time)|local(time|timestamp)|(clock|statement|transaction)_timestamp|timeofday)\b`)
	for _, pattern := range []string{"*.go", "migrations/*.sql"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files (%v)", pattern, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if found := asks.Find(text); found != nil {
				t.Errorf("%s asks the database for the time: %s", file, found)
			}
		}
	}
}

// realMigrations are the program's own files.
func realMigrations(t *testing.T) fstest.MapFS {
	t.Helper()
	names, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = &fstest.MapFile{Data: text}
	}
	return files
}
