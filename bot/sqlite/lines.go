package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"relais/bot"
	"relais/bot/seal"
)

// lineColumns are read by lineOf, in that order.
const lineColumns = `l.conversation, l.n, l.thread, l.seq, l.from_, l.adviser, l.audience, l.at, l.key, l.epoch, l.lane,
	l.class, l.delivery, l.provider, l.error, l.segments, l.body`

// putLines withdraws what waits, then adds the turn's own lines, which
// therefore stay.
func (s *Store) putLines(t *tx, c *bot.Commit, at place) error {
	for _, withdrawn := range c.Cancels {
		if err := t.withdraw(withdrawn, at); err != nil {
			return err
		}
	}
	for first := 0; first < len(c.Lines); first += len(addLines) {
		end := min(first+len(addLines), len(c.Lines))
		if err := t.addLines(c.Lines[first:end], at.sealed.Lines[first:end], at); err != nil {
			return err
		}
	}
	return nil
}

// addLines are the statements that add one line, two lines, and so on: one
// statement costs less than two.
var addLines = [4]string{lineRows(1), lineRows(2), lineRows(3), lineRows(4)}

func lineRows(n int) string {
	const row = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	return `
		INSERT INTO line (conversation, n, thread, seq, from_, adviser, audience, org, at, key, epoch, lane, class,
			delivery, provider, error, segments, body)
		VALUES ` + row + strings.Repeat(`, `+row, n-1)
}

func (t *tx) addLines(lines []bot.Line, bodies [][]byte, at place) error {
	args := make([]any, 0, 18*len(lines))
	for i := range lines {
		l := &lines[i]
		if l.Conversation != at.id {
			return fmt.Errorf("add line %d: it belongs to another conversation", l.N)
		}
		delivery := l.Delivery
		if l.N == at.begun {
			delivery = bot.Begun
		}
		args = append(args, l.Conversation[:], l.N, nullable(l.Thread), l.Seq, string(l.From), l.Adviser, string(l.Audience),
			orgOf(l, at), micro(l.At), l.Key, l.Epoch, int64(l.Lane), l.Class, int64(delivery), l.Provider, l.Error, l.Segments,
			bodies[i])
	}
	if _, err := t.exec(addLines[len(lines)-1], args...); err != nil {
		return fmt.Errorf("add lines from %d: %w", lines[0].N, err)
	}
	return nil
}

// orgOf is the organisation a note belongs to: the one that owned the
// conversation, whoever owns it later.
func orgOf(l *bot.Line, at place) string {
	if l.Audience == bot.ForNote {
		return at.org
	}
	return ""
}

func (t *tx) withdraw(c bot.Cancel, at place) error {
	if c.Thread.IsZero() && at.id.IsZero() {
		return errHomeless
	}
	_, err := t.exec(`
		UPDATE line SET delivery = 8
		WHERE conversation = coalesce(?1, (SELECT conversation FROM thread WHERE id = ?2))
			AND delivery IN (1, 2) AND delivery = 1 AND lane <> 0
			AND (?2 IS NULL OR thread = ?2) AND (NOT ?3 OR from_ = 'assistant') AND (?4 = '' OR class = ?4)`,
		nullable(at.id), nullable(c.Thread), c.Bot, c.Class)
	if err != nil {
		return fmt.Errorf("withdraw pending lines: %w", err)
	}
	return nil
}

// putMarks raises how far lines got. Failed and cancelled lines stay so; a
// lower rank only fills in what was not known: the operator's id, the segments.
func (s *Store) putMarks(t *tx, c *bot.Commit, _ place) error {
	for _, m := range c.Marks {
		_, err := t.exec(`
			UPDATE line SET
				delivery = CASE WHEN ?1 > delivery AND delivery < 7 OR ?1 = 1 AND delivery = 2 THEN ?1 ELSE delivery END,
				error    = CASE WHEN ?2 <> 0 AND ?1 >= delivery AND delivery < 7 THEN ?2 ELSE error END,
				provider = CASE WHEN ?3 <> '' AND (provider = '' OR ?1 >= delivery) THEN ?3 ELSE provider END,
				segments = CASE WHEN ?4 <> 0 AND (segments = 0 OR ?1 >= delivery) THEN ?4 ELSE segments END
			WHERE conversation = ?5 AND n = ?6`, int64(m.Delivery), m.Error, m.Provider, m.Segments, m.Conversation[:], m.N)
		if err != nil {
			return fmt.Errorf("mark line %d: %w", m.N, err)
		}
	}
	return nil
}

// History returns lines of one conversation, oldest first; none when it is not
// known.
func (s *Store) History(ctx context.Context, q bot.HistoryQuery) ([]bot.Line, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 500
	}
	if !q.Thread.IsZero() {
		return s.threadHistory(ctx, q.Thread, q.After, limit)
	}
	key, err := s.keyOf(ctx, `SELECT person FROM conversation WHERE id = ?`, q.Conversation)
	if key == nil {
		return nil, err
	}
	return s.lines(ctx, key, `
		SELECT `+lineColumns+` FROM line l
		WHERE l.conversation = ? AND l.n > ? ORDER BY l.n LIMIT ?`, q.Conversation[:], q.After, limit)
}

// threadHistory returns what the person may see. A line's number in its thread
// is never above its number in the conversation, so the search may start there.
func (s *Store) threadHistory(ctx context.Context, thread bot.ID, after int64, limit int) ([]bot.Line, error) {
	key, err := s.keyOf(ctx, `
		SELECT c.person FROM thread t JOIN conversation c ON c.id = t.conversation WHERE t.id = ?`, thread)
	if key == nil {
		return nil, err
	}
	return s.lines(ctx, key, `
		SELECT `+lineColumns+` FROM line l
		WHERE l.conversation = (SELECT conversation FROM thread WHERE id = ?1)
			AND l.n > ?2 AND l.thread = ?1 AND l.seq > ?2 AND l.audience = 'all'
		ORDER BY l.n LIMIT ?3`, thread[:], max(after, 0), limit)
}

// keyOf opens the key of the person that a query names; nil when it names
// nobody.
func (s *Store) keyOf(ctx context.Context, person string, id bot.ID) (*seal.Key, error) {
	var who, key []byte
	err := s.reader.row(ctx, `SELECT id, key FROM person WHERE id = (`+person+`)`, id[:]).Scan(&who, &key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a person's key: %w", err)
	}
	return s.keys.Unwrap(key, idOf(who))
}

// lines reads lines with their columns as lineColumns names them.
func (s *Store) lines(ctx context.Context, key *seal.Key, query string, args ...any) ([]bot.Line, error) {
	return linesOf(s.reader.in(ctx), key, query, args...)
}

func linesOf(from source, key *seal.Key, query string, args ...any) ([]bot.Line, error) {
	var found []bot.Line
	err := from.each(func(row scanner) error {
		l, err := lineOf(row, key)
		found = append(found, l)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return found, nil
}

func lineOf(row scanner, key *seal.Key) (l bot.Line, err error) {
	var (
		conversation, thread, body []byte
		at                         sql.NullInt64
	)
	err = row.Scan(&conversation, &l.N, &thread, &l.Seq, &l.From, &l.Adviser, &l.Audience, &at, &l.Key, &l.Epoch,
		&l.Lane, &l.Class, &l.Delivery, &l.Provider, &l.Error, &l.Segments, &body)
	if err != nil {
		return l, err
	}
	l.Conversation, l.Thread, l.At = idOf(conversation), idOf(thread), moment(at)
	return l, key.OpenLine(body, &l)
}
