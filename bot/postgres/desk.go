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

// All that is read for advisers is in this file, through look. The queries ask
// for what the viewer may see; row-level security holds when one forgets to.

// visible is the condition under which an organisation ($1) may open a
// conversation c: it owns it, or the latest hand-off was to it.
const visible = `$1 <> '' AND $1 IN (c.owner_org, c.last_org)`

// Inbox lists what waits in the viewer's organisation, the most pressing
// first. A conversation that nothing was promised to comes after those with a
// promise.
func (s *Store) Inbox(ctx context.Context, v bot.Viewer, limit int) ([]bot.Waiter, error) {
	var inbox []bot.Waiter
	err := s.look(ctx, v, func(b *pgx.Batch) {
		b.Queue(`
			SELECT c.id, c.handoff, c.owner_kind, c.owner_org, c.owner_team, c.owner_adviser, coalesce(a.name, ''),
				c.reason, c.urgent, c.crisis, c.since, c.waiting, c.deadline, c.channel, c.lang, c.n
			FROM conversation c LEFT JOIN adviser a ON a.id = c.owner_adviser
			WHERE $1 <> '' AND c.owner_org = $1 AND c.owner_kind <> 'assistant'
			ORDER BY c.crisis DESC, c.urgent DESC, c.deadline NULLS LAST, c.since NULLS FIRST, c.id
			LIMIT $2`, v.Organisation, limit).Query(collect(&inbox, scanWaiter))
	})
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

// Read returns the lines a viewer may see: notes and organisation lines of
// their own organisation only.
func (s *Store) Read(ctx context.Context, v bot.Viewer, id bot.ID, after int64, limit int) ([]bot.Line, error) {
	var o opened
	var lines []bot.Line
	err := s.look(ctx, v, func(b *pgx.Batch) {
		s.queueOpen(b, v, id, &o)
		b.Queue(`
			SELECT `+lineColumns+` FROM line l
			WHERE l.conversation = $2 AND l.n > $3 AND (l.audience = 'all'
				OR l.audience = 'note' AND l.org = $1 OR l.audience = 'org:' || $1)
			ORDER BY l.n LIMIT $4`, v.Organisation, uid(id), after, limit).
			Query(collect(&lines, func(row pgx.CollectableRow) (bot.Line, error) { return scanLine(row, o.key) }))
	})
	if err != nil {
		return nil, failed(err, "read the lines of conversation %s", id)
	}
	return lines, nil
}

// maxItems bounds the work items on one page.
const maxItems = 500

// File returns one conversation's page: its answers are those the person
// agreed to share, its items those of the viewer's organisation.
func (s *Store) File(ctx context.Context, v bot.Viewer, id bot.ID) (bot.File, error) {
	var o opened
	var file bot.File
	err := s.look(ctx, v, func(b *pgx.Batch) {
		s.queueOpen(b, v, id, &o)
		b.Queue(`SELECT id, address FROM thread WHERE conversation = $1 ORDER BY id`, uid(id)).
			Query(collect(&file.Addresses, func(row pgx.CollectableRow) (bot.Address, error) { return scanAddress(row, o.key) }))
		b.Queue(selectAnswers+` AND shared`+inOrder, uid(id)).
			Query(collect(&file.Answers, func(row pgx.CollectableRow) (bot.Answer, error) { return scanAnswer(row, id, o.key) }))
		b.Queue(selectHands, uid(id)).Query(collect(&file.HandOffs, scanHand))
		b.Queue(selectItems+` AND i.conversation = $2 `+pressing+` LIMIT $3`, v.Organisation, uid(id), maxItems).
			Query(collect(&file.Items, s.scanItem))
	})
	if err != nil {
		return bot.File{}, failed(err, "read the file of conversation %s", id)
	}
	file.Conversation = o.Conversation
	return file, nil
}

// opened is a conversation that its reader may open, and its person's key.
type opened struct {
	bot.Conversation
	key *seal.Key
}

// queueOpen asks for a conversation; what is queued after it is not read when
// the viewer may not open that, and the batch ends in bot.ErrNotFound.
func (s *Store) queueOpen(b *pgx.Batch, v bot.Viewer, id bot.ID, o *opened) {
	b.Queue(`
		SELECT p.id, p.key, c.version, c.state FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = $2 AND `+visible, v.Organisation, uid(id)).
		QueryRow(func(row pgx.Row) error {
			var person pgtype.UUID
			var version int64
			var wrapped, state []byte
			err := row.Scan(&person, &wrapped, &version, &state)
			if errors.Is(err, pgx.ErrNoRows) {
				return bot.ErrNotFound
			}
			if err != nil {
				return err
			}
			if o.key, err = s.keys.Unwrap(wrapped, person.Bytes); err != nil {
				return err
			}
			o.Conversation, err = o.key.OpenState(id, state)
			o.Version = version
			return err
		})
}

// failed says what was being done, but for what is not there.
func failed(err error, doing string, id bot.ID) error {
	if errors.Is(err, bot.ErrNotFound) {
		return bot.ErrNotFound
	}
	return fmt.Errorf(doing+": %w", id, err)
}

// Items lists the open work items of the viewer's organisation, the earliest
// deadline first.
func (s *Store) Items(ctx context.Context, v bot.Viewer, limit int) ([]bot.Item, error) {
	var items []bot.Item
	err := s.look(ctx, v, func(b *pgx.Batch) {
		b.Queue(selectItems+pressing+` LIMIT $2`, v.Organisation, limit).Query(collect(&items, s.scanItem))
	})
	if err != nil {
		return nil, fmt.Errorf("list work items: %w", err)
	}
	return items, nil
}

const (
	selectItems = `
		SELECT i.id, i.conversation, i.kind, i.org, i.team, i.subject, i.reason, i.at, i.deadline, i.text, p.id, p.key
		FROM item i JOIN person p ON p.id = i.person
		WHERE i.settled IS NULL AND $1 <> '' AND i.org = $1`
	pressing = ` ORDER BY i.deadline NULLS LAST, i.at NULLS FIRST, i.id`
)

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
