package scripts

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"relais/test/pgtest"
)

// deployed is a Postgres set up by the files of deploy/: the login that owns the
// schema, and that of the instances, which can do nothing by itself. Its new
// databases are as those of Postgres 14, the oldest that we know.
type deployed struct {
	server   *pgtest.Private
	secrets  string // their directory
	database atomic.Int64
}

func deploy(t *testing.T) *deployed {
	t.Helper()
	d := &deployed{server: pgtest.StartPrivate(t), secrets: filepath.Join(t.TempDir(), "secrets")}
	likePostgres14(t, d.server)
	socket, port := d.server.Socket()
	for _, c := range []*exec.Cmd{
		exec.Command("/bin/sh", "../../deploy/secrets.sh", d.secrets, d.server.Host()),
		exec.Command("/bin/sh", "../../deploy/postgres-init.sh"),
	} {
		c.Env = append(os.Environ(), "SECRETS="+d.secrets, "PGHOST="+socket, "PGPORT="+port)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", c.Args[1], err, out)
		}
	}
	return d
}

// likePostgres14 lets everybody make tables in new databases, which before
// Postgres 15 was so.
func likePostgres14(t *testing.T, server *pgtest.Private) {
	t.Helper()
	for _, in := range []struct{ database, statement string }{
		{"postgres", `ALTER DATABASE template0 ALLOW_CONNECTIONS true`},
		{"template0", `ALTER SCHEMA public OWNER TO postgres; GRANT CREATE ON SCHEMA public TO PUBLIC`},
		{"postgres", `ALTER DATABASE template0 ALLOW_CONNECTIONS false`},
	} {
		conn, err := pgx.Connect(t.Context(), server.URL(in.database))
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Exec(t.Context(), in.statement)
		if err := errors.Join(err, conn.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
}

// newDatabase makes an empty database, a copy of the one that postgres-init.sh
// made, and returns its addresses for both logins.
func (d *deployed) newDatabase(ctx context.Context) (owner, app string, err error) {
	name := fmt.Sprint("relais", d.database.Add(1))
	conn, err := pgx.Connect(ctx, d.server.URL("postgres"))
	if err != nil {
		return "", "", err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{
		`CREATE DATABASE ` + name + ` OWNER relais_owner TEMPLATE relais`,
		`REVOKE ALL ON DATABASE ` + name + ` FROM PUBLIC`,
		`GRANT CONNECT ON DATABASE ` + name + ` TO relais_app`,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", "", err
		}
	}
	if owner, err = d.address("database_owner_url", name); err != nil {
		return "", "", err
	}
	app, err = d.address("database_url", name)
	return owner, app, err
}

// address is what a secret holds, for another database.
func (d *deployed) address(secret, database string) (string, error) {
	text, err := os.ReadFile(filepath.Join(d.secrets, secret))
	if err != nil {
		return "", err
	}
	u, err := url.Parse(strings.TrimSpace(string(text)))
	if err != nil {
		return "", err
	}
	u.Path = "/" + database
	return u.String(), nil
}

// TestPostgresScripts runs testdata/postgres/*.txtar, each on an empty database
// of its own: $OWNER_URL and $APP_URL are its addresses.
func TestPostgresScripts(t *testing.T) {
	d := deploy(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/postgres",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			owner, app, err := d.newDatabase(context.Background())
			if err != nil {
				return err
			}
			env.Setenv("OWNER_URL", owner)
			env.Setenv("APP_URL", app)
			env.Setenv("RELAIS_SECRET", strings.Repeat("5e", 32))
			return begin(env)
		},
		Cmds: commands,
	})
}
