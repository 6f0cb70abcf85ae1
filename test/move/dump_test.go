package move

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"relais/bot"
	"relais/bot/tables"
	"relais/test/pgtest"
	"relais/test/program"
)

// TestDumpAndRestore backs a database up with Postgres's own programs, restores
// it on a server that knows none of its roles, as the README says, and goes on
// there.
func TestDumpAndRestore(t *testing.T) {
	here, elsewhere := pgtest.StartPrivate(t), pgtest.StartPrivate(t)
	tool(t, "psql", "--dbname="+here.URL("postgres"), "--set=ON_ERROR_STOP=1",
		"--command=CREATE ROLE relais_engine; CREATE ROLE relais_desk; CREATE ROLE relais_owner LOGIN",
		"--command=GRANT relais_engine, relais_desk TO relais_owner",
		"--command=CREATE DATABASE relais OWNER relais_owner",
		"--command=CREATE ROLE relais_backup LOGIN BYPASSRLS; GRANT pg_read_all_data TO relais_backup")
	as := func(role string) string { return strings.Replace(here.URL("relais"), "postgres@", role+"@", 1) }
	url := as("relais_owner")
	path, file := newFile(t)
	crowd(t, file, 50, 20, lately)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := move(path, url); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	dump, roles := filepath.Join(dir, "relais.dump"), filepath.Join(dir, "roles.sql")
	if out, err := run("pg_dump", "--format=custom", "--file="+dump, "--dbname="+url); err == nil || !strings.Contains(out, "row-level security") {
		t.Errorf("the owner dumps what it may not see (%v): %s", err, out)
	}
	tool(t, "pg_dump", "--format=custom", "--file="+dump, "--dbname="+as("relais_backup"))
	tool(t, "pg_dumpall", "--roles-only", "--dbname="+here.URL("postgres"), "--file="+roles)
	restored := elsewhere.URL("relais")
	tool(t, "psql", "--quiet", "--dbname="+elsewhere.URL("postgres"), "--file="+roles, "--command=CREATE DATABASE relais OWNER relais_owner")
	tool(t, "pg_restore", "--exit-on-error", "--dbname="+restored, dump)

	if diff := cmp.Diff(digests(t, url), digests(t, restored)); diff != "" {
		t.Errorf("restored otherwise than dumped (-dumped +restored):\n%s", diff)
	}
	env := []string{"RELAIS_SECRET=" + secret, "RELAIS_DATABASE_URL=" + restored, "RELAIS_DEMO=0"}
	server, err := program.Start(env)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	messages, err := program.Export(env, "+33600000007")
	if err != nil || len(messages) != 20 {
		t.Errorf("somebody has %d messages (%v), want 20", len(messages), err)
	}
	s := openServer(t, restored)
	l, err := s.Load(t.Context(), bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: "+33600000007"}})
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := s.Commit(t.Context(), []*bot.Commit{{Source: "test", Event: "after", Conversation: &l.Conversation,
		Audit: []bot.AuditEntry{{Actor: "person", Action: "said"}}}}, nil)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Errorf("a turn on what was restored: %v", err)
	}
}

// tool runs one of Postgres's programs.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := run(name, args...); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// run runs the program of that name beside the newest server, else the one on
// PATH.
func run(name string, args ...string) (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		name = slices.Max(found)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	return string(out), err
}

// digests sums every table of a database.
func digests(t *testing.T, url string) map[string]string {
	t.Helper()
	s := openServer(t, url)
	sums := map[string]string{}
	for _, table := range tables.All() {
		digest := tables.NewDigest()
		for row, err := range s.Rows(t.Context(), table) {
			if err != nil {
				t.Fatal(err)
			}
			digest.Add(row)
		}
		sums[table.Name] = fmt.Sprint(digest.Rows, " ", digest.Sum())
	}
	return sums
}
