// Package cluster gives a benchmark its Postgres: a private server in a
// temporary directory that writes to disk as a real one does, or one that runs
// already, with an empty database for each run; and pgbench beside it, as the
// yardstick of the same round.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"relais/test/load/machine"
)

// ErrMissing is returned when there is no Postgres to start.
var ErrMissing = errors.New("no Postgres programs found (initdb, postgres)")

// settings of the private server: durable, and large enough that a short run
// meets no checkpoint of its own.
const settings = "-c listen_addresses= -c fsync=on -c synchronous_commit=on -c shared_buffers=1GB -c max_wal_size=4GB" +
	" -c max_connections=300 -c log_min_messages=warning"

// guardian runs the server and outlives this program by a moment: its standard
// input is a pipe that only this program holds, so that it ends when the
// program does, however that ends. Then it stops the server and removes the
// directory.
const guardian = `
"$1/postgres" -D "$2/data" -k "$2" ` + settings + ` </dev/null >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"
`

// Cluster is a Postgres server.
type Cluster struct {
	URL      *url.URL // of its maintenance database
	Version  string
	Programs string // directory of pgbench; empty when it is found by PATH
	guard    *exec.Cmd
	alive    io.Closer
	main     int // process that started the backends; 0 on another machine
}

// patience is how long the server may take to start, or a statement to run.
const patience = 60 * time.Second

// Use takes a server that runs already. The role may create databases.
func Use(ctx context.Context, address string) (*Cluster, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("want the address of the server as postgres://…")
	}
	c := &Cluster{URL: u}
	c.Programs, _ = findPrograms()
	return c, c.meet(ctx)
}

// Start makes a server of our own and starts it, as an unprivileged user when
// this program runs as root. Stop it.
func Start(ctx context.Context) (*Cluster, error) {
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
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"),
		"-U", "relais", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	c := &Cluster{Programs: bin, URL: &url.URL{Scheme: "postgres", User: url.User("relais"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}}.Encode()}}
	c.guard = exec.Command("/bin/sh", "-c", guardian, "guardian", bin, dir)
	c.guard.Dir = dir
	// A group of its own keeps the terminal's Ctrl-C from ending it before it
	// has cleaned up.
	c.guard.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	if c.alive, err = c.guard.StdinPipe(); err != nil {
		return nil, fmt.Errorf("watch the server: %w", err)
	}
	if err := c.guard.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), os.RemoveAll(dir))
	}
	if err := c.meet(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		c.Stop()
		return nil, fmt.Errorf("the server did not start: %w: %s", err, log)
	}
	return c, nil
}

// Stop stops a server of ours and removes its directory.
func (c *Cluster) Stop() {
	if c.guard == nil {
		return
	}
	_ = c.alive.Close()
	_ = c.guard.Wait()
}

// Private tells whether the server is ours.
func (c *Cluster) Private() bool { return c.guard != nil }

// CPU is the processor time that all processes of the server have used so far;
// zero when the server is on another machine.
func (c *Cluster) CPU() time.Duration {
	if c.main == 0 {
		return 0
	}
	return machine.Tree(c.main)
}

// meet waits until the server takes connections, and learns who it is.
func (c *Cluster) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL.String())
		if err != nil && (ctx.Err() != nil || !c.Private()) {
			return fmt.Errorf("connect to Postgres: %w", err)
		}
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		defer conn.Close(ctx)
		var backend int
		if err := conn.QueryRow(ctx, `SELECT pg_backend_pid(), current_setting('server_version')`).Scan(&backend, &c.Version); err != nil {
			return fmt.Errorf("connect to Postgres: %w", err)
		}
		c.main = machine.Parent(backend)
		return nil
	}
}
