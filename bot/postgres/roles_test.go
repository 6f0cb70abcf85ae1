package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"relais/bot"
	"relais/bot/postgres"
	"relais/bot/storetest"
	"relais/test/pgtest"
)

// The wall behind the queries: whatever somebody who reads for an organisation
// asks, of any table, another organisation's rows are not even counted.
func TestTheDeskRoleSeesOneOrganisation(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1)}
	s := open(t, cfg)
	execute(t, cfg.URL, `INSERT INTO tombstone (hash, until) VALUES ('\x01', '2026-03-02')`)
	storetest.Plant(t, s, number(1), "a")
	before := countAs(t, cfg.URL, "a")
	for _, table := range []string{"conversation", "person", "thread", "line", "answer", "handoff", "item", "adviser"} {
		if before[table] == 0 {
			t.Errorf("a sees none of its own %s", table)
		}
	}
	for k := range 3 {
		storetest.Plant(t, s, number(10+k), "b")
		storetest.Plant(t, s, number(20+k), "ab")
	}
	if after := countAs(t, cfg.URL, "a"); !maps.Equal(after, before) {
		t.Errorf("others' rows changed what a counts:\n%v\n%v", before, after)
	}
	for _, nobody := range []string{"", "c", "%"} {
		for table, n := range countAs(t, cfg.URL, nobody) {
			if n != 0 {
				t.Errorf("organisation %q counts %d rows of %s", nobody, n, table)
			}
		}
	}
}

// countAs counts every table as relais_desk for an organisation; tables that
// the role may not read are left out.
func countAs(t *testing.T, url, organisation string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range tablesOf(t, url) {
		err := asRole(t, url, "relais_desk", organisation, func(tx pgx.Tx) error {
			var n int
			err := tx.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n)
			if err == nil {
				counts[table] = n
			}
			return err
		})
		if err != nil && !denied(err) {
			t.Fatalf("count %s: %v", table, err)
		}
	}
	return counts
}

// What a policy lets through is still only what its role may do.
func TestRolesMayDoNoMoreThanTheyNeed(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1)}
	storetest.Plant(t, open(t, cfg), number(1), "a")
	execute(t, cfg.URL, `INSERT INTO audit (at, actor, action, detail) VALUES ('2026-03-02', 'a', 'b', 'c')`)
	forbidden := map[string][]string{
		"relais_engine": {
			`UPDATE audit SET actor = 'x'`, `TRUNCATE audit`, `DELETE FROM audit`, `DROP TABLE audit`,
			`ALTER TABLE audit DISABLE TRIGGER ALL`, `ALTER TABLE line DISABLE ROW LEVEL SECURITY`,
			`UPDATE goose_db_version SET version_id = 0`, `UPDATE version SET hash = ''`, `DELETE FROM version`, `CREATE TABLE mine (n int)`, `TRUNCATE line`,
		},
		"relais_desk": {
			`SELECT hash FROM thread`, `SELECT password FROM adviser`, `SELECT email FROM adviser`,
			`SELECT * FROM session`, `SELECT * FROM job`, `SELECT * FROM opt_out`, `SELECT * FROM audit`, `SELECT * FROM setting`,
			`SELECT * FROM appointment`, `SELECT nextval('lease')`, `SELECT id FROM conversation FOR UPDATE`, `CREATE TABLE mine (n int)`,
		},
	}
	for _, table := range tablesOf(t, cfg.URL) {
		forbidden["relais_desk"] = append(forbidden["relais_desk"], `DELETE FROM `+table, `TRUNCATE `+table, `INSERT INTO `+table+` DEFAULT VALUES`)
	}
	for role, statements := range forbidden {
		for _, statement := range statements {
			err := asRole(t, cfg.URL, role, "a", func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), statement)
				return err
			})
			if !denied(err) && !strings.Contains(fmt.Sprint(err), "the journal keeps") {
				t.Errorf("%s: %s: %v, want it refused", role, statement, err)
			}
		}
	}
}

