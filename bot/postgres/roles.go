package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"relais/bot"
)

// The connections of the pool act as relais_engine, which sees every row. What
// is read for an adviser is read as relais_desk, to which row-level security
// shows nothing but the rows of the reader's organisation, whatever is asked.
// Migration 00002 says which.

// look runs the queries that queue adds for a viewer: as relais_desk, in a
// transaction that can only read and sees one moment, in one round trip. The
// role and the viewer end with the transaction; a connection whose transaction
// did not end well does not go back to the pool.
func (s *Store) look(ctx context.Context, v bot.Viewer, queue func(*pgx.Batch)) error {
	b := &pgx.Batch{}
	b.Queue(`BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY`)
	b.Queue(`
		SELECT set_config('relais.organisation', $1, true), set_config('relais.adviser', $2, true),
			set_config('role', 'relais_desk', true)`, v.Organisation, v.Adviser)
	queue(b)
	b.Queue(`COMMIT`)
	return s.pool.SendBatch(ctx, b).Close()
}

// collect reads the rows of a queued query into a list.
func collect[T any](into *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.AppendRows(*into, rows, scan)
		return err
	}
}

// checkRoles refuses a login that cannot act as both roles, and roles that
// row-level security does not bind.
func checkRoles(ctx context.Context, conn *pgx.Conn) (string, error) {
	if err := checkLogin(ctx, conn); err != nil {
		return "", err
	}
	var none bool // never of a schema that the login itself does not see
	var open string
	err := conn.QueryRow(ctx, `
		SELECT count(*) = 0 AND current_schema() IS NOT NULL,
			coalesce(string_agg(relname, ', ' ORDER BY relname) FILTER (WHERE NOT (relrowsecurity AND relforcerowsecurity)), '')
		FROM pg_class
		WHERE relnamespace = current_schema()::regnamespace AND oid IN (SELECT polrelid FROM pg_policy)`).Scan(&none, &open)
	switch {
	case err != nil:
		return "", err
	case none:
		return "", fmt.Errorf("%w: no table is under row-level security yet (relais migrate)", ErrRoles)
	case open != "":
		return "", fmt.Errorf("%w: row-level security is not forced on: %s", ErrRoles, open)
	}
	return "relais_engine and relais_desk, row-level security forced", nil
}

// checkLogin refuses a login that cannot act as both roles, and roles that are
// above row-level security.
func checkLogin(ctx context.Context, conn *pgx.Conn) error {
	var login string
	var roles, taken int
	var free bool
	err := conn.QueryRow(ctx, `
		SELECT quote_ident(session_user), count(*), coalesce(bool_or(rolsuper OR rolbypassrls), false),
			count(*) FILTER (WHERE pg_has_role(session_user, oid,
				CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))
		FROM pg_roles WHERE rolname IN ('relais_engine', 'relais_desk')`).Scan(&login, &roles, &free, &taken)
	switch {
	case err != nil:
		return err
	case roles < 2:
		return fmt.Errorf("%w: relais_engine or relais_desk is missing; let a superuser run: "+
			"CREATE ROLE relais_engine NOLOGIN; CREATE ROLE relais_desk NOLOGIN", ErrRoles)
	case taken < 2:
		return fmt.Errorf("%w: %s may not act as them; let a superuser run: GRANT relais_engine, relais_desk TO %s",
			ErrRoles, login, login)
	case free:
		return fmt.Errorf("%w: row-level security does not bind them; let a superuser run: "+
			"ALTER ROLE relais_engine NOSUPERUSER NOBYPASSRLS; ALTER ROLE relais_desk NOSUPERUSER NOBYPASSRLS", ErrRoles)
	}
	return nil
}
