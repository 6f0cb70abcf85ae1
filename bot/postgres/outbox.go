package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
	"relais/bot/seal"
)

const (
	// outboxHead names a thread's person and where its lines go.
	outboxHead = `
SELECT t.id, t.conversation, t.person, t.address, c.state, p.key,
	EXISTS (SELECT FROM opt_out o WHERE o.hash = t.hash AND o.ended IS NULL)
FROM thread t JOIN conversation c ON c.id = t.conversation JOIN person p ON p.id = t.person`

	// waiting are the lines of a thread not yet over, in the order they leave.
	waiting = `thread = b.thread AND delivery IN (1, 2) ORDER BY lane > 0, n`

	begunHeads = outboxHead + ` JOIN unnest($1::int4[], $2::uuid[]) AS b(turn, thread) ON t.id = b.thread WHERE ` + held

	// beginLines begins the first line that waits on each thread, unless it is
	// begun already or its address opted out. It returns the first two as they
	// were before, and which of them it began. That a line still waits is asked
	// again of the row itself, in words that keep the planner from beginning with
	// all lines that wait.
	beginLines = `
WITH waits AS (
	SELECT b.turn, row_number() OVER (PARTITION BY b.turn ORDER BY l.lane > 0, l.n) AS place,
		EXISTS (SELECT FROM opt_out o WHERE o.hash = t.hash AND o.ended IS NULL) AS opted_out, l.*
	FROM unnest($1::int4[], $2::uuid[]) AS b(turn, thread) JOIN thread t ON t.id = b.thread
	CROSS JOIN LATERAL (SELECT * FROM line WHERE ` + waiting + ` LIMIT 2) l
	WHERE ` + held + `
), begun AS (
	UPDATE line SET delivery = 2 FROM waits
	WHERE waits.place = 1 AND waits.delivery = 1 AND (waits.class IN ('crisis', 'opt_out') OR NOT waits.opted_out)
		AND line.conversation = waits.conversation AND line.n = waits.n AND line.delivery IS NOT DISTINCT FROM 1
	RETURNING line.thread
)
SELECT ` + lineColumns + `, l.place = 1 AND l.thread IN (SELECT thread FROM begun) FROM waits l ORDER BY l.turn, l.place`
)

// outbox is an outbox as it is read.
type outbox struct {
	bot.Outbox
	key *seal.Key
}

// begins begins the outboxes that turns ask for, each on a thread of its own,
// and tells them how they stand then.
func (w *writer) begins() {
	heads, lines := w.rows(), w.rows()
	asked := map[bot.ID]*turn{}
	for _, t := range w.wave {
		if t.Begin != nil {
			heads.row().int4(t.at).uuid(t.Begin.Thread)
			lines.row().int4(t.at).uuid(t.Begin.Thread)
			asked[t.Begin.Thread] = t
		}
	}
	if heads.n == 0 {
		return
	}
	keys := map[bot.ID]*seal.Key{}
	w.add(w.ctx, begunHeads, func(found pgx.Rows) error {
		for found.Next() {
			thread, box, err := w.s.scanOutbox(found)
			if t := asked[thread]; t != nil && err != nil {
				t.outcome = err // of this one: the group is committed
				continue
			}
			if err != nil {
				return err
			}
			asked[thread].Begin.Outbox, keys[thread] = box.Outbox, box.key
		}
		return found.Err()
	}, heads)
	w.add(w.ctx, beginLines, func(found pgx.Rows) error {
		for found.Next() {
			var begun bool
			l, err := scanSealed(found, &begun)
			if err != nil {
				return err
			}
			key := keys[l.Thread]
			if key == nil {
				continue // erased between two statements, or unreadable
			}
			if err := key.OpenLine(l.sealed, &l.Line); err != nil {
				asked[l.Thread].outcome = err
				continue
			}
			b := asked[l.Thread].Begin
			if len(b.Outbox.Lines) == 0 {
				b.Earlier = l.Delivery == bot.Begun
			}
			if begun {
				l.Delivery = bot.Begun
			}
			b.Outbox.Lines = append(b.Outbox.Lines, l.Line)
		}
		return found.Err()
	}, lines)
}

// Outbox returns the address of a thread and its lines not yet over, in order;
// see bot.Store.
func (s *Store) Outbox(ctx context.Context, thread bot.ID, limit int) (bot.Outbox, error) {
	var box outbox
	known := false
	b := &pgx.Batch{}
	b.Queue(outboxHead+` WHERE t.id = $1`, uid(thread)).Query(func(found pgx.Rows) (err error) {
		if known = found.Next(); known {
			_, box, err = s.scanOutbox(found)
		}
		return err
	})
	b.Queue(`SELECT `+lineColumns+` FROM (VALUES ($1::uuid)) AS b(thread)
		CROSS JOIN LATERAL (SELECT * FROM line WHERE `+waiting+` LIMIT $2) l
		ORDER BY l.lane > 0, l.n`, uid(thread), max(limit, 0)).Query(func(found pgx.Rows) (err error) {
		if known {
			box.Lines, err = pgx.AppendRows(box.Lines, found, func(row pgx.CollectableRow) (bot.Line, error) { return scanLine(row, box.key) })
		}
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return bot.Outbox{}, fmt.Errorf("read the outbox of thread %s: %w", thread, err)
	}
	if !known {
		return bot.Outbox{}, bot.ErrNotFound
	}
	return box.Outbox, nil
}

// scanOutbox reads a row of outboxHead.
func (s *Store) scanOutbox(row pgx.CollectableRow) (thread bot.ID, box outbox, err error) {
	var id, conversation, person pgtype.UUID
	var address, state, wrapped []byte
	if err := row.Scan(&id, &conversation, &person, &address, &state, &wrapped, &box.OptedOut); err != nil {
		return thread, box, err
	}
	thread, box.Conversation = id.Bytes, conversation.Bytes
	if box.key, err = s.personKey(person.Bytes, wrapped); err != nil {
		return thread, box, err
	}
	if box.Address, err = box.key.OpenAddress(thread, address); err != nil {
		return thread, box, err
	}
	c, err := box.key.OpenState(box.Conversation, state)
	if err != nil {
		return thread, box, err
	}
	if th := c.Thread(thread); th != nil {
		box.Own = th.Own
	}
	return thread, box, nil
}
