package move

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"relais/test/pgtest"
	"relais/test/program"
)

// TestPurgeByCommand counts, then purges, people of three years ago, on both
// stores; whoever spoke lately stays.
func TestPurgeByCommand(t *testing.T) {
	purge := func(t *testing.T, database string, more ...string) string {
		t.Helper()
		env := []string{"RELAIS_SECRET=" + secret, "RELAIS_LOG=error", "RELAIS_DATABASE_URL=" + database}
		out, err := program.Run(env, append([]string{"purge"}, more...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	check := func(t *testing.T, database string) {
		went := func(out, class string, n string) {
			t.Helper()
			if !regexp.MustCompile(`(?m)^` + class + ` +[0-9-]+ [0-9:]+ UTC +` + n + `$`).MatchString(out) {
				t.Errorf("want %s %s:\n%s", class, n, out)
			}
		}
		for range 2 {
			out := purge(t, database, "--dry-run")
			went(out, "people", "45")
			went(out, "seen", "45")
		}
		out := purge(t, database)
		went(out, "people", "45")
		went(out, "audit", "0") // nothing was noted in the journal since
		out = purge(t, database)
		went(out, "people", "0")
		went(out, "audit", "45") // now the first purge was
		env := []string{"RELAIS_SECRET=" + secret, "RELAIS_DATABASE_URL=" + database}
		for phone, want := range map[string]int{"+33600000007": 0, talker.Value: 2} {
			messages, err := program.Export(env, phone)
			if err != nil || len(messages) < want || want == 0 && len(messages) > 0 {
				t.Errorf("%s has %d messages (%v)", phone, len(messages), err)
			}
		}
	}
	prepare := func(t *testing.T, s store) {
		crowd(t, s, 45, 20, time.Now().AddDate(-3, 0, 0).UTC().Truncate(time.Second))
		v := serve(t, s, time.Now())
		v.text(t, talker, "SM1", "Bonjour")
		v.settle(t)
		v.stop()
	}
	t.Run("sqlite", func(t *testing.T) {
		program.Whole(t)
		path, s := newFile(t)
		prepare(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		check(t, "sqlite:"+path)
	})
	t.Run("postgres", func(t *testing.T) {
		url := pgtest.Start(t)
		path, file := newFile(t)
		prepare(t, file)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if out, err := move(path, url); err != nil || strings.Contains(out, "DIFFERS") {
			t.Fatal(err)
		}
		check(t, url)
	})
}
