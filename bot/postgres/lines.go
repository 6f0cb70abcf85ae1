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

// lines marks, cancels what still waits, and adds the turn's own lines, which
// therefore stay.
func (w *writer) lines() {
	for _, m := range w.c.Marks {
		w.mark(m)
	}
	for _, c := range w.c.Cancels {
		w.cancel(c)
	}
	for i := range w.c.Lines {
		w.line(&w.c.Lines[i])
	}
}

func (w *writer) line(l *bot.Line) {
	org := "" // only a note belongs to one
	if l.Audience == bot.ForNote {
		org = w.org
	}
	w.Queue(`
		INSERT INTO line (conversation, n, thread, seq, from_, adviser, audience, org, at, key, epoch, lane, class,
			delivery, provider, error, segments, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		uid(w.id), l.N, uid(l.Thread), l.Seq, string(l.From), l.Adviser, string(l.Audience), org, stamp(l.At), l.Key,
		l.Epoch, int16(l.Lane), l.Class, int16(l.Delivery), l.Provider, l.Error, l.Segments, w.key.SealLine(l))
}

// cancel withdraws what has not begun to leave. The crisis lane always leaves.
func (w *writer) cancel(c bot.Cancel) {
	w.Queue(`
		UPDATE line SET delivery = 8
		WHERE conversation = coalesce($1, (SELECT conversation FROM thread WHERE id = $2))
			AND delivery = 1 AND lane <> 0
			AND ($2::uuid IS NULL OR thread = $2) AND (NOT $3 OR from_ = 'assistant') AND ($4 = '' OR class = $4)`,
		uid(w.id), uid(c.Thread), c.Bot, c.Class)
}

// mark raises how far a line got. Failed and cancelled lines stay so; a lower
// rank only fills in what was not known: the operator's id, the segments.
func (w *writer) mark(m bot.Mark) {
	where, args := `conversation = $5 AND n = $6`, []any{int16(m.Delivery), m.Error, m.Provider, m.Segments, uid(m.Conversation), m.N}
	if m.N == 0 {
		if m.Provider == "" {
			return
		}
		where, args = `provider = $3 AND provider <> ''`, args[:4]
	}
	w.Queue(`
		UPDATE line SET
			delivery = CASE WHEN $1 > delivery AND delivery < 7 OR $1 = 1 AND delivery = 2 THEN $1 ELSE delivery END,
			error    = CASE WHEN $2 <> 0 AND $1 >= delivery AND delivery < 7 THEN $2 ELSE error END,
			provider = CASE WHEN $3 <> '' AND (provider = '' OR $1 >= delivery) THEN $3 ELSE provider END,
			segments = CASE WHEN $4 <> 0 AND (segments = 0 OR $1 >= delivery) THEN $4 ELSE segments END
		WHERE `+where, args...)
}

// Outbox returns the address of a thread and its lines not yet over, in order;
// see bot.Store.
func (s *Store) Outbox(ctx context.Context, thread bot.ID, limit int) (bot.Outbox, error) {
	var box bot.Outbox
	var conversation, person pgtype.UUID
	var address, state, wrapped []byte
	err := s.pool.QueryRow(ctx, `
		SELECT c.id, c.person, t.address, c.state, p.key,
			EXISTS (SELECT FROM opt_out o WHERE o.hash = t.hash AND o.ended IS NULL)
		FROM thread t JOIN conversation c ON c.id = t.conversation JOIN person p ON p.id = c.person
		WHERE t.id = $1`, uid(thread)).Scan(&conversation, &person, &address, &state, &wrapped, &box.OptedOut)
	if errors.Is(err, pgx.ErrNoRows) {
		return box, bot.ErrNotFound
	}
	if err != nil {
		return box, fmt.Errorf("read the outbox of thread %s: %w", thread, err)
	}
	box.Conversation = conversation.Bytes
	key, err := s.keys.Unwrap(wrapped, person.Bytes)
	if err != nil {
		return box, fmt.Errorf("read the outbox of thread %s: %w", thread, err)
	}
	if box.Address, err = key.OpenAddress(thread, address); err != nil {
		return box, err
	}
	c, err := key.OpenState(box.Conversation, state)
	if err != nil {
		return box, err
	}
	if th := c.Thread(thread); th != nil {
		box.Own = th.Own
	}
	box.Lines, err = s.queryLines(ctx, key, `
		SELECT `+lineColumns+` FROM line l
		WHERE l.thread = $1 AND l.delivery IN (1, 2) ORDER BY l.lane > 0, l.n LIMIT $2`, uid(thread), limit)
	return box, err
}

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
		WHERE l.thread = $1 AND l.seq > greatest($2, 0::bigint) AND l.audience = 'all'
		ORDER BY l.seq LIMIT $3`, uid(q.Thread), q.After, limit)
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
	return s.keys.Unwrap(wrapped, who.Bytes)
}

// queryLines reads lines with their columns as lineColumns names them.
func (s *Store) queryLines(ctx context.Context, key *seal.Key, query string, args ...any) ([]bot.Line, error) {
	lines, err := list(ctx, s, func(row pgx.CollectableRow) (bot.Line, error) { return scanLine(row, key) }, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return lines, nil
}

func scanLine(row pgx.CollectableRow, key *seal.Key) (l bot.Line, err error) {
	var conversation, thread pgtype.UUID
	var at pgtype.Timestamptz
	var body []byte
	err = row.Scan(&conversation, &l.N, &thread, &l.Seq, &l.From, &l.Adviser, &l.Audience, &at, &l.Key, &l.Epoch,
		&l.Lane, &l.Class, &l.Delivery, &l.Provider, &l.Error, &l.Segments, &body)
	if err != nil {
		return l, err
	}
	l.Conversation, l.Thread, l.At = conversation.Bytes, thread.Bytes, moment(at)
	return l, key.OpenLine(body, &l)
}
