package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// checkSessions refuses a pooler that gives one session's server process to
// others after each transaction.
func checkSessions(ctx context.Context, conn *pgx.Conn) (string, error) {
	pid, err := process(ctx, conn)
	if err != nil {
		return "", err
	}
	if pid == conn.PgConn().PID() {
		return "direct", nil
	}
	// The process that answers is not the one that greeted us: something stands
	// between. It may still keep one process per session.
	if err := keepsSession(ctx, conn, pid); err != nil {
		return "", err
	}
	return "through a pooler in session mode", nil
}

// keepsSession looks whether one process answers a session all the time, also
// after another session began a transaction, and answers nobody else. A pooler
// that hands on whoever was free last is found by the second, one that goes
// round by the first.
func keepsSession(ctx context.Context, conn *pgx.Conn, pid uint32) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	other, err := pgx.ConnectConfig(ctx, conn.Config())
	if err != nil {
		return fmt.Errorf("%w: %s", ErrPooler, reason(err))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		other.Close(ctx)
	}()
	for range 3 {
		for range 2 {
			if again, err := process(ctx, conn); err != nil || again != pid {
				return ErrPooler
			}
		}
		if _, err := other.Exec(ctx, `BEGIN`, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("%w: %s", ErrPooler, reason(err))
		}
		if theirs, err := process(ctx, other); err != nil || theirs == pid {
			return ErrPooler
		}
		if again, err := process(ctx, conn); err != nil || again != pid {
			return ErrPooler
		}
		if _, err := other.Exec(ctx, `ROLLBACK`, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("%w: %s", ErrPooler, reason(err))
		}
	}
	return nil
}

// process returns the server process that answers. It prepares nothing: a
// pooler could send the statement to another.
func process(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	err = conn.QueryRow(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}
