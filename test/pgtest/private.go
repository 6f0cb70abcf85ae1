package pgtest

import (
	"fmt"
	"net"
	"os"
	"testing"

	"relais/test/pgserver"
)

// Private is a Postgres of one test's own, which the test may stop and crash.
// It listens on a socket, where everybody is trusted, and on a port of the
// loopback, where passwords are asked for.
type Private struct{ *pgserver.Server }

// StartPrivate makes a cluster and starts it. around is added to the server's
// environment (NAME=value), for instance a library that shifts its clock. It
// ends with the test, and is left out when Postgres is (see [Start]).
func StartPrivate(tb testing.TB, around ...string) *Private {
	tb.Helper()
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		tb.Skip("postgres: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	port, err := freePort()
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	s, err := pgserver.Start(tb.Context(), pgserver.Config{Port: port, Env: around})
	if err != nil {
		tb.Fatalf("postgres: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("postgres: %v", err)
		}
	})
	return &Private{s}
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
func (p *Private) Host() string {
	_, port := p.Socket()
	return net.JoinHostPort("127.0.0.1", port)
}

// URL is the superuser's address of a database, by the socket.
func (p *Private) URL(database string) string { return p.Server.URL(database).String() }
