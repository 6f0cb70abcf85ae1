package pgtest_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"relais/test/pgtest"
)

func TestEachCallGivesAnEmptyDatabaseOfItsOwn(t *testing.T) {
	one, two := pgtest.Start(t), pgtest.Start(t)
	if one == two {
		t.Fatal("two calls gave one database")
	}
	execute(t, one, "CREATE TABLE mine (n int)")
	execute(t, two, "CREATE TABLE mine (n int)")
}

func TestTheServerWritesToDisk(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, setting := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			t.Fatal(err)
		}
		if value != "on" {
			t.Errorf("%s is %s", setting, value)
		}
	}
}

// The server must not survive its test process, even one that is killed. The
// test runs itself as that process.
func TestTheServerEndsWithAKilledTest(t *testing.T) {
	if os.Getenv("RELAIS_TEST_POSTGRES") != "" {
		t.Log("a server given from outside is not ours to stop")
		return
	}
	if os.Getenv("PGTEST_VICTIM") == "1" {
		fmt.Println(pgtest.Start(t))
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	pgtest.Start(t) // says so when there is no Postgres
	victim := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	victim.Env = append(os.Environ(), "PGTEST_VICTIM=1")
	left, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer left.Close()
	victim.ExtraFiles = []*os.File{held} // whatever the victim starts holds it too, to its end
	out, err := victim.Output()
	held.Close()
	if err == nil {
		t.Fatal("the victim lived")
	}
	line, _, _ := strings.Cut(string(out), "\n")
	dsn, err := url.Parse(line)
	if err != nil || dsn.Query().Get("host") == "" {
		t.Fatalf("the victim named no server: %q", out)
	}
	if err := left.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, left); err != nil {
		t.Fatalf("something that the victim started still runs: %v", err)
	}
	if _, err := os.Stat(dsn.Query().Get("host")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server's directory is still there: %v", err)
	}
}

func execute(t *testing.T, dsn, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
