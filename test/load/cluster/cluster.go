// Package cluster gives a benchmark its Postgres: a private server in a
// temporary directory that writes to disk as a real one does, or one that runs
// already, with an empty database for each run; and pgbench beside it, as the
// yardstick of the same round.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"relais/test/load/machine"
	"relais/test/pgserver"
)

// settings of the private server: large enough that a short run meets no
// checkpoint of its own.
var settings = []string{"synchronous_commit=on", "shared_buffers=1GB", "max_wal_size=4GB", "max_connections=300"}

// Cluster is a Postgres server.
type Cluster struct {
	URL     *url.URL // of its maintenance database
	Version string
	own     *pgserver.Server // nil: it ran already
	main    int              // process that started the backends; 0 on another machine
}

// patience is how long the server may take to answer.
const patience = 60 * time.Second

// Use takes a server that runs already. The role may create databases.
func Use(ctx context.Context, address string) (*Cluster, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("want the address of the server as postgres://…")
	}
	c := &Cluster{URL: u}
	return c, c.meet(ctx)
}

// Start makes a server of our own and starts it. It returns
// [pgserver.ErrMissing] when there is no Postgres to start. Stop it.
func Start(ctx context.Context) (*Cluster, error) {
	own, err := pgserver.Start(ctx, pgserver.Config{Settings: settings})
	if err != nil {
		return nil, err
	}
	c := &Cluster{own: own, URL: own.URL("postgres")}
	if err := c.meet(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// Stop stops a server of ours and removes its directory. One that ran already
// goes on.
func (c *Cluster) Stop() error {
	if c.own == nil {
		return nil
	}
	return c.own.Close()
}

// CPU is the processor time that all processes of the server have used so far;
// zero when the server is on another machine.
func (c *Cluster) CPU() time.Duration {
	if c.main == 0 {
		return 0
	}
	return machine.Tree(c.main)
}

// meet learns who the server is.
func (c *Cluster) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL.String())
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	defer conn.Close(ctx)
	var backend int
	if err := conn.QueryRow(ctx, `SELECT pg_backend_pid(), current_setting('server_version')`).Scan(&backend, &c.Version); err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	c.main = machine.Parent(backend)
	return nil
}
