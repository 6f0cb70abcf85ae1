package sqlite

import (
	"context"
	"fmt"
)

// Known tells which events of a source took effect.
func (s *Store) Known(ctx context.Context, source string, events []string) (map[string]bool, error) {
	known := make(map[string]bool, len(events))
	err := s.reader.each(ctx, func(row scanner) error {
		var event string
		err := row.Scan(&event)
		known[event] = true
		return err
	}, `SELECT event FROM seen WHERE source = ? AND event IN (SELECT value FROM json_each(?))`, source, list(events))
	if err != nil {
		return nil, fmt.Errorf("look for events of %s: %w", source, err)
	}
	return known, nil
}
