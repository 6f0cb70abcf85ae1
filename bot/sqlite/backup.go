package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// Backup writes a consistent copy of the database to a new file, readable by
// its owner only, in a directory that is there, while the service goes on. The
// copy opens with the same master key.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := createFile(path); err != nil {
		return fmt.Errorf("create the backup: %w", err)
	}
	db, err := connect(s.path, 1, url.Values{"_busy_timeout": {"5000"}})
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	// VACUUM INTO accepts an empty file and refuses any other.
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}
