package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"relais/bot"
	"relais/bot/seal"
)

// visible is the condition under which an organisation (?1) may open a
// conversation c: it owns it, or the latest hand-off was to it.
const visible = `(?1 <> '' AND (c.owner_org = ?1 OR
	(SELECT org FROM handoff WHERE conversation = c.id ORDER BY since DESC, id DESC LIMIT 1) = ?1))`

// Inbox lists what waits in the viewer's organisation, the most pressing
// first. A conversation that nothing was promised to comes after those with a
// promise.
func (s *Store) Inbox(ctx context.Context, v bot.Viewer, limit int) ([]bot.Waiter, error) {
	var inbox []bot.Waiter
	err := s.reader.each(ctx, func(row scanner) error {
		w, err := waiterOf(row)
		inbox = append(inbox, w)
		return err
	}, `
		SELECT c.id, c.handoff, c.owner_kind, c.owner_org, c.owner_team, c.owner_adviser, coalesce(a.name, ''),
			c.reason, c.urgent, c.crisis, c.since, c.waiting, c.deadline, c.channel, c.lang, c.n
		FROM conversation c LEFT JOIN adviser a ON a.id = c.owner_adviser AND a.org = ?1
		WHERE ?1 <> '' AND c.owner_org = ?1 AND c.owner_kind <> 'assistant'
		ORDER BY c.crisis DESC, c.urgent DESC, c.deadline IS NULL, c.deadline, c.since, c.id
		LIMIT ?2`, v.Organisation, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	return inbox, nil
}

func waiterOf(row scanner) (w bot.Waiter, err error) {
	var (
		id, handoff              []byte
		since, waiting, deadline sql.NullInt64
	)
	err = row.Scan(&id, &handoff, &w.Owner.Kind, &w.Owner.Organisation, &w.Owner.Team, &w.Owner.Adviser, &w.Owner.Name,
		&w.Reason, &w.Urgent, &w.Crisis, &since, &waiting, &deadline, &w.Channel, &w.Lang, &w.N)
	w.Conversation, w.HandOff = idOf(id), idOf(handoff)
	w.Since, w.Waiting, w.Deadline = moment(since), moment(waiting), moment(deadline)
	return w, err
}

// File returns one conversation's page: its answers are those the person
// agreed to share, its items those of the viewer's organisation.
func (s *Store) File(ctx context.Context, v bot.Viewer, id bot.ID) (file bot.File, err error) {
	err = s.reader.glance(ctx, func(from source) error {
		key, err := s.openFor(from, v, id, &file.Conversation)
		if err != nil {
			return err
		}
		if file.Addresses, err = addressesOf(from, id, key); err != nil {
			return err
		}
		if file.Answers, err = answersOf(from, id, key, `AND shared`); err != nil {
			return err
		}
		if file.HandOffs, err = handsOf(from, id); err != nil {
			return err
		}
		file.Items, err = s.items(from, `i.conversation = ?2 AND i.org = ?1`, v.Organisation, id[:], maxItems)
		return err
	})
	if err != nil {
		return bot.File{}, err
	}
	return file, nil
}

// Read returns the lines a viewer may see: notes and organisation lines of
// their own organisation only.
func (s *Store) Read(ctx context.Context, v bot.Viewer, id bot.ID, after int64, limit int) (lines []bot.Line, err error) {
	err = s.reader.glance(ctx, func(from source) error {
		var c bot.Conversation
		key, err := s.openFor(from, v, id, &c)
		if err != nil {
			return err
		}
		lines, err = linesOf(from, key, `
			SELECT `+lineColumns+` FROM line l
			WHERE l.conversation = ?2 AND l.n > ?3 AND (l.audience = 'all'
				OR l.audience = 'note' AND l.org = ?1 OR l.audience = 'org:' || ?1)
			ORDER BY l.n LIMIT ?4`, v.Organisation, id[:], after, max(limit, 0))
		return err
	})
	return lines, err
}

// openFor reads a conversation that the viewer may open, and returns the key
// of its person.
func (s *Store) openFor(from source, v bot.Viewer, id bot.ID, c *bot.Conversation) (*seal.Key, error) {
	var person, wrapped, state []byte
	var version int64
	err := from.row(`
		SELECT p.id, p.key, c.version, c.state FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = ?2 AND `+visible, v.Organisation, id[:]).Scan(&person, &wrapped, &version, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, bot.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open conversation %s: %w", id, err)
	}
	key, err := s.key(from, id, idOf(person), wrapped)
	if err != nil {
		return nil, fmt.Errorf("open conversation %s: %w", id, err)
	}
	*c, err = key.OpenState(id, state)
	c.Version = version
	return key, err
}

// glance lets f read the database as it is at one moment: what an organisation
// may see must not change between two queries of one page.
func (r *reader) glance(ctx context.Context, f func(source) error) error {
	tx, err := r.db.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer tx.Rollback() // nothing was written
	return f(glancing{ctx: ctx, tx: tx})
}

type glancing struct {
	settled
	ctx context.Context
	tx  *sql.Tx
}

// Statements are prepared on the transaction's own connection: one of the pool
// to prepare them on may never come, while all are held by such transactions.
func (g glancing) row(query string, args ...any) scanner {
	return g.tx.QueryRowContext(context.WithoutCancel(g.ctx), query, args...)
}

func (g glancing) each(f func(scanner) error, query string, args ...any) error {
	rows, err := g.tx.QueryContext(context.WithoutCancel(g.ctx), query, args...)
	if err != nil {
		return err
	}
	return drain(rows, f)
}

// maxItems bounds the work items on one page.
const maxItems = 500

// Items lists the open work items of the viewer's organisation, the earliest
// deadline first.
func (s *Store) Items(ctx context.Context, v bot.Viewer, limit int) ([]bot.Item, error) {
	return s.items(s.reader.in(ctx), `?1 <> '' AND i.org = ?1 AND ?2 IS NULL`, v.Organisation, nil, max(limit, 0))
}

func (s *Store) items(from source, where, organisation string, conversation any, limit int) ([]bot.Item, error) {
	var found []bot.Item
	err := from.each(func(row scanner) error {
		item, err := s.itemOf(row)
		found = append(found, item)
		return err
	}, `
		SELECT i.id, i.conversation, i.kind, i.org, i.team, i.subject, i.reason, i.at, i.deadline, i.text, p.id, p.key
		FROM item i JOIN conversation c ON c.id = i.conversation JOIN person p ON p.id = c.person
		WHERE i.settled IS NULL AND `+where+`
		ORDER BY i.deadline IS NULL, i.deadline, i.at, i.id LIMIT ?3`, organisation, conversation, limit)
	if err != nil {
		return nil, fmt.Errorf("list work items: %w", err)
	}
	return found, nil
}

func (s *Store) itemOf(row scanner) (i bot.Item, err error) {
	var (
		id, conversation, text, person, wrapped []byte
		at, deadline                            sql.NullInt64
	)
	err = row.Scan(&id, &conversation, &i.Kind, &i.Organisation, &i.Team, &i.Subject, &i.Reason, &at, &deadline, &text, &person, &wrapped)
	if err != nil {
		return i, err
	}
	i.ID, i.Conversation, i.At, i.Deadline = idOf(id), idOf(conversation), moment(at), moment(deadline)
	key, err := s.keys.Unwrap(wrapped, idOf(person))
	if err != nil {
		return i, err
	}
	return i, key.OpenItem(text, &i)
}

func addressesOf(from source, conversation bot.ID, key *seal.Key) ([]bot.Address, error) {
	var found []bot.Address
	err := from.each(func(row scanner) error {
		var id, sealed []byte
		if err := row.Scan(&id, &sealed); err != nil {
			return err
		}
		address, err := key.OpenAddress(idOf(id), sealed)
		found = append(found, address)
		return err
	}, `SELECT id, address FROM thread WHERE conversation = ? ORDER BY id`, conversation[:])
	if err != nil {
		return nil, fmt.Errorf("read the addresses of conversation %s: %w", conversation, err)
	}
	return found, nil
}

// answersOf returns a conversation's answers, the oldest first; and is a further
// condition.
func answersOf(from source, conversation bot.ID, key *seal.Key, and string) ([]bot.Answer, error) {
	var found []bot.Answer
	err := from.each(func(row scanner) error {
		a, err := answerOf(row, conversation, key)
		found = append(found, a)
		return err
	}, `SELECT `+answerColumns+` FROM answer WHERE conversation = ? `+and+` ORDER BY at, key`, conversation[:])
	if err != nil {
		return nil, fmt.Errorf("read the answers of conversation %s: %w", conversation, err)
	}
	return found, nil
}

// handsOf returns a conversation's hand-offs, the oldest first.
func handsOf(from source, conversation bot.ID) ([]bot.Hand, error) {
	var found []bot.Hand
	err := from.each(func(row scanner) error {
		hand, err := handOf(row)
		found = append(found, hand)
		return err
	}, `SELECT `+handColumns+` FROM handoff WHERE conversation = ? ORDER BY since, id`, conversation[:])
	if err != nil {
		return nil, fmt.Errorf("read the hand-offs of conversation %s: %w", conversation, err)
	}
	return found, nil
}
