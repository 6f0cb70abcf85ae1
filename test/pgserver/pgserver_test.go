package pgserver

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A server that cannot start is said to, with its reason, and leaves nothing.
func TestAServerThatCannotStart(t *testing.T) {
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		t.Skip("postgres: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	t.Setenv("TMPDIR", shortDirectory(t))
	_, err := Start(t.Context(), Config{Settings: []string{"shared_buffers=a lot"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "shared_buffers"`) {
		t.Errorf("it says: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// shortDirectory is a temporary one of the test's, for whoever runs the server.
func shortDirectory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "relais-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, os.ModeSticky|0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRunAs(t *testing.T) {
	as, err := runAs()
	if os.Geteuid() != 0 {
		if as != nil || err != nil {
			t.Errorf("as %v, %v: nobody else is needed", as, err)
		}
		return
	}
	if err != nil || as.Uid == 0 {
		t.Fatalf("as %v, %v: Postgres refuses root", as, err)
	}
	if _, err := user.LookupId(strconv.Itoa(int(as.Uid))); err != nil {
		t.Error(err)
	}
}
