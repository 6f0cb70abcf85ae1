package postgres

import (
	"context"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolOf gives tests the connections that turns and desks share.
func PoolOf(s *Store) *pgxpool.Pool { return s.pool }

// MigrateFrom migrates with the files of a test.
func MigrateFrom(ctx context.Context, cfg Config, files fs.FS, to int64) (before, after int64, err error) {
	return migrate(ctx, cfg, files, to)
}
