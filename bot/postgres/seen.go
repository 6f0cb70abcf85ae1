package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Known tells which events of a source took effect.
func (s *Store) Known(ctx context.Context, source string, events []string) (map[string]bool, error) {
	known := make(map[string]bool, len(events))
	rows, _ := s.pool.Query(ctx, `SELECT event FROM seen WHERE source = $1 AND event = ANY($2)`, source, events) // its error comes out of the rows
	var event string
	_, err := pgx.ForEachRow(rows, []any{&event}, func() error {
		known[event] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for events of %s: %w", source, err)
	}
	return known, nil
}
