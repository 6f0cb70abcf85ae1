package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"relais/bot"
)

// Outbox returns the address of a thread and its lines not yet over, in order.
func (s *Store) Outbox(ctx context.Context, thread bot.ID, limit int) (bot.Outbox, error) {
	return s.outbox(s.reader.in(ctx), thread, limit)
}

func (s *Store) outbox(from source, thread bot.ID, limit int) (bot.Outbox, error) {
	var (
		box                                       bot.Outbox
		conversation, person, address, state, key []byte
	)
	err := from.row(`
		SELECT c.id, c.person, t.address, c.state, p.key,
			EXISTS (SELECT 1 FROM opt_out o WHERE o.hash = t.hash AND o.ended IS NULL)
		FROM thread t JOIN conversation c ON c.id = t.conversation JOIN person p ON p.id = c.person
		WHERE t.id = ?`, thread[:]).Scan(&conversation, &person, &address, &state, &key, &box.OptedOut)
	if errors.Is(err, sql.ErrNoRows) {
		return box, bot.ErrNotFound
	}
	if err != nil {
		return box, fmt.Errorf("read the outbox of thread %s: %w", thread, err)
	}
	box.Conversation = idOf(conversation)
	opened, err := s.key(box.Conversation, idOf(person), key)
	if err != nil {
		return box, fmt.Errorf("read the outbox of thread %s: %w", thread, err)
	}
	if box.Address, err = opened.OpenAddress(thread, address); err != nil {
		return box, err
	}
	c, err := opened.OpenState(box.Conversation, state)
	if err != nil {
		return box, err
	}
	if th := c.Thread(thread); th != nil {
		box.Own = th.Own
	}
	box.Lines, err = linesOf(from, opened, `
		SELECT `+lineColumns+` FROM line l
		WHERE l.conversation = ? AND l.delivery IN (1, 2) AND l.thread = ?
		ORDER BY l.lane > 0, l.n LIMIT ?`, conversation, thread[:], max(limit, 0))
	return box, err
}

// begin marks the first waiting line of a thread as begun, and tells what its
// outbox holds then; see bot.Begin.
func (s *Store) begin(t *tx, c *bot.Commit, _ place) error {
	if c.Begin == nil {
		return nil
	}
	*c.Begin = bot.Begin{Thread: c.Begin.Thread}
	box, err := s.outbox(t, c.Begin.Thread, 2)
	if errors.Is(err, bot.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(box.Lines) > 0 {
		first := &box.Lines[0]
		c.Begin.Earlier = first.Delivery == bot.Begun
		if !c.Begin.Earlier && (!box.OptedOut || first.DespiteOptOut()) {
			_, err := t.exec(`UPDATE line SET delivery = 2 WHERE conversation = ? AND n = ?`, first.Conversation[:], first.N)
			if err != nil {
				return fmt.Errorf("begin line %d: %w", first.N, err)
			}
			first.Delivery = bot.Begun
		}
	}
	c.Begin.Outbox = box
	return nil
}
