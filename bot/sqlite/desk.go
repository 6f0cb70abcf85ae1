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
		FROM conversation c LEFT JOIN adviser a ON a.id = c.owner_adviser
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
func (s *Store) File(ctx context.Context, v bot.Viewer, id bot.ID) (bot.File, error) {
	l, key, err := s.loaded(ctx, s.reader.row(ctx, `
		SELECT NULL, c.id, c.person, c.version, c.state, p.key, 0
		FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = ?2 AND `+visible, v.Organisation, id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return bot.File{}, bot.ErrNotFound
	}
	if err != nil {
		return bot.File{}, err
	}
	file := bot.File{Conversation: l.Conversation}
	if file.Addresses, err = s.addresses(ctx, id, key); err != nil {
		return bot.File{}, err
	}
	file.Answers, err = s.answers(ctx, id, key, `AND shared`)
	if err != nil {
		return bot.File{}, err
	}
	if file.HandOffs, err = s.hands(ctx, id); err != nil {
		return bot.File{}, err
	}
	file.Items, err = s.items(ctx, `i.conversation = ?2 AND i.org = ?1`, v.Organisation, id[:], maxItems)
	return file, err
}

// Read returns the lines a viewer may see: notes and organisation lines of
// their own organisation only.
func (s *Store) Read(ctx context.Context, v bot.Viewer, id bot.ID, after int64, limit int) ([]bot.Line, error) {
	key, err := s.mayOpen(ctx, v, id)
	if err != nil {
		return nil, err
	}
	return s.lines(ctx, key, `
		SELECT `+lineColumns+` FROM line l
		WHERE l.conversation = ?2 AND l.n > ?3 AND (l.audience = 'all'
			OR l.audience = 'note' AND l.org = ?1 OR l.audience = 'org:' || ?1)
		ORDER BY l.n LIMIT ?4`, v.Organisation, id[:], after, max(limit, 0))
}

// mayOpen returns the key of the conversation's person when the viewer may
// open it.
func (s *Store) mayOpen(ctx context.Context, v bot.Viewer, id bot.ID) (*seal.Key, error) {
	var person, key []byte
	err := s.reader.row(ctx, `
		SELECT p.id, p.key FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = ?2 AND `+visible, v.Organisation, id[:]).Scan(&person, &key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, bot.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open conversation %s: %w", id, err)
	}
	return s.keys.Unwrap(key, idOf(person))
}

// maxItems bounds the work items on one page.
const maxItems = 500

// Items lists the open work items of the viewer's organisation, the earliest
// deadline first.
func (s *Store) Items(ctx context.Context, v bot.Viewer, limit int) ([]bot.Item, error) {
	return s.items(ctx, `?1 <> '' AND i.org = ?1 AND ?2 IS NULL`, v.Organisation, nil, max(limit, 0))
}

func (s *Store) items(ctx context.Context, where, organisation string, conversation any, limit int) ([]bot.Item, error) {
	var found []bot.Item
	err := s.reader.each(ctx, func(row scanner) error {
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

func (s *Store) addresses(ctx context.Context, conversation bot.ID, key *seal.Key) ([]bot.Address, error) {
	var found []bot.Address
	err := s.reader.each(ctx, func(row scanner) error {
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

// answers returns a conversation's answers, the oldest first; and is a further
// condition.
func (s *Store) answers(ctx context.Context, conversation bot.ID, key *seal.Key, and string) ([]bot.Answer, error) {
	var found []bot.Answer
	err := s.reader.each(ctx, func(row scanner) error {
		a, err := answerOf(row, conversation, key)
		found = append(found, a)
		return err
	}, `SELECT `+answerColumns+` FROM answer WHERE conversation = ? `+and+` ORDER BY at, key`, conversation[:])
	if err != nil {
		return nil, fmt.Errorf("read the answers of conversation %s: %w", conversation, err)
	}
	return found, nil
}

// hands returns a conversation's hand-offs, the oldest first.
func (s *Store) hands(ctx context.Context, conversation bot.ID) ([]bot.Hand, error) {
	var found []bot.Hand
	err := s.reader.each(ctx, func(row scanner) error {
		hand, err := handOf(row)
		found = append(found, hand)
		return err
	}, `SELECT `+handColumns+` FROM handoff WHERE conversation = ? ORDER BY since, id`, conversation[:])
	if err != nil {
		return nil, fmt.Errorf("read the hand-offs of conversation %s: %w", conversation, err)
	}
	return found, nil
}
