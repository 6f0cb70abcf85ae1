package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"relais/bot"
)

// Territory returns the territory's document as last saved.
func (s *Store) Territory(ctx context.Context) (document []byte, generation int64, err error) {
	err = s.reader.row(ctx, `
		SELECT t.value, g.value FROM setting t, setting g WHERE t.key = 'territory' AND g.key = 'generation'`).
		Scan(&document, &generation)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, bot.ErrNotFound
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the territory: %w", err)
	}
	return document, generation, nil
}

// SaveTerritory replaces the document and raises the generation.
func (s *Store) SaveTerritory(ctx context.Context, document []byte) (generation int64, err error) {
	err = s.writer.write(ctx, save, func(t *tx) error {
		_, err := t.exec(`INSERT OR REPLACE INTO setting (key, value) VALUES ('territory', ?)`, document)
		if err != nil {
			return err
		}
		generation, err = t.nextGeneration()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("save the territory: %w", err)
	}
	return generation, nil
}

const accountColumns = `a.id, a.email, a.name, a.org, a.team, a.role, a.password, a.disabled, a.created`

func accountOf(row scanner) (a bot.Account, err error) {
	var created sql.NullInt64
	err = row.Scan(&a.ID, &a.Email, &a.Name, &a.Organisation, &a.Team, &a.Role, &a.Password, &a.Disabled, &created)
	a.Created = moment(created)
	return a, err
}

// Advisers lists the accounts, by name.
func (s *Store) Advisers(ctx context.Context) ([]bot.Account, error) {
	var all []bot.Account
	err := s.reader.each(ctx, func(row scanner) error {
		a, err := accountOf(row)
		all = append(all, a)
		return err
	}, `SELECT `+accountColumns+` FROM adviser a ORDER BY a.name, a.id`)
	if err != nil {
		return nil, fmt.Errorf("list the advisers: %w", err)
	}
	return all, nil
}

// Adviser finds an account by id or e-mail.
func (s *Store) Adviser(ctx context.Context, idOrEmail string) (bot.Account, error) {
	a, err := accountOf(s.reader.row(ctx,
		`SELECT `+accountColumns+` FROM adviser a WHERE a.id = ?1 OR a.email = ?1`, idOrEmail))
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Account{}, bot.ErrNotFound
	}
	if err != nil {
		return bot.Account{}, fmt.Errorf("find an adviser: %w", err)
	}
	return a, nil
}

// SaveAdviser creates or replaces an account. A disabled account and one with
// a new password lose their sessions.
func (s *Store) SaveAdviser(ctx context.Context, a bot.Account) error {
	err := s.writer.write(ctx, save, func(t *tx) error {
		_, err := t.exec(`
			DELETE FROM session WHERE adviser = ?1 AND
				(?3 OR ?2 <> (SELECT password FROM adviser WHERE id = ?1))`, a.ID, a.Password, a.Disabled)
		if err != nil {
			return err
		}
		_, err = t.exec(`
			INSERT INTO adviser (id, email, name, org, team, role, password, disabled, created)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, org = excluded.org,
				team = excluded.team, role = excluded.role, password = excluded.password,
				disabled = excluded.disabled, created = excluded.created`,
			a.ID, a.Email, a.Name, a.Organisation, a.Team, a.Role, a.Password, a.Disabled, micro(a.Created))
		return err
	})
	if err != nil {
		return conflict(err, "save an adviser")
	}
	return nil
}

// OpenSession keeps a session under the hash of its token.
func (s *Store) OpenSession(ctx context.Context, in bot.SignIn) error {
	err := s.writer.write(ctx, save, func(t *tx) error {
		_, err := t.exec(`INSERT OR REPLACE INTO session (token, adviser, until, latest) VALUES (?, ?, ?, ?)`,
			in.TokenHash[:], in.Adviser, due(in.Until), due(in.Latest))
		return err
	})
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	return nil
}

// Signed finds the account behind a live session. It writes only when the
// expiry moves.
func (s *Store) Signed(ctx context.Context, tokenHash [32]byte, now, until time.Time) (bot.Account, error) {
	var expiry, latest int64
	a, err := accountOf(withTail{s.reader.row(ctx, `
		SELECT `+accountColumns+`, s.until, s.latest FROM session s JOIN adviser a ON a.id = s.adviser
		WHERE s.token = ? AND s.until > ?2 AND s.latest > ?2 AND a.disabled = 0`, tokenHash[:], due(now)),
		[]any{&expiry, &latest}})
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Account{}, bot.ErrNotFound
	}
	if err != nil {
		return bot.Account{}, fmt.Errorf("find a session: %w", err)
	}
	to := min(due(until), latest)
	if to <= expiry {
		return a, nil
	}
	err = s.writer.write(ctx, save, func(t *tx) error {
		_, err := t.exec(`UPDATE session SET until = max(until, ?) WHERE token = ?`, to, tokenHash[:])
		return err
	})
	if err != nil {
		return bot.Account{}, fmt.Errorf("keep a session: %w", err)
	}
	return a, nil
}

// CloseSession ends a session; one that is unknown is no error.
func (s *Store) CloseSession(ctx context.Context, tokenHash [32]byte) error {
	err := s.writer.write(ctx, save, func(t *tx) error {
		_, err := t.exec(`DELETE FROM session WHERE token = ?`, tokenHash[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("close a session: %w", err)
	}
	return nil
}