// One connection serves turns and desks of both organisations in turn: what
// one reader may see never stays for the next, not even after a failed read.
func TestAConnectionNeverKeepsAReader(t *testing.T) {
	cfg := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), Pool: 1}
	s := open(t, cfg)
	ids := map[string]bot.ID{"a": storetest.Plant(t, s, number(1), "a"), "b": storetest.Plant(t, s, number(2), "b")}
	engine := func(after string) {
		t.Helper()
		var role, organisation, adviser string
		var all int
		err := postgres.PoolOf(s).QueryRow(t.Context(), `
			SELECT current_user, coalesce(current_setting('relais.organisation', true), ''),
				coalesce(current_setting('relais.adviser', true), ''), (SELECT count(*) FROM conversation)`).
			Scan(&role, &organisation, &adviser, &all)
		if err != nil || role != "relais_engine" || organisation != "" || adviser != "" || all != len(ids) {
			t.Fatalf("after %s: role %s, organisation %q, adviser %q, %d conversations (%v)", after, role, organisation, adviser, all, err)
		}
	}
	read := func(organisation, of string) error {
		_, err := s.Read(t.Context(), bot.Viewer{Organisation: organisation, Adviser: "ad"}, ids[of], 0, 10)
		return err
	}
	for round := range 5 {
		for _, organisation := range slices.Sorted(maps.Keys(ids)) {
			other := map[string]string{"a": "b", "b": "a"}[organisation]
			if err := read(organisation, organisation); err != nil {
				t.Fatalf("%s reads its own: %v", organisation, err)
			}
			engine("a read")
			if err := read(organisation, other); !errors.Is(err, bot.ErrNotFound) {
				t.Fatalf("%s reads %s's: %v", organisation, other, err)
			}
			engine("a refused read")
			if err := talk(t.Context(), s, []bot.Address{number(1), number(2)}, fmt.Sprint(organisation, round)); err != nil {
				t.Fatal(err)
			}
			if err := read("\x00", organisation); err == nil {
				t.Fatal("the server took U+0000")
			}
			engine("a failed read")
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			s.Inbox(gone, bot.Viewer{Organisation: organisation}, 10)
			engine("an abandoned read")
		}
	}
}

// Whatever an adviser's page asks for is one round trip.
func TestADeskReadsInOneRoundTrip(t *testing.T) {
	through := count(t, pgtest.Start(t))
	s := open(t, postgres.Config{URL: through.url, Keys: keyring(t, 1), Pool: 1})
	id, v := storetest.Plant(t, s, number(1), "a"), bot.Viewer{Organisation: "a"}
	for name, read := range map[string]func() error{
		"inbox": func() error { _, err := s.Inbox(t.Context(), v, 10); return err },
		"items": func() error { _, err := s.Items(t.Context(), v, 10); return err },
		"lines": func() error { _, err := s.Read(t.Context(), v, id, 0, 10); return err },
		"file":  func() error { _, err := s.File(t.Context(), v, id); return err },
	} {
		var before int64
		for range 2 { // the first time prepares the statements
			before = through.trips.Load()
			if err := read(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if got := through.trips.Load() - before; got != 1 {
			t.Errorf("%s: %d round trips, want 1", name, got)
		}
	}
}

// A login that owns nothing and is no superuser serves: only migrations need
// the owner.
func TestOwnerAndLoginApart(t *testing.T) {
	url := pgtest.Start(t)
	owner, login := loginRole(t, url), loginRole(t, url)
	execute(t, url, `GRANT ALL ON SCHEMA public TO `+owner.name)
	cfg := postgres.Config{URL: login.url, OwnerURL: owner.url, Keys: keyring(t, 1)}

	refuses(t, cfg, nil, "let a superuser run: CREATE ROLE relais_engine NOLOGIN; CREATE ROLE relais_desk NOLOGIN; "+
		"GRANT relais_engine, relais_desk TO "+owner.name)
	execute(t, url, `GRANT relais_engine, relais_desk TO `+owner.name)
	refuses(t, cfg, nil, "let the owner of the schema run: GRANT USAGE ON SCHEMA public TO relais_engine, relais_desk")
	execute(t, url, `GRANT USAGE ON SCHEMA public TO relais_engine, relais_desk`)
	refuses(t, cfg, postgres.ErrRoles, "GRANT relais_engine, relais_desk TO "+login.name)
	execute(t, url, `GRANT relais_engine, relais_desk TO `+login.name)

	s := open(t, cfg)
	id := storetest.Plant(t, s, number(1), "a")
	if _, err := s.File(t.Context(), bot.Viewer{Organisation: "a"}, id); err != nil {
		t.Error(err)
	}
	if _, err := s.File(t.Context(), bot.Viewer{Organisation: "b"}, id); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("another organisation: %v", err)
	}
}

// refuses checks that a store does not open, for a reason told in one line.
func refuses(t *testing.T, cfg postgres.Config, want error, says string) {
	t.Helper()
	s, err := postgres.Open(t.Context(), cfg)
	if err == nil {
		s.Close()
		t.Fatal("it opened")
	}
	if want != nil && !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if text := err.Error(); !strings.Contains(text, says) || strings.Contains(text, "\n") {
		t.Errorf("it says %q, want one line with %q", text, says)
	}
}

// asRole runs f in a transaction that is undone, as a role that reads for an
// organisation.
func asRole(t *testing.T, url, role, organisation string, f func(pgx.Tx) error) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), `SELECT set_config('role', $1, true), set_config('relais.organisation', $2, true)`, role, organisation); err != nil {
		t.Fatal(err)
	}
	return f(tx)
}

// denied tells whether a statement was refused for want of a right.
func denied(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "42501"
}

// tablesOf are all tables of a database.
func tablesOf(t *testing.T, url string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}
