package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Create makes an empty database and returns its address.
func (c *Cluster) Create(ctx context.Context) (*url.URL, error) {
	at := c.newAddress()
	if err := c.Execute(ctx, c.URL, "CREATE DATABASE "+at.Path[1:]); err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	return at, nil
}

// newAddress names a database that does not exist yet.
func (c *Cluster) newAddress() *url.URL {
	var random [6]byte
	rand.Read(random[:])
	at := *c.URL
	at.Path = "/relais_load_" + hex.EncodeToString(random[:])
	return &at
}

// Copy makes a database with the content of another one, which nobody may have
// open.
func (c *Cluster) Copy(ctx context.Context, from *url.URL) (*url.URL, error) {
	at := c.newAddress()
	how := " TEMPLATE " + pgx.Identifier{from.Path[1:]}.Sanitize()
	if major, _ := strconv.Atoi(strings.SplitN(c.Version, ".", 2)[0]); major >= 15 {
		how += " STRATEGY FILE_COPY" // the default writes every page to the log too
	}
	if err := c.Execute(ctx, c.URL, "CREATE DATABASE "+at.Path[1:]+how); err != nil {
		return nil, fmt.Errorf("copy a database: %w", err)
	}
	return at, nil
}

// Touched is how many pages the server has touched for a database so far. The
// server adds them up about a second late.
func (c *Cluster) Touched(ctx context.Context, at *url.URL) (pages int, err error) {
	conn, err := pgx.Connect(ctx, c.URL.String())
	if err != nil {
		return 0, fmt.Errorf("connect to Postgres: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, `SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = $1`, at.Path[1:]).Scan(&pages)
	if err != nil {
		return 0, fmt.Errorf("count the pages touched: %w", err)
	}
	return pages, nil
}

// Drop removes a database.
func (c *Cluster) Drop(ctx context.Context, at *url.URL) error {
	name := pgx.Identifier{at.Path[1:]}.Sanitize()
	if err := c.Execute(ctx, c.URL, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop a database: %w", err)
	}
	return nil
}

// Checkpoint writes everything out, so that every run begins alike: no
// checkpoint soon, and full-page writes from its first commit.
func (c *Cluster) Checkpoint(ctx context.Context) error {
	return c.Execute(ctx, c.URL, "CHECKPOINT")
}

// Execute runs statements on one of the server's databases.
func (c *Cluster) Execute(ctx context.Context, at *url.URL, statements string) error {
	conn, err := pgx.Connect(ctx, at.String())
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, statements)
	return err
}
