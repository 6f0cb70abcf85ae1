package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
	"relais/bot/seal"
)

// lineColumns are read by scanLine, in that order.
const lineColumns = `l.conversation, l.n, l.thread, l.seq, l.from_, l.adviser, l.audience, l.at, l.key, l.epoch, l.lane,
	l.class, l.delivery, l.provider, l.error, l.segments, l.body`

// History returns lines of one conversation, oldest first, none when it is not
// known; see bot.Store.
func (s *Store) History(ctx context.Context, q bot.HistoryQuery) ([]bot.Line, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 500
	}
	if q.Thread.IsZero() {
		key, err := s.keyOf(ctx, `SELECT person FROM conversation WHERE id = $1`, q.Conversation)
		if key == nil {
			return nil, err
		}
		return s.queryLines(ctx, key, `
			SELECT `+lineColumns+` FROM line l
			WHERE l.conversation = $1 AND l.n > $2 ORDER BY l.n LIMIT $3`, uid(q.Conversation), q.After, limit)
	}
	key, err := s.keyOf(ctx, `
		SELECT c.person FROM thread t JOIN conversation c ON c.id = t.conversation WHERE t.id = $1`, q.Thread)
	if key == nil {
		return nil, err
	}
	return s.queryLines(ctx, key, `
		SELECT `+lineColumns+` FROM line l
		WHERE l.conversation = (SELECT conversation FROM thread WHERE id = $1)
			AND l.n > greatest($2, 0::bigint) AND l.thread = $1 AND l.seq > greatest($2, 0::bigint) AND l.audience = 'all'
		ORDER BY l.n LIMIT $3`, uid(q.Thread), q.After, limit)
}

// keyOf opens the key of the person that a query names by an id; nil when it
// names nobody.
func (s *Store) keyOf(ctx context.Context, person string, id bot.ID) (*seal.Key, error) {
	var who pgtype.UUID
	var wrapped []byte
	err := s.pool.QueryRow(ctx, `SELECT id, key FROM person WHERE id = (`+person+`)`, uid(id)).Scan(&who, &wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a person's key: %w", err)
	}
	return s.personKey(who.Bytes, wrapped)
}

// queryLines reads lines with their columns as lineColumns names them.
func (s *Store) queryLines(ctx context.Context, key *seal.Key, query string, args ...any) ([]bot.Line, error) {
	lines, err := list(ctx, s, func(row pgx.CollectableRow) (bot.Line, error) { return scanLine(row, key) }, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return lines, nil
}

// sealedLine is a line as it is stored.
type sealedLine struct {
	bot.Line
	sealed []byte
}

func scanLine(row pgx.CollectableRow, key *seal.Key) (bot.Line, error) {
	l, err := scanSealed(row)
	if err != nil {
		return l.Line, err
	}
	return l.Line, key.OpenLine(l.sealed, &l.Line)
}

// scanSealed reads a line whose key is not known yet. What is sealed is good
// until the next row. more are the columns after those of the line.
func scanSealed(row pgx.CollectableRow, more ...any) (l sealedLine, err error) {
	var conversation, thread pgtype.UUID
	var at pgtype.Timestamptz
	err = row.Scan(append([]any{&conversation, &l.N, &thread, &l.Seq, &l.From, &l.Adviser, &l.Audience, &at, &l.Key, &l.Epoch,
		&l.Lane, &l.Class, &l.Delivery, &l.Provider, &l.Error, &l.Segments, (*pgtype.DriverBytes)(&l.sealed)}, more...)...)
	l.Conversation, l.Thread, l.At = conversation.Bytes, thread.Bytes, moment(at)
	return l, err
}
