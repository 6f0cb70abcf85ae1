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
	read, err := s.outbox(s.reader.in(ctx), thread, limit)
	return read.Outbox, err
}

// outbox is an outbox as it stood at a version of its conversation.
type outbox struct {
	bot.Outbox
	version int64
}

// outbox reads the version before the lines: an outbox with lines of a later
// one is not taken for that of this one.
func (s *Store) outbox(from source, thread bot.ID, limit int) (outbox, error) {
	var (
		box                                       outbox
		conversation, person, address, state, key []byte
	)
	err := from.row(`
		SELECT c.id, c.version, c.person, t.address, c.state, p.key,
			EXISTS (SELECT 1 FROM opt_out o WHERE o.hash = t.hash AND o.ended IS NULL)
		FROM thread t JOIN conversation c ON c.id = t.conversation JOIN person p ON p.id = c.person
		WHERE t.id = ?`, thread[:]).Scan(&conversation, &box.version, &person, &address, &state, &key, &box.OptedOut)
	if errors.Is(err, sql.ErrNoRows) {
		return box, bot.ErrNotFound
	}
	if err != nil {
		return box, fmt.Errorf("read the outbox of thread %s: %w", thread, err)
	}
	box.Conversation = idOf(conversation)
	opened, err := s.key(from, box.Conversation, idOf(person), key)
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
	if done, err := t.beginAhead(c.Begin); done || err != nil {
		return err
	}
	box, err := s.outbox(t, c.Begin.Thread, 2)
	if errors.Is(err, bot.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Begin.Outbox = box.Outbox
	if len(box.Lines) == 0 {
		return nil
	}
	c.Begin.Earlier = box.Lines[0].Delivery == bot.Begun
	if !leaves(box.Outbox) {
		return nil
	}
	_, err = t.beginFirst(box)
	return err
}

// leaves tells whether the first line of an outbox waits, and may leave.
func leaves(box bot.Outbox) bool {
	return len(box.Lines) > 0 && box.Lines[0].Delivery == bot.Pending && (!box.OptedOut || box.Lines[0].DespiteOptOut())
}

// beginFirst begins the first line of an outbox, and tells whether that still
// waited at the version that the outbox was read at.
func (t *tx) beginFirst(box outbox) (bool, error) {
	first := &box.Lines[0]
	n, err := t.exec(`
		UPDATE line SET delivery = 2
		WHERE conversation = ?1 AND n = ?2 AND delivery = 1 AND (SELECT version FROM conversation WHERE id = ?1) = ?3`,
		first.Conversation[:], first.N, box.version)
	if err != nil {
		return false, fmt.Errorf("begin line %d: %w", first.N, err)
	}
	if n > 0 {
		first.Delivery = bot.Begun
	}
	return n > 0, nil
}
