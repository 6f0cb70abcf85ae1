package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
)

// Territory returns the territory's document as last saved; see bot.Registry.
func (s *Store) Territory(ctx context.Context) (document []byte, generation int64, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT t.value, g.number FROM setting t, setting g WHERE t.key = 'territory' AND g.key = 'generation'`).
		Scan(&document, &generation)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, bot.ErrNotFound
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the territory: %w", err)
	}
	return document, generation, nil
}

// SaveTerritory replaces the document and raises the generation.
func (s *Store) SaveTerritory(ctx context.Context, document []byte) (generation int64, err error) {
	err = s.write(ctx, "save", func(b *pgx.Batch) {
		b.Queue(nextGeneration).QueryRow(func(row pgx.Row) error { return row.Scan(&generation) })
		b.Queue(`
			INSERT INTO setting (key, value) VALUES ('territory', $1)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, document)
	})
	if err != nil {
		return 0, fmt.Errorf("save the territory: %w", err)
	}
	return generation, nil
}

// nextGeneration raises the number that every Load reads. It comes first in
// its transaction: whoever publishes or saves at the same time waits here.
const nextGeneration = `UPDATE setting SET number = number + 1 WHERE key = 'generation' RETURNING number`

const accountColumns = `a.id, a.email, a.name, a.org, a.team, a.role, a.password, a.disabled, a.created`

// accountFields are where accountColumns are scanned to.
func accountFields(a *bot.Account, created *pgtype.Timestamptz) []any {
	return []any{&a.ID, &a.Email, &a.Name, &a.Organisation, &a.Team, &a.Role, &a.Password, &a.Disabled, created}
}

func scanAccount(row pgx.Row) (a bot.Account, err error) {
	var created pgtype.Timestamptz
	err = row.Scan(accountFields(&a, &created)...)
	a.Created = moment(created)
	return a, err
}

// Advisers lists the accounts, by name.
func (s *Store) Advisers(ctx context.Context) ([]bot.Account, error) {
	all, err := list(ctx, s, func(row pgx.CollectableRow) (bot.Account, error) { return scanAccount(row) },
		`SELECT `+accountColumns+` FROM adviser a ORDER BY a.name, a.id`)
	if err != nil {
		return nil, fmt.Errorf("list the advisers: %w", err)
	}
	return all, nil
}

// Adviser finds an account by id or e-mail.
func (s *Store) Adviser(ctx context.Context, idOrEmail string) (bot.Account, error) {
	a, err := scanAccount(s.pool.QueryRow(ctx,
		`SELECT `+accountColumns+` FROM adviser a WHERE a.id = $1 OR a.email = $1`, idOrEmail))
	if errors.Is(err, pgx.ErrNoRows) {
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
	err := s.write(ctx, "save", func(b *pgx.Batch) {
		b.Queue(`
			DELETE FROM session USING adviser
			WHERE session.adviser = $1 AND adviser.id = $1 AND ($3 OR adviser.password <> $2)`, a.ID, a.Password, a.Disabled)
		b.Queue(`
			INSERT INTO adviser (id, email, name, org, team, role, password, disabled, created)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (id) DO UPDATE SET (email, name, org, team, role, password, disabled, created)
			= (excluded.email, excluded.name, excluded.org, excluded.team, excluded.role, excluded.password,
				excluded.disabled, excluded.created)`,
			a.ID, a.Email, a.Name, a.Organisation, a.Team, a.Role, a.Password, a.Disabled, stamp(a.Created))
	})
	if sqlstate(err) == "23505" { // the e-mail: the id is replaced
		return bot.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("save an adviser: %w", err)
	}
	return nil
}

// OpenSession keeps a session.
func (s *Store) OpenSession(ctx context.Context, in bot.SignIn) error {
	err := s.write(ctx, "save", func(b *pgx.Batch) {
		b.Queue(`
			INSERT INTO session (token, adviser, until, latest) VALUES ($1, $2, $3, $4)
			ON CONFLICT (token) DO UPDATE SET (adviser, until, latest) = (excluded.adviser, excluded.until, excluded.latest)`,
			in.TokenHash[:], in.Adviser, stamp(in.Until), stamp(in.Latest))
	})
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	return nil
}

// Signed finds the account behind a live session, and writes only when that
// moves its expiry.
func (s *Store) Signed(ctx context.Context, tokenHash [32]byte, now, until time.Time) (bot.Account, error) {
	a, moves, err := s.signed(ctx, tokenHash, now, until)
	if errors.Is(err, pgx.ErrNoRows) {
		return bot.Account{}, bot.ErrNotFound
	}
	if err != nil {
		return bot.Account{}, fmt.Errorf("find a session: %w", err)
	}
	if !moves {
		return a, nil
	}
	err = s.write(ctx, "save", func(b *pgx.Batch) {
		b.Queue(`UPDATE session SET until = greatest(until, least(latest, $2)) WHERE token = $1`, tokenHash[:], stamp(until))
	})
	if err != nil {
		return bot.Account{}, fmt.Errorf("keep a session: %w", err)
	}
	return a, nil
}

func (s *Store) signed(ctx context.Context, tokenHash [32]byte, now, until time.Time) (a bot.Account, moves bool, err error) {
	var created pgtype.Timestamptz
	err = s.pool.QueryRow(ctx, `
		SELECT `+accountColumns+`, least(s.latest, $3) > s.until FROM session s JOIN adviser a ON a.id = s.adviser
		WHERE s.token = $1 AND s.until > $2 AND s.latest > $2 AND NOT a.disabled`, tokenHash[:], stamp(now), stamp(until)).
		Scan(append(accountFields(&a, &created), &moves)...)
	a.Created = moment(created)
	return a, moves, err
}

// CloseSession ends a session; one that is unknown is no error.
func (s *Store) CloseSession(ctx context.Context, tokenHash [32]byte) error {
	err := s.write(ctx, "save", func(b *pgx.Batch) {
		b.Queue(`DELETE FROM session WHERE token = $1`, tokenHash[:])
	})
	if err != nil {
		return fmt.Errorf("close a session: %w", err)
	}
	return nil
}
