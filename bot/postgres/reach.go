package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// connectTimeout is how long one try to connect may take, unless the URL
	// says otherwise.
	connectTimeout = 5 * time.Second
	// patience is how long Open waits for a server that does not answer.
	patience = 30 * time.Second
	// tryAgain and sayAgain are how often a server that is away is tried, and
	// spoken of.
	tryAgain = 500 * time.Millisecond
	sayAgain = 5 * time.Second
)

// parse reads an address. Only what a pooler in session mode lets through is
// asked for at the start of a connection; the rest is set by actAsEngine.
func parse(url string) (*pgxpool.Config, error) {
	conf, err := readAddress(url)
	if err != nil {
		return nil, err
	}
	conn := conf.ConnConfig
	conn.ConnectTimeout = cmp.Or(conn.ConnectTimeout, connectTimeout)
	conn.RuntimeParams["application_name"] = "relais"
	conn.RuntimeParams["timezone"] = "UTC"
	return conf, nil
}

// reach connects. A server that does not answer, or is starting, is waited for
// as long as the configuration says; one that refuses us is not.
func reach(ctx context.Context, conf *pgx.ConnConfig, cfg Config) (*pgx.Conn, error) {
	log, most := cmp.Or(cfg.Log, slog.Default()), cmp.Or(cfg.Patience, patience)
	limit := time.NewTimer(most)
	defer limit.Stop()
	var said time.Time
	for {
		conn, err := pgx.ConnectConfig(ctx, conf.Copy())
		if err == nil {
			return conn, nil
		}
		if !mayPass(err) {
			return nil, unreached(conf, err)
		}
		if time.Since(said) >= sayAgain {
			said = time.Now()
			log.Warn("waiting for the database at "+where(conf), "reason", reason(err))
		}
		select {
		case <-time.After(tryAgain):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-limit.C:
			return nil, fmt.Errorf("%w, waited %v", unreached(conf, err), most)
		}
	}
}

// where names a server.
func where(conf *pgx.ConnConfig) string {
	return net.JoinHostPort(conf.Host, strconv.Itoa(int(conf.Port)))
}

// unreached says in a line, without the password, why a connection failed.
func unreached(conf *pgx.ConnConfig, err error) error {
	if mayPass(err) {
		return fmt.Errorf("cannot reach the database at %s: %s", where(conf), reason(err))
	}
	return fmt.Errorf("the database at %s refuses the connection: %s", where(conf), reason(err))
}

// mayPass tells whether trying again may help: nobody answers, or the server is
// starting, stopping or full.
func mayPass(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return slices.Contains([]string{"57P01", "57P02", "57P03", "53300"}, refused.Code)
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded)
}

// reason is the cause of a failed connection in a line, without the address.
func reason(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Message
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return lookup.Err
	}
	var network *net.OpError
	if errors.As(err, &network) {
		err = network.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	// The driver names the user first; the cause comes in the last line.
	text := err.Error()
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
