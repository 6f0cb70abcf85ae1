// Package pgtest gives tests a Postgres of their own.
//
// [Start] returns the address of an empty database. When
// RELAIS_TEST_POSTGRES names a scratch server (a role that may create
// databases), the database is made there; otherwise a private server is
// started once per test process, on a socket in a temporary directory, from
// the Postgres programs found on the machine. It runs as an unprivileged user
// when the tests run as root, writes to disk as a real one does (fsync on),
// and ends with the test process however that ends, its directory removed.
//
// `go test ./...` alone leaves these tests out and says so; with
// RELAIS_TEST_REQUIRE=1, as `make test` sets it, a machine without Postgres
// fails them.
package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how long a server may take to start or to make a database.
const patience = 30 * time.Second

// shared is the private server of this test process.
var shared = sync.OnceValues(startServer)

// Start returns the URL of an empty database that nobody else uses until the
// test ends. Every call gives another one.
func Start(tb testing.TB) string {
	tb.Helper()
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" && os.Getenv("RELAIS_TEST_POSTGRES") == "" {
		tb.Skip("postgres: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	from, err := source()
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	dsn, err := from.take()
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	tb.Cleanup(func() {
		if err := from.giveBack(dsn); err != nil {
			tb.Errorf("postgres: %v", err)
		}
	})
	return dsn.String()
}

// lender lends databases.
type lender interface {
	take() (*url.URL, error)
	giveBack(*url.URL) error
}

// source is the server named from outside, else our own.
func source() (lender, error) {
	given := os.Getenv("RELAIS_TEST_POSTGRES")
	if given == "" {
		return shared()
	}
	u, err := url.Parse(given)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("RELAIS_TEST_POSTGRES is not a postgres:// URL")
	}
	return scratch{u}, nil
}

// scratch is a server that other tests use too: nothing is left on it.
type scratch struct{ at *url.URL }

func (s scratch) take() (*url.URL, error) { return createDatabase(s.at) }

func (s scratch) giveBack(dsn *url.URL) error {
	name := pgx.Identifier{dsn.Path[1:]}.Sanitize()
	if err := execute(s.at, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop the test's database: %w", err)
	}
	return nil
}

func createDatabase(server *url.URL) (*url.URL, error) {
	var random [8]byte
	rand.Read(random[:])
	name := "relais_test_" + hex.EncodeToString(random[:])
	if err := execute(server, "CREATE DATABASE "+name); err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	dsn := *server
	dsn.Path = "/" + name
	return &dsn, nil
}

func execute(server *url.URL, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}
