package postgres_test

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"relais/bot/postgres"
	"relais/test/pgtest"
)

// A server that is away at the start is waited for, and said to be; it comes,
// and the store opens.
func TestOpenWaitsForAServer(t *testing.T) {
	private := pgtest.StartPrivate(t)
	if err := private.Stop(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	cfg := postgres.Config{URL: private.URL("postgres"), Keys: keyring(t, 1), Log: slog.New(lineHandler{lines})}
	opened := make(chan error, 1)
	go func() {
		s, err := postgres.Open(t.Context(), cfg)
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	select {
	case line := <-lines:
		dir, port := private.Socket()
		if want := "waiting for the database at " + net.JoinHostPort(dir, port); line != want {
			t.Errorf("it says %q, want %q", line, want)
		}
	case err := <-opened:
		t.Fatalf("it did not wait: %v", err)
	}
	if err := private.Start(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

// What cannot get better by waiting is said at once, in one line, without the
// password; a server that does not come, after a while.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	private := pgtest.StartPrivate(t)
	execute(t, private.URL("postgres"), `CREATE ROLE guest LOGIN PASSWORD 'right'`)
	dsn := func(user, password, host, database string) string {
		u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: host, Path: "/" + database}
		return u.String()
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	free.Close()
	for _, c := range []struct{ name, url, says string }{
		{"nothing", "", "the database's address is not usable: want postgres://user:password@host:port/name"},
		{"not an address", "relais hush", "the database's address is not usable"},
		{"a bad port", "postgres://relais:hush@127.0.0.1:port/x", "the database's address is not usable"},
		{"a password that breaks it", "postgres://relais:hu/hush@127.0.0.1/x", "the database's address is not usable"},
		{"another kind", "mysql://relais:hush@127.0.0.1/x", "the database's address is not usable"},
		{"a wrong password", dsn("guest", "hush", private.Host(), "postgres"),
			"the database at " + private.Host() + ` refuses the connection: password authentication failed for user "guest"`},
		{"a missing database", dsn("guest", "right", private.Host(), "hush"),
			"the database at " + private.Host() + ` refuses the connection: database "hush" does not exist`},
		{"no encryption", dsn("guest", "right", private.Host(), "postgres") + "?sslmode=require", "tls error: server refused TLS connection"},
		{"no such host", dsn("guest", "hush", "nowhere..invalid", "x"),
			"cannot reach the database at nowhere..invalid:5432: no such host, waited 300ms"},
		{"nobody there", dsn("guest", "hush", nobody, "x"),
			"cannot reach the database at " + nobody + ": connect: connection refused, waited 300ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			_, err := postgres.Open(t.Context(), postgres.Config{URL: c.url, Keys: keyring(t, 1), Patience: 300 * time.Millisecond,
				Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				t.Fatal("it opened")
			}
			text := err.Error()
			if !strings.Contains(text, c.says) || strings.Contains(text, "\n") {
				t.Errorf("it says %q, want one line with %q", text, c.says)
			}
			if strings.Contains(strings.ReplaceAll(text, `database "hush"`, ""), "hush") {
				t.Errorf("it tells the password: %q", text)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Who stops waiting is not kept.
func TestOpenStopsWaitingWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	lines := make(chan string, 100)
	stopped := make(chan error, 1)
	go func() {
		_, err := postgres.Open(ctx, postgres.Config{URL: "postgres://relais@127.0.0.1:1/none", Keys: keyring(t, 1), Log: slog.New(lineHandler{lines})})
		stopped <- err
	}()
	<-lines
	cancel()
	if err := <-stopped; err == nil {
		t.Error("it opened")
	}
}

// lineHandler hands over the messages that are logged.
type lineHandler struct{ lines chan<- string }

func (h lineHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h lineHandler) Handle(_ context.Context, r slog.Record) error {
	select {
	case h.lines <- r.Message:
	default: // nobody reads them any more
	}
	return nil
}
func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h lineHandler) WithGroup(string) slog.Handler      { return h }
