package postgres_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
)

// login is a role of a test's own.
type login struct{ name, url string }

// loginRole makes a role that can sign in and nothing else, on the database's
// server. It goes with what it owns when the test ends.
func loginRole(t *testing.T, at string) login {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	name := "relais_test_" + strings.ToLower(rand.Text()[:10])
	password := rand.Text()
	execute(t, at, `CREATE ROLE `+name+` LOGIN PASSWORD '`+password+`'`)
	t.Cleanup(func() { execute(t, at, `DROP OWNED BY `+name+`; DROP ROLE `+name) })
	u.User = url.UserPassword(name, password)
	return login{name, u.String()}
}

// as is a database's address for somebody else, whom the server trusts.
func as(t *testing.T, at, name string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(name)
	return u.String()
}
