package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"sync"

	"github.com/jackc/pgx/v5"

	"relais/test/pgserver"
)

// server lends the databases of a private server, which ends with the test
// process. A database that was given back is emptied and lent again, which is
// quicker than making one.
type server struct {
	*pgserver.Server

	mu   sync.Mutex
	free []*url.URL
}

func startServer() (*server, error) {
	s, err := pgserver.Start(context.Background(), pgserver.Config{Settings: []string{"autovacuum=off"}})
	if err != nil {
		return nil, err
	}
	return &server{Server: s}, nil
}

func (s *server) take() (*url.URL, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 {
		dsn := s.free[last]
		s.free = s.free[:last]
		return dsn, nil
	}
	return createDatabase(s.URL("postgres"))
}

func (s *server) giveBack(dsn *url.URL) error {
	name := pgx.Identifier{dsn.Path[1:]}.Sanitize()
	err := execute(dsn, `
		ALTER DATABASE `+name+` RESET ALL;
		ALTER ROLE CURRENT_USER IN DATABASE `+name+` RESET ALL;
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid();
		DROP SCHEMA public CASCADE;
		CREATE SCHEMA public`)
	if err != nil {
		return fmt.Errorf("empty the test's database: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, dsn)
	return nil
}
