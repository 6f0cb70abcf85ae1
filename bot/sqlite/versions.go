package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"relais/bot"
)

// Publish keeps versions not yet known, and makes exactly these the current
// ones. Publishing what is current already changes nothing.
func (s *Store) Publish(ctx context.Context, versions []bot.Version) (generation int64, err error) {
	err = s.writer.write(ctx, save, func(t *tx) error {
		changed, err := t.differs(versions)
		if err != nil {
			return err
		}
		if !changed {
			return t.row(`SELECT value FROM setting WHERE key = 'generation'`).Scan(&generation)
		}
		if _, err := t.exec(`DELETE FROM current`); err != nil {
			return err
		}
		for _, v := range versions {
			if err := t.publish(v); err != nil {
				return err
			}
		}
		generation, err = t.nextGeneration()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("publish flows: %w", err)
	}
	return generation, nil
}

// differs tells whether the current versions are others than these.
func (t *tx) differs(versions []bot.Version) (bool, error) {
	var current int
	if err := t.row(`SELECT count(*) FROM current`).Scan(&current); err != nil {
		return false, err
	}
	if current != len(versions) {
		return true, nil
	}
	for _, v := range versions {
		var same bool
		err := t.row(`SELECT EXISTS (SELECT 1 FROM current WHERE name = ? AND hash = ?)`, v.Name, v.Hash).Scan(&same)
		if err != nil || !same {
			return true, err
		}
	}
	return false, nil
}

func (t *tx) publish(v bot.Version) error {
	files, err := json.Marshal(v.Files)
	if err != nil {
		return fmt.Errorf("write the files of %s: %w", v.Name, err)
	}
	_, err = t.exec(`INSERT INTO version (name, hash, files, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		v.Name, v.Hash, string(files), micro(v.At))
	if err != nil {
		return fmt.Errorf("keep version %s of %s: %w", v.Hash, v.Name, err)
	}
	if _, err := t.exec(`INSERT INTO current (name, hash) VALUES (?, ?)`, v.Name, v.Hash); err != nil {
		return fmt.Errorf("make version %s of %s current: %w", v.Hash, v.Name, err)
	}
	return nil
}

// nextGeneration raises the number that every Load reads.
func (t *tx) nextGeneration() (generation int64, err error) {
	err = t.row(`UPDATE setting SET value = value + 1 WHERE key = 'generation' RETURNING value`).Scan(&generation)
	return generation, err
}

const versionColumns = `v.name, v.hash, v.files, v.at`

// Published returns the generation and the current versions, by name.
func (s *Store) Published(ctx context.Context) (generation int64, current []bot.Version, err error) {
	// The generation is read first: if somebody publishes in between, the
	// caller holds newer flows under an older number, and reads again.
	err = s.reader.row(ctx, `SELECT value FROM setting WHERE key = 'generation'`).Scan(&generation)
	if err != nil {
		return 0, nil, fmt.Errorf("read the generation: %w", err)
	}
	err = s.reader.each(ctx, func(row scanner) error {
		v, err := versionOf(row)
		current = append(current, v)
		return err
	}, `SELECT `+versionColumns+` FROM current c JOIN version v ON v.name = c.name AND v.hash = c.hash ORDER BY v.name`)
	if err != nil {
		return 0, nil, fmt.Errorf("read the current flows: %w", err)
	}
	return generation, current, nil
}

// Version returns one version that was ever published.
func (s *Store) Version(ctx context.Context, name, hash string) (bot.Version, error) {
	v, err := versionOf(s.reader.row(ctx,
		`SELECT `+versionColumns+` FROM version v WHERE v.name = ? AND v.hash = ?`, name, hash))
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Version{}, bot.ErrNotFound
	}
	if err != nil {
		return bot.Version{}, fmt.Errorf("read version %s of %s: %w", hash, name, err)
	}
	return v, nil
}

func versionOf(row scanner) (v bot.Version, err error) {
	var (
		files string
		at    sql.NullInt64
	)
	if err = row.Scan(&v.Name, &v.Hash, &files, &at); err != nil {
		return v, err
	}
	v.At = moment(at)
	return v, json.Unmarshal([]byte(files), &v.Files)
}

// Waiting counts the people at each step.
func (s *Store) Waiting(ctx context.Context) ([]bot.Waiting, error) {
	var waiting []bot.Waiting
	err := s.reader.each(ctx, func(row scanner) error {
		var w bot.Waiting
		err := row.Scan(&w.Step, &w.People)
		waiting = append(waiting, w)
		return err
	}, `SELECT step, count(*) FROM conversation WHERE step <> '' GROUP BY step ORDER BY step`)
	if err != nil {
		return nil, fmt.Errorf("count who waits where: %w", err)
	}
	return waiting, nil
}
