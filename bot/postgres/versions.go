package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
)

// Publish keeps versions not yet known, and makes exactly these the current
// ones. Publishing what is current already changes nothing.
func (s *Store) Publish(ctx context.Context, versions []bot.Version) (generation int64, err error) {
	err = s.transact(ctx, "save", func(tx pgx.Tx) error {
		// The lock keeps two publications apart.
		err := tx.QueryRow(ctx, `SELECT number FROM setting WHERE key = 'generation' FOR UPDATE`).Scan(&generation)
		if err != nil {
			return err
		}
		same, err := areCurrent(ctx, tx, versions)
		if err != nil || same {
			return err
		}
		generation++
		return publish(ctx, tx, versions)
	})
	if err != nil {
		return 0, fmt.Errorf("publish flows: %w", err)
	}
	return generation, nil
}

// areCurrent tells whether exactly these versions are current.
func areCurrent(ctx context.Context, tx pgx.Tx, versions []bot.Version) (bool, error) {
	rows, err := tx.Query(ctx, `SELECT name, hash FROM current`)
	if err != nil {
		return false, err
	}
	type published struct{ Name, Hash string }
	current, err := pgx.CollectRows(rows, pgx.RowToStructByPos[published])
	if err != nil || len(current) != len(versions) {
		return false, err
	}
	for _, v := range versions {
		if !slices.Contains(current, published{v.Name, v.Hash}) {
			return false, nil
		}
	}
	return true, nil
}

func publish(ctx context.Context, tx pgx.Tx, versions []bot.Version) error {
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM current`)
	for _, v := range versions {
		files, err := json.Marshal(v.Files)
		if err != nil {
			return fmt.Errorf("write the files of %s: %w", v.Name, err)
		}
		b.Queue(`INSERT INTO version (name, hash, files, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			v.Name, v.Hash, files, stamp(v.At))
		b.Queue(`INSERT INTO current (name, hash) VALUES ($1, $2)`, v.Name, v.Hash)
	}
	b.Queue(nextGeneration)
	return tx.SendBatch(ctx, b).Close()
}

const versionColumns = `v.name, v.hash, v.files, v.at`

func scanVersion(row pgx.Row) (v bot.Version, err error) {
	var files []byte
	var at pgtype.Timestamptz
	if err = row.Scan(&v.Name, &v.Hash, &files, &at); err != nil {
		return v, err
	}
	v.At = moment(at)
	return v, json.Unmarshal(files, &v.Files)
}

// Published returns the generation and the current versions, by name.
func (s *Store) Published(ctx context.Context) (generation int64, current []bot.Version, err error) {
	// The generation is read first: if somebody publishes in between, the
	// caller holds newer flows under an older number, and reads again.
	if err := s.pool.QueryRow(ctx, `SELECT number FROM setting WHERE key = 'generation'`).Scan(&generation); err != nil {
		return 0, nil, fmt.Errorf("read the generation: %w", err)
	}
	current, err = list(ctx, s, func(row pgx.CollectableRow) (bot.Version, error) { return scanVersion(row) }, `
		SELECT `+versionColumns+` FROM current c JOIN version v USING (name, hash) ORDER BY v.name`)
	if err != nil {
		return 0, nil, fmt.Errorf("read the current flows: %w", err)
	}
	return generation, current, nil
}

// Version returns one version that was ever published.
func (s *Store) Version(ctx context.Context, name, hash string) (bot.Version, error) {
	v, err := scanVersion(s.pool.QueryRow(ctx,
		`SELECT `+versionColumns+` FROM version v WHERE v.name = $1 AND v.hash = $2`, name, hash))
	if errors.Is(err, pgx.ErrNoRows) {
		return bot.Version{}, bot.ErrNotFound
	}
	if err != nil {
		return bot.Version{}, fmt.Errorf("read version %s of %s: %w", hash, name, err)
	}
	return v, nil
}

// Waiting counts the people at each step.
func (s *Store) Waiting(ctx context.Context) ([]bot.Waiting, error) {
	waiting, err := list(ctx, s, pgx.RowToStructByPos[bot.Waiting], `
		SELECT step, count(*) FROM conversation WHERE step <> '' GROUP BY step ORDER BY step`)
	if err != nil {
		return nil, fmt.Errorf("count who waits where: %w", err)
	}
	return waiting, nil
}
