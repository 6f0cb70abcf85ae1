package postgres_test

import (
	"strings"
	"testing"

	"relais/bot/postgres"
)

// An address that cannot be used is answered with the part that is wrong, never
// with what stands there: it may be a password.
func TestAnAddressIsToldWhatIsWrong(t *testing.T) {
	const port, mode = "its port is not a number from 1 to 65535", "its sslmode is none of disable, allow, "
	const escapes = "signs in its user or password have to be written with %"
	for _, c := range []struct{ address, want string }{
		{"mysql://relais:hush@host/db", "want postgres://user:password@host:port/name"},
		{"host=localhost password=hush", "want postgres://user:password@host:port/name"},
		{"postgres://relais:hush@host:54x2/db", port},
		{"postgres://relais:hush@host:0/db", port},
		{"postgres://relais:hush@host:65536/db", port},
		{"postgres://relais:hush@one:5432,two:hush/db", port},
		{"postgres://relais:hush@[::1]:hush/db", port},
		{"postgres://relais:hush@/db?host=/run/hush&port=hush", port},
		{"postgres://relais:hush@host/db?sslmode=hush", mode},
		{"postgres://relais:hush@host/db?connect_timeout=1&sslmode=hush", mode},
		{"postgresql://relais:hush@host/db?connect_timeout=hush", "its parameter connect_timeout is not usable"},
		{"postgres://relais:hush@host/db?sslmode=verify-ca&sslrootcert=/nowhere/hush", "its parameter sslrootcert is not usable"},
		{"postgres://relais:hush@host/db?pool_max_conns=hush", "its parameter pool_max_conns is not usable"},
		{"postgres://relais:hu/sh@host:5432/db", escapes},
		{"postgres://relais:hu%sh@host:5432/db", escapes},
	} {
		_, err := postgres.Examine(t.Context(), c.address)
		switch {
		case err == nil:
			t.Errorf("%s is taken", c.address)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %q, want %q", c.address, err, c.want)
		case strings.Contains(err.Error(), "hu"), strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: %q says too much", c.address, err)
		}
	}
}
