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

// All that is read for advisers is in this file.

// visible is the condition under which an organisation ($1) may open a
// conversation c: it owns it, or the latest hand-off was to it.
const visible = `$1 <> '' AND (c.owner_org = $1 OR
	(SELECT org FROM handoff WHERE conversation = c.id ORDER BY since DESC NULLS LAST, id DESC LIMIT 1) = $1)`

// Inbox lists what waits in the viewer's organisation, the most pressing
// first. A conversation that nothing was promised to comes after those with a
// promise.
func (s *Store) Inbox(ctx context.Context, v bot.Viewer, limit int) ([]bot.Waiter, error) {
	inbox, err := list(ctx, s, scanWaiter, `
		SELECT c.id, c.handoff, c.owner_kind, c.owner_org, c.owner_team, c.owner_adviser, coalesce(a.name, ''),
			c.reason, c.urgent, c.crisis, c.since, c.waiting, c.deadline, c.channel, c.lang, c.n
		FROM conversation c LEFT JOIN adviser a ON a.id = c.owner_adviser
		WHERE $1 <> '' AND c.owner_org = $1 AND c.owner_kind <> 'assistant'
		ORDER BY c.crisis DESC, c.urgent DESC, c.deadline NULLS LAST, c.since NULLS FIRST, c.id
		LIMIT $2`, v.Organisation, limit)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	return inbox, nil
}

func scanWaiter(row pgx.CollectableRow) (w bot.Waiter, err error) {
	var id, handoff pgtype.UUID
	var since, waiting, deadline pgtype.Timestamptz
	err = row.Scan(&id, &handoff, &w.Owner.Kind, &w.Owner.Organisation, &w.Owner.Team, &w.Owner.Adviser, &w.Owner.Name,
		&w.Reason, &w.Urgent, &w.Crisis, &since, &waiting, &deadline, &w.Channel, &w.Lang, &w.N)
	w.Conversation, w.HandOff = id.Bytes, handoff.Bytes
	w.Since, w.Waiting, w.Deadline = moment(since), moment(waiting), moment(deadline)
	return w, err
}

// mayOpen returns the key of the conversation's person when the viewer may
// open it, else ErrNotFound.
func (s *Store) mayOpen(ctx context.Context, v bot.Viewer, id bot.ID) (*seal.Key, error) {
	var person pgtype.UUID
	var wrapped []byte
	err := s.pool.QueryRow(ctx, `
		SELECT p.id, p.key FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = $2 AND `+visible, v.Organisation, uid(id)).Scan(&person, &wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, bot.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open conversation %s: %w", id, err)
	}
	return s.keys.Unwrap(wrapped, person.Bytes)
}

// Read returns the lines a viewer may see: notes and organisation lines of
// their own organisation only.
func (s *Store) Read(ctx context.Context, v bot.Viewer, id bot.ID, after int64, limit int) ([]bot.Line, error) {
	key, err := s.mayOpen(ctx, v, id)
	if err != nil {
		return nil, err
	}
	return s.queryLines(ctx, key, `
		SELECT `+lineColumns+` FROM line l
		WHERE l.conversation = $2 AND l.n > $3 AND (l.audience = 'all'
			OR l.audience = 'note' AND l.org = $1 OR l.audience = 'org:' || $1)
		ORDER BY l.n LIMIT $4`, v.Organisation, uid(id), after, limit)
}

// File returns one conversation's page: its answers are those the person
// agreed to share, its items those of the viewer's organisation.
func (s *Store) File(ctx context.Context, v bot.Viewer, id bot.ID) (bot.File, error) {
	if _, err := s.mayOpen(ctx, v, id); err != nil {
		return bot.File{}, err
	}
	l, key, err := s.loadByID(ctx, id)
	if err != nil {
		return bot.File{}, err
	}
	file := bot.File{Conversation: l.Conversation}
	if file.Addresses, err = s.addresses(ctx, id, key); err != nil {
		return bot.File{}, err
	}
	if file.Answers, err = s.answers(ctx, id, key, `shared`); err != nil {
		return bot.File{}, err
	}
	if file.HandOffs, err = s.hands(ctx, id); err != nil {
		return bot.File{}, err
	}
	file.Items, err = s.items(ctx, `i.org = $1 AND i.conversation = $3`, v.Organisation, maxItems, uid(id))
	return file, err
}

// maxItems bounds the work items on one page.
const maxItems = 500

// Items lists the open work items of the viewer's organisation, the earliest
// deadline first.
func (s *Store) Items(ctx context.Context, v bot.Viewer, limit int) ([]bot.Item, error) {
	return s.items(ctx, `$1 <> '' AND i.org = $1`, v.Organisation, limit)
}

// items reads work items under a condition on $1, the organisation, and
// further arguments after $2, the limit.
func (s *Store) items(ctx context.Context, where, organisation string, limit int, more ...any) ([]bot.Item, error) {
	items, err := list(ctx, s, s.scanItem, `
		SELECT i.id, i.conversation, i.kind, i.org, i.team, i.subject, i.reason, i.at, i.deadline, i.text, p.id, p.key
		FROM item i JOIN conversation c ON c.id = i.conversation JOIN person p ON p.id = c.person
		WHERE i.settled IS NULL AND `+where+`
		ORDER BY i.deadline NULLS LAST, i.at NULLS FIRST, i.id LIMIT $2`, append([]any{organisation, limit}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("list work items: %w", err)
	}
	return items, nil
}

func (s *Store) scanItem(row pgx.CollectableRow) (i bot.Item, err error) {
	var id, conversation, person pgtype.UUID
	var at, deadline pgtype.Timestamptz
	var text, wrapped []byte
	err = row.Scan(&id, &conversation, &i.Kind, &i.Organisation, &i.Team, &i.Subject, &i.Reason, &at, &deadline, &text, &person, &wrapped)
	if err != nil {
		return i, err
	}
	i.ID, i.Conversation, i.At, i.Deadline = id.Bytes, conversation.Bytes, moment(at), moment(deadline)
	key, err := s.keys.Unwrap(wrapped, person.Bytes)
	if err != nil {
		return i, err
	}
	return i, key.OpenItem(text, &i)
}
