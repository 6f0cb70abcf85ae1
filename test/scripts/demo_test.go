package scripts

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"relais/test/program"
)

// TestTwoInstancesShowOneDemonstration starts instances of the demonstration
// together on one empty Postgres, from directories of their own and from one,
// where nothing can be written: all print the same accounts, at every start.
func TestTwoInstancesShowOneDemonstration(t *testing.T) {
	d := deploy(t)
	owner, app, err := d.newDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"RELAIS_SECRET=" + strings.Repeat("5e", 32), "RELAIS_DATABASE_URL=" + app, "RELAIS_DATABASE_OWNER_URL=" + owner, "RELAIS_DEMO=1"}
	shared := t.TempDir()
	var first []string
	for round := range 2 {
		accounts := startTogether(t, env, []string{t.TempDir(), t.TempDir(), shared, shared, readOnly(t)})
		for _, printed := range accounts {
			if first == nil {
				first = printed
			}
			if len(printed) != 3 || fmt.Sprint(printed) != fmt.Sprint(first) {
				t.Errorf("round %d: printed %q, want %q", round, printed, first)
			}
		}
	}
}

// readOnly is a directory whose data cannot be written, by anybody.
func readOnly(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o400); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startTogether starts a server in each directory at once, and returns the
// accounts that each prints, once all have stopped.
func startTogether(t *testing.T, env []string, dirs []string) [][]string {
	t.Helper()
	account := regexp.MustCompile(`(?m)^  \w+@demo\.relais\.example  [a-z0-9-]{14}$`)
	accounts := make([][]string, len(dirs))
	var starting errgroup.Group
	for i, dir := range dirs {
		starting.Go(func() error {
			server, err := program.StartIn(dir, env)
			if err != nil {
				return err
			}
			accounts[i] = account.FindAllString(server.Out(), -1)
			return server.Stop()
		})
	}
	if err := starting.Wait(); err != nil {
		t.Fatal(err)
	}
	return accounts
}
