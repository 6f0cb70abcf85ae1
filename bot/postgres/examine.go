package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Finding is one line about a server: what was looked at, what was found, and
// whether a store can be opened on it.
type Finding struct {
	What, Detail string
	OK           bool
}

// Examine looks at a server as Open does, changes nothing, does not wait for
// one that is away, and tells everything it found. Its error says that the
// server could not be asked at all.
func Examine(ctx context.Context, url string) ([]Finding, error) {
	conf, err := parse(url)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, conf.ConnConfig)
	if err != nil {
		return nil, unreached(conf.ConnConfig, err)
	}
	defer conn.Close(ctx)
	var findings []Finding
	for _, c := range slices.Concat(serverChecks(), schemaChecks(), []check{{"Postgres connections", checkRoom}}) {
		detail, err := c.look(ctx, conn)
		if err != nil {
			detail = err.Error()
		}
		findings = append(findings, Finding{What: c.what, Detail: detail, OK: err == nil})
		if errors.Is(err, ErrPooler) {
			break // what else it would answer is somebody else's
		}
	}
	return findings, nil
}

// check looks at one thing through a connection that did not change its role.
type check struct {
	what string
	look func(context.Context, *pgx.Conn) (detail string, err error)
}

// serverChecks come before anything is asked that a pooler could spoil.
func serverChecks() []check {
	return []check{
		{"Postgres version", checkVersion},
		{"Postgres sessions", checkSessions},
		{"Postgres durability", checkDurable},
	}
}

func schemaChecks() []check {
	return []check{
		{"Postgres schema", checkSchema},
		{"Postgres roles", checkRoles},
	}
}

// fit refuses a server that no store may be opened on.
func fit(ctx context.Context, conn *pgx.Conn) error { return firstFault(ctx, conn, serverChecks()) }

// ready refuses a database that is not set up for this program.
func ready(ctx context.Context, conn *pgx.Conn) error { return firstFault(ctx, conn, schemaChecks()) }

func firstFault(ctx context.Context, conn *pgx.Conn, checks []check) error {
	for _, c := range checks {
		if _, err := c.look(ctx, conn); err != nil {
			return err
		}
	}
	return nil
}

func checkVersion(ctx context.Context, conn *pgx.Conn) (string, error) {
	var number int
	var name string
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int, current_setting('server_version')`,
		pgx.QueryExecModeSimpleProtocol).Scan(&number, &name)
	if err != nil {
		return "", err
	}
	if number < 140000 {
		return "", fmt.Errorf("%w: %s", ErrTooOld, name)
	}
	return name, nil
}

// durability is what the promise of a commit rests on, as it holds for the
// role and the database of a connection.
type durability struct{ fsync, fullPages, synchronous string }

const durabilityColumns = `current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`

func (d *durability) fields() []any { return []any{&d.fsync, &d.fullPages, &d.synchronous} }

func (d *durability) check() error {
	switch "off" {
	case d.fsync:
		return fmt.Errorf("%w: fsync is off", ErrNotDurable)
	case d.fullPages:
		return fmt.Errorf("%w: full_page_writes is off", ErrNotDurable)
	case d.synchronous:
		return fmt.Errorf("%w: synchronous_commit is off, for the server, the database or the role", ErrNotDurable)
	}
	return nil
}

func checkDurable(ctx context.Context, conn *pgx.Conn) (string, error) {
	var d durability
	err := conn.QueryRow(ctx, `SELECT `+durabilityColumns, pgx.QueryExecModeSimpleProtocol).Scan(d.fields()...)
	if err != nil {
		return "", err
	}
	return "fsync and full_page_writes on, synchronous_commit " + d.synchronous, d.check()
}

// checkRoom tells how many connections are left; an instance keeps a handful.
func checkRoom(ctx context.Context, conn *pgx.Conn) (string, error) {
	var used, most int
	err := conn.QueryRow(ctx, `
		SELECT count(*), current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
		FROM pg_stat_activity WHERE backend_type = 'client backend'`).Scan(&used, &most)
	if err != nil {
		return "", err
	}
	if most-used < 4 {
		return "", fmt.Errorf("%d of %d are in use: raise max_connections", used, most)
	}
	return fmt.Sprintf("%d of %d are in use", used, most), nil
}
