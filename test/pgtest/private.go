package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// commander is the guardian of a server that is meant to be hurt: it does what
// its standard input says, one word a line, and answers each with a line. It
// ends with the test process, as the other guardian does.
const commander = `
bin=$1 dir=$2 port=$3
shift 3
start() {
	env "$@" "$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=on \
		-c max_connections=200 -c log_min_messages=warning </dev/null >>"$dir/log" 2>&1 &
	server=$!
}
while read -r word; do
	case $word in
	start) start "$@" ;;
	kill) kill -KILL $server; wait $server ;;
	stop) kill -INT $server; wait $server ;;
	esac
	echo done
done
kill -QUIT $server
wait $server
rm -rf "$dir"
`

// Private is a Postgres of one test's own, which the test may stop and crash.
// It listens on a socket, where everybody is trusted, and on a port of the
// loopback, where passwords are asked for.
type Private struct {
	dir      string
	port     string
	commands io.WriteCloser
	answers  *bufio.Scanner
}

// StartPrivate makes a cluster and starts it. around is added to the server's
// environment (NAME=value), for instance a library that shifts its clock. It
// ends with the test, and is left out when Postgres is (see [Start]).
func StartPrivate(tb testing.TB, around ...string) *Private {
	tb.Helper()
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		tb.Skip("postgres: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	p, err := newPrivate(around)
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	tb.Cleanup(func() { p.commands.Close() })
	if err := p.Start(); err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	return p
}

func newPrivate(around []string) (*Private, error) {
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	as, err := runAs()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := makeDirectory(as)
	if err != nil {
		return nil, err
	}
	run := &syscall.SysProcAttr{Credential: as, Setpgid: true}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, run
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	guard := exec.Command("/bin/sh", append([]string{"-c", commander, "commander", bin, dir, port}, around...)...)
	guard.Dir, guard.SysProcAttr = dir, run
	commands, err := guard.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("watch the server: %w", err)
	}
	answers, err := guard.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("watch the server: %w", err)
	}
	if err := guard.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start the server: %w", err)
	}
	return &Private{dir: dir, port: port, commands: commands, answers: bufio.NewScanner(answers)}, nil
}

// freePort finds a port that nobody uses.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port: %w", err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

// Host is where the server listens for whoever has a password: host:port.
func (p *Private) Host() string { return net.JoinHostPort("127.0.0.1", p.port) }

// Socket is the directory of the server's socket, and the number of its port,
// for PGHOST and PGPORT; the superuser is postgres.
func (p *Private) Socket() (dir, port string) { return p.dir, p.port }

// URL is the superuser's address of a database, by the socket.
func (p *Private) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database,
		RawQuery: url.Values{"host": {p.dir}, "port": {p.port}}.Encode()}
	return u.String()
}

// Start starts the server and waits until it takes connections. A server that
// was killed leaves children that hold its memory for a moment: it is tried
// again until they have gone.
func (p *Private) Start() error {
	at, err := url.Parse(p.URL("postgres"))
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; {
		if err := p.tell("start"); err != nil {
			return err
		}
		err := p.await(at)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			return fmt.Errorf("the server did not start: %w: %s", err, log)
		}
	}
}

// await waits for a start to succeed or to fail.
func (p *Private) await(at *url.URL) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for began := time.Now(); ; <-again.C {
		conn, err := pgx.Connect(ctx, at.String())
		switch {
		case err == nil:
			return conn.Close(ctx)
		case ctx.Err() != nil:
			return err
		case time.Since(began) > time.Second && !p.running():
			return err
		}
	}
}

// running tells whether the server's main process is there.
func (p *Private) running() bool {
	data, err := os.ReadFile(filepath.Join(p.dir, "data", "postmaster.pid"))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(first)
	return err == nil && syscall.Kill(pid, 0) == nil
}

// Kill ends the server's main process with SIGKILL; the others notice and go.
func (p *Private) Kill() error { return p.tell("kill") }

// Stop stops the server as its service manager would: connections are cut,
// what was committed is there when it starts again.
func (p *Private) Stop() error { return p.tell("stop") }

func (p *Private) tell(word string) error {
	if _, err := io.WriteString(p.commands, word+"\n"); err != nil {
		return fmt.Errorf("tell the server to %s: %w", word, err)
	}
	if !p.answers.Scan() {
		return errors.Join(fmt.Errorf("tell the server to %s: its guardian is gone", word), p.answers.Err())
	}
	return nil
}
