package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// guardian runs the server and outlives the test process by a moment: its
// standard input is a pipe that only the test process holds, so that it ends
// when that process does, a panic or kill -9 included. Then it stops the server
// at once and removes the directory.
const guardian = `
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=on \
	-c autovacuum=off -c max_connections=200 -c log_min_messages=warning </dev/null >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"
`

// server is a running private server. It stops when alive is closed, so alive
// has to stay reachable. A database that was given back is emptied and lent
// again, which is quicker than making one.
type server struct {
	url   *url.URL
	alive io.Closer

	mu   sync.Mutex
	free []*url.URL
}

func (s *server) take() (*url.URL, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 {
		dsn := s.free[last]
		s.free = s.free[:last]
		return dsn, nil
	}
	return createDatabase(s.url)
}

func (s *server) giveBack(dsn *url.URL) error {
	name := pgx.Identifier{dsn.Path[1:]}.Sanitize()
	err := execute(dsn, `
		ALTER DATABASE `+name+` RESET ALL;
		ALTER ROLE CURRENT_USER IN DATABASE `+name+` RESET ALL;
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid();
		DROP SCHEMA public CASCADE;
		CREATE SCHEMA public`)
	if err != nil {
		return fmt.Errorf("empty the test's database: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, dsn)
	return nil
}

// startServer makes a cluster in a temporary directory and starts it.
func startServer() (*server, error) {
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	as, err := runAs()
	if err != nil {
		return nil, err
	}
	dir, err := makeDirectory(as)
	if err != nil {
		return nil, err
	}

	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"),
		"-U", "relais", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}

	// A group of its own keeps the terminal's Ctrl-C from ending the guardian
	// before it has cleaned up.
	guard := exec.Command("/bin/sh", "-c", guardian, "guardian", bin, dir)
	guard.Dir = dir
	guard.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	alive, err := guard.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("watch the server: %w", err)
	}
	if err := guard.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start the server: %w", err)
	}
	at := &url.URL{Scheme: "postgres", User: url.User("relais"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}}.Encode()}
	if err := awaitServer(at); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		alive.Close()
		return nil, fmt.Errorf("the server did not start: %w: %s", err, log)
	}
	return &server{url: at, alive: alive}, nil
}

// awaitServer waits until the server takes connections.
func awaitServer(at *url.URL) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, at.String())
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// findPrograms returns the directory of initdb and postgres: the one on PATH,
// else the newest that the usual packages install.
func findPrograms() (string, error) {
	var found []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, filepath.Dir(path))
		}
	}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(installed, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range append(found, installed...) {
		if isProgram(filepath.Join(dir, "initdb")) && isProgram(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errors.New("no initdb found")
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// version reads the 15 in /usr/lib/postgresql/15/bin.
func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// runAs returns the user the server must run as: nil for our own, since
// Postgres refuses only root.
func runAs() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("running as root, and no user postgres or nobody to run a server as")
}

// makeDirectory makes the server's directory, short enough for the path of a
// socket, which the system cuts at 107 bytes.
func makeDirectory(as *syscall.Credential) (string, error) {
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "relais-pg-")
	if err != nil {
		return "", fmt.Errorf("make the server's directory: %w", err)
	}
	if as == nil {
		return dir, nil
	}
	if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
		return "", fmt.Errorf("give the server its directory: %w", err)
	}
	return dir, nil
}
