package sqlite

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"relais/bot"
)

const (
	// window is how many rows a batch looks at, read without a lock.
	window = 1000
	// peopleWindow is the same for people, whose rows are long.
	peopleWindow = 500
	// heavy is how many lines a batch of people may take: what the only writer
	// deletes in a few milliseconds. A longer conversation goes alone.
	heavy = 2000
)

var errCursor = errors.New("this is not where a batch ended")

// Purge deletes one batch of a class. What is old is looked for with the
// readers, which nobody waits for, and looked at again under the writer's lock.
func (s *Store) Purge(ctx context.Context, p bot.Purge) (purged bot.Purged, err error) {
	if p.Class == bot.PurgePeople || p.Class == bot.PurgeVisitors {
		purged, err = s.purgePeople(ctx, p)
	} else {
		purged, err = s.purgeRows(ctx, p)
	}
	if err != nil {
		return bot.Purged{}, fmt.Errorf("purge %s: %w", p.Class, err)
	}
	return purged, nil
}

// gone is a condition on a conversation c: nothing happened with its person
// since ?1, and nobody but the assistant has anything open with them.
const gone = `coalesce(c.heard, c.created) < ?1 AND c.owner_kind = 'assistant' AND c.handoff IS NULL
	AND NOT EXISTS (SELECT 1 FROM line l WHERE l.conversation = c.id AND l.n = c.n AND l.at >= ?1)
	AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.conversation = c.id
		AND (a.start >= ?1 OR a.booked_at >= ?1 OR a.said_at >= ?1))`

// neverSaidWho stands before it for visitors of the page, what excludes most
// people first.
const neverSaidWho = `c.channel = 'web' AND NOT EXISTS (SELECT 1 FROM thread t WHERE t.conversation = c.id AND t.channel <> 'web')
	AND NOT EXISTS (SELECT 1 FROM answer a WHERE a.conversation = c.id)
	AND NOT EXISTS (SELECT 1 FROM handoff h WHERE h.conversation = c.id)
	AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.conversation = c.id) AND `

// leaver is a person who may go, as they were when they were looked at.
type leaver struct {
	id, person []byte
	version    int64
	lines      int
	jobs       []string
}

func (s *Store) purgePeople(ctx context.Context, p bot.Purge) (bot.Purged, error) {
	leavers, next, err := s.leavers(ctx, p)
	if err != nil || len(leavers) == 0 || p.Count {
		return bot.Purged{Gone: len(leavers), Next: next}, err
	}
	if err := s.jobsOf(ctx, leavers); err != nil {
		return bot.Purged{}, err
	}
	purged := bot.Purged{Next: next}
	err = s.writer.write(ctx, save, func(t *tx) error {
		for i := range leavers {
			left, err := t.letGo(&leavers[i])
			if err != nil {
				return err
			}
			if left {
				purged.Gone++
			}
		}
		return nil
	})
	return purged, err
}

// leavers walks along the conversations in the order of their ids, the oldest
// first, to the first one begun since p.Before.
func (s *Store) leavers(ctx context.Context, p bot.Purge) (found []leaver, next string, err error) {
	after, err := hex.DecodeString(p.After)
	if err != nil {
		return nil, "", errCursor
	}
	end, who := bot.MadeBefore(p.Before), gone
	if p.Class == bot.PurgeVisitors {
		who = neverSaidWho + who
	}
	looked, lines, full := 0, 0, false
	err = s.reader.each(ctx, func(row scanner) error {
		var l leaver
		var goes bool
		if err := row.Scan(&l.id, &l.person, &l.version, &l.lines, &goes); err != nil || full {
			return err
		}
		if goes && len(found) > 0 && (len(found) == p.Most() || lines+l.lines > heavy) {
			full = true
			return nil
		}
		looked, next = looked+1, hex.EncodeToString(l.id)
		if goes {
			found, lines = append(found, l), lines+l.lines
		}
		return nil
	}, `
		SELECT c.id, c.person, c.version, c.n, `+who+`
		FROM conversation c WHERE c.id > ?2 AND c.id < ?3 ORDER BY c.id LIMIT ?4`, p.Before.UnixMicro(), after, end[:], peopleWindow)
	if err != nil {
		return nil, "", err
	}
	if !full && looked < peopleWindow {
		next = ""
	}
	return found, next, nil
}

// jobsOf finds the jobs of the leavers, who have hardly ever any. They are read
// here, without the writer's lock, since no index leads to them.
func (s *Store) jobsOf(ctx context.Context, leavers []leaver) error {
	at := make(map[string]*leaver, len(leavers))
	for i := range leavers {
		at[string(leavers[i].id)] = &leavers[i]
	}
	return s.reader.each(ctx, func(row scanner) error {
		var key string
		var conversation []byte
		if err := row.Scan(&key, &conversation); err != nil {
			return err
		}
		if l := at[string(conversation)]; l != nil {
			l.jobs = append(l.jobs, key)
		}
		return nil
	}, `SELECT key, conversation FROM job`)
}

// letGo deletes a person, unless a turn took place since they were looked at.
// No tombstone is left: whoever writes again was forgotten, and is new.
func (t *tx) letGo(l *leaver) (bool, error) {
	var same bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM conversation WHERE id = ? AND version = ?)`, l.id, l.version).Scan(&same)
	if err != nil || !same {
		return false, err
	}
	for _, key := range l.jobs {
		if _, err := t.exec(`DELETE FROM job WHERE key = ?`, key); err != nil {
			return false, fmt.Errorf("from job: %w", err)
		}
	}
	return true, t.remove(l.person, l.id)
}
