package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
)

const (
	// peopleWindow is how many conversations a batch looks at, without a lock.
	peopleWindow = 500
	// heavy is how many lines a batch of people may take; a longer conversation
	// goes alone.
	heavy = 2000
)

var errCursor = errors.New("this is not where a batch ended")

// Purge deletes one batch of a class. What is old is looked for without any
// lock; a turn under way is never waited for.
func (s *Store) Purge(ctx context.Context, p bot.Purge) (purged bot.Purged, err error) {
	switch p.Class {
	case bot.PurgePeople, bot.PurgeVisitors:
		purged, err = s.purgePeople(ctx, p)
	case bot.PurgeSeen:
		purged, err = s.purgeSeen(ctx, p)
	default:
		purged, err = s.purgeRows(ctx, p)
	}
	if err != nil {
		return bot.Purged{}, fmt.Errorf("purge %s: %w", p.Class, err)
	}
	return purged, nil
}

// gone is a condition on a conversation c: nothing happened with its person
// since $1, and nobody but the assistant has anything open with them.
const gone = `coalesce(c.heard, c.created) < $1 AND c.owner_kind = 'assistant' AND c.handoff IS NULL
	AND NOT EXISTS (SELECT FROM line l WHERE l.conversation = c.id AND l.n = c.n AND l.at >= $1)
	AND NOT EXISTS (SELECT FROM appointment a WHERE a.conversation = c.id
		AND (a.start >= $1 OR a.booked_at >= $1 OR a.said_at >= $1))`

// neverSaidWho stands before it for visitors of the page, what excludes most
// people first.
const neverSaidWho = `c.channel = 'web' AND NOT EXISTS (SELECT FROM thread t WHERE t.conversation = c.id AND t.channel <> 'web')
	AND NOT EXISTS (SELECT FROM answer a WHERE a.conversation = c.id)
	AND NOT EXISTS (SELECT FROM handoff h WHERE h.conversation = c.id)
	AND NOT EXISTS (SELECT FROM appointment a WHERE a.conversation = c.id) AND `

// leavers are people who may go, as they were when they were looked at.
type leavers struct {
	ids      []pgtype.UUID
	versions []int64
}

func (s *Store) purgePeople(ctx context.Context, p bot.Purge) (bot.Purged, error) {
	found, next, err := s.leavers(ctx, p)
	if err != nil || len(found.ids) == 0 || p.Count {
		return bot.Purged{Gone: len(found.ids), Next: next}, err
	}
	var people []pgtype.UUID
	err = s.transact(ctx, "save", func(tx pgx.Tx) (err error) {
		people, err = letGo(ctx, tx, found)
		return err
	})
	if err != nil {
		return bot.Purged{}, err
	}
	for _, person := range people {
		s.people.Drop(person.Bytes)
	}
	return bot.Purged{Gone: len(people), Next: next}, nil
}

// leavers walks along the conversations in the order of their ids, the oldest
// first, to the first one begun since p.Before. No index leads to them by the
// time they were last heard: every turn would pay for it.
func (s *Store) leavers(ctx context.Context, p bot.Purge) (found leavers, next string, err error) {
	var after bot.ID
	if p.After != "" {
		if after, err = bot.ParseID(p.After); err != nil {
			return found, "", errCursor
		}
	}
	who := gone
	if p.Class == bot.PurgeVisitors {
		who = neverSaidWho + who
	}
	rows, _ := s.pool.Query(ctx, `
		WITH c AS MATERIALIZED (
			SELECT id, version, n, heard, created, owner_kind, handoff, channel FROM conversation
			WHERE id > $2 AND id < $3 ORDER BY id LIMIT $4)
		SELECT c.id, c.version, c.n, coalesce(`+who+`, false) FROM c ORDER BY c.id`,
		stamp(p.Before), pgtype.UUID{Bytes: after, Valid: true}, uid(bot.MadeBefore(p.Before)), peopleWindow)
	var (
		id      pgtype.UUID
		version int64
		n       int
		goes    bool
	)
	looked, lines, full := 0, 0, false
	_, err = pgx.ForEachRow(rows, []any{&id, &version, &n, &goes}, func() error {
		if full = full || goes && len(found.ids) > 0 && (len(found.ids) == p.Most() || lines+n > heavy); full {
			return nil
		}
		looked, next = looked+1, bot.ID(id.Bytes).String()
		if goes {
			found.ids, found.versions, lines = append(found.ids, id), append(found.versions, version), lines+n
		}
		return nil
	})
	if !full && looked < peopleWindow {
		next = ""
	}
	return found, next, err
}

// letGo deletes people and returns who went: all but those with whom a turn took place since they were
// looked at, or takes place now. No tombstone is left: whoever writes again
// was forgotten, and is new. Jobs are locked in the order that turns lock them
// in.
func letGo(ctx context.Context, tx pgx.Tx, l leavers) (people []pgtype.UUID, err error) {
	rows, _ := tx.Query(ctx, `
		SELECT c.id, c.person FROM conversation c JOIN unnest($1::uuid[], $2::bigint[]) l (id, version) USING (id, version)
		ORDER BY c.id FOR UPDATE OF c SKIP LOCKED`, l.ids, l.versions)
	var id, person pgtype.UUID
	var ids []pgtype.UUID
	_, err = pgx.ForEachRow(rows, []any{&id, &person}, func() error {
		ids, people = append(ids, id), append(people, person)
		return nil
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	b := &pgx.Batch{}
	b.Queue(`
		WITH held AS (SELECT key FROM job WHERE conversation = ANY($1) ORDER BY key FOR UPDATE)
		DELETE FROM job USING held WHERE job.key = held.key`, ids)
	b.Queue(`DELETE FROM line WHERE conversation = ANY($1)`, ids)
	b.Queue(`DELETE FROM person WHERE id = ANY($1)`, people) // the rest goes with it
	return people, tx.SendBatch(ctx, b).Close()
}
