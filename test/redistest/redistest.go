// Package redistest gives tests a Redis of their own, that they may kill,
// freeze and flush.
//
// [Start] starts the redis-server found in PATH, on a socket in a temporary
// directory, writing nothing to disk. It ends with the test process however
// that ends, its directory removed.
//
// `go test ./...` alone leaves these tests out and says so; with
// RELAIS_TEST_REQUIRE=1, as `make test` sets it, a machine without Redis fails
// them.
package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience is how long a server may take to start or to end.
const patience = 20 * time.Second

// guardian runs the server and outlives the test process by a moment: its
// standard input is a pipe that only the test process holds. It ends a frozen
// server too: losing its parent with a frozen member, its group gets a hang-up,
// which must not end it first; nor must telling the pid to a test that is gone.
const guardian = `
trap '' HUP PIPE
mkdir -p "$2"
"$1" --port 0 --unixsocket "$2/redis.sock" --save "" --appendonly no --dir "$2" </dev/null >"$2/log" 2>&1 &
echo $!
cat >/dev/null
kill -KILL $! 2>/dev/null
wait $! 2>/dev/null
rm -rf "$2"
`

// Server is a running Redis.
type Server struct {
	tb      testing.TB
	program string
	dir     string
	guard   *exec.Cmd
	alive   io.Closer // held open while the guardian must stay
	pid     int
}

// Start starts a server that ends with the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		tb.Skip("redis: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	program, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Fatalf("redis: %v", err)
	}
	dir, err := makeDirectory()
	if err != nil {
		tb.Fatalf("redis: %v", err)
	}
	s := &Server{tb: tb, program: program, dir: dir}
	s.start()
	tb.Cleanup(s.stop)
	return s
}

// makeDirectory makes the server's directory, short enough for the path of a
// socket, which the system cuts at 107 bytes.
func makeDirectory() (string, error) {
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, "relais-redis-")
}

// URL is the server's address.
func (s *Server) URL() string { return "unix://" + s.socket() }

func (s *Server) socket() string { return filepath.Join(s.dir, "redis.sock") }

// Client returns a client of the server, closed with the test.
func (s *Server) Client() *redis.Client {
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket(), Protocol: 2, DisableIdentity: true})
	s.tb.Cleanup(func() { c.Close() })
	return c
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() { s.signal(syscall.SIGKILL) }

// Freeze stops the server without ending it: it takes connections and answers
// nothing. Thaw lets it go on.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

// Restart starts the server again after Kill, empty, at the same address.
func (s *Server) Restart() {
	s.tb.Helper()
	s.stop()
	s.start()
}

// Flush empties the server.
func (s *Server) Flush() {
	s.tb.Helper()
	if err := s.Client().FlushAll(context.Background()).Err(); err != nil {
		s.tb.Fatalf("redis: flush: %v", err)
	}
}

func (s *Server) signal(what syscall.Signal) {
	s.tb.Helper()
	if err := syscall.Kill(s.pid, what); err != nil {
		s.tb.Fatalf("redis: %v to the server: %v", what, err)
	}
}

func (s *Server) start() {
	s.tb.Helper()
	if err := s.tryStart(); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.stop()
		s.tb.Fatalf("redis: the server did not start: %v: %s", err, log)
	}
}

func (s *Server) tryStart() error {
	// A group of its own keeps the terminal's Ctrl-C from ending the guardian
	// before it has cleaned up.
	s.guard = exec.Command("/bin/sh", "-c", guardian, "guardian", s.program, s.dir)
	s.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := s.guard.StdinPipe()
	if err != nil {
		return err
	}
	s.alive = alive
	out, err := s.guard.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.guard.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("reading the server's pid: %w", err)
	}
	if s.pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		return fmt.Errorf("reading the server's pid: %w", err)
	}
	return s.await()
}

// await waits until the server answers. It is asked again and again: a process
// outside tells nobody that it listens.
func (s *Server) await() error {
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket(), Protocol: 2, DisableIdentity: true, MaxRetries: -1})
	defer c.Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		_, err := os.Stat(s.socket()) // the client would complain aloud
		if err == nil {
			err = c.Ping(context.Background()).Err()
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// stop ends the guardian, which ends the server and removes its directory.
func (s *Server) stop() {
	if s.guard == nil || s.guard.Process == nil {
		return
	}
	s.alive.Close()
	if err := s.guard.Wait(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.tb.Errorf("redis: the guardian: %v", err)
	}
	s.guard = nil
}
