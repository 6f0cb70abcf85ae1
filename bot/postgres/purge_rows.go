package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
)

const (
	// window is how many rows of an ordinary table a batch looks at.
	window = 1000
	// pages is how many pages of the events seen a batch looks at: half a
	// megabyte.
	pages = 64
)

// walk is a table whose old rows go one by one, in the order of its key.
type walk struct {
	table string
	key   string
	text  string // the key as text
	from  string // the key that the text %s stands for; '' before every key
	old   string // the condition under which a row goes; $1 is the moment
	aged  bool   // keys follow time: after the first batch without an old row there is none
}

// walkOf says where the rows of a class are. Ends count as over at their
// moment, as they do for whoever reads them.
func walkOf(class bot.PurgeClass) (walk, error) {
	w := walk{text: `encode(%s, 'hex')`, from: `decode(%s, 'hex')`}
	switch class {
	case bot.PurgeAudit:
		w = walk{table: "audit", key: "id", text: `%s::text`, from: `coalesce(nullif(%s, ''), '0')::bigint`, aged: true,
			old: `at < $1 AND at <= (SELECT at FROM audit ORDER BY id DESC LIMIT 1) - interval '300 days'`} // see the trigger
	case bot.PurgeTombstones:
		w.table, w.key, w.old = "tombstone", "hash", `until <= $1`
	case bot.PurgeSessions:
		w.table, w.key, w.old = "session", "token", `(until <= $1 OR latest <= $1)`
	case bot.PurgeOptOuts:
		w.table, w.key, w.old = "opt_out", "hash", `coalesce(ended, at) < $1
			AND (ended IS NOT NULL OR (SELECT true FROM thread t WHERE t.hash = opt_out.hash) IS NULL)`
	default:
		return walk{}, fmt.Errorf("no class of data is called %q", class)
	}
	w.text = fmt.Sprintf(w.text, w.key)
	return w, nil
}

func (s *Store) purgeRows(ctx context.Context, p bot.Purge) (bot.Purged, error) {
	w, err := walkOf(p.Class)
	if err != nil {
		return bot.Purged{}, err
	}
	keys, next, err := s.oldRows(ctx, w, p)
	if err != nil || len(keys) == 0 || p.Count {
		return bot.Purged{Gone: len(keys), Next: next}, err
	}
	n, err := s.deleteRows(ctx, `
		DELETE FROM `+w.table+` WHERE `+w.key+` = ANY(ARRAY(SELECT `+fmt.Sprintf(w.from, "k")+` FROM unnest($2::text[]) k))
			AND `+w.old, stamp(p.Before), keys)
	return bot.Purged{Gone: n, Next: next}, err
}

// oldRows walks along a table and returns the keys of its old rows.
func (s *Store) oldRows(ctx context.Context, w walk, p bot.Purge) (keys []string, next string, err error) {
	rows, _ := s.pool.Query(ctx, `
		SELECT `+w.text+`, coalesce(`+w.old+`, false) FROM `+w.table+`
		WHERE `+w.key+` > `+fmt.Sprintf(w.from, "$2::text")+` ORDER BY `+w.table+`.`+w.key+` LIMIT $3`, stamp(p.Before), p.After, window)
	var key string
	var goes bool
	looked, full := 0, false
	_, err = pgx.ForEachRow(rows, []any{&key, &goes}, func() error {
		if full {
			return nil
		}
		looked, next = looked+1, key
		if goes {
			keys = append(keys, key)
		}
		full = len(keys) == p.Most()
		return nil
	})
	if !full && (looked < window || w.aged && len(keys) == 0) {
		next = ""
	}
	return keys, next, err
}

// purgeSeen walks along the pages of the table, as they lie in the file: it is
// only ever added to, in the order of time, and so needs no index for it. Next
// is the place of a row.
func (s *Store) purgeSeen(ctx context.Context, p bot.Purge) (bot.Purged, error) {
	places, next, err := s.oldSeen(ctx, p)
	if err != nil || len(places) == 0 || p.Count {
		return bot.Purged{Gone: len(places), Next: next}, err
	}
	// A place may have been taken by a new row meanwhile: that one is not old.
	n, err := s.deleteRows(ctx, `DELETE FROM seen WHERE at < $1 AND source <> 'engine' AND ctid = ANY($2)`, stamp(p.Before), places)
	return bot.Purged{Gone: n, Next: next}, err
}

func (s *Store) oldSeen(ctx context.Context, p bot.Purge) (places []pgtype.TID, next string, err error) {
	after := pgtype.TID{Valid: true}
	if p.After != "" {
		if _, err := fmt.Sscanf(p.After, "%d,%d", &after.BlockNumber, &after.OffsetNumber); err != nil {
			return nil, "", errCursor
		}
	}
	end := pgtype.TID{BlockNumber: after.BlockNumber + pages, Valid: true}
	var size int64
	b := &pgx.Batch{}
	b.Queue(`SELECT pg_relation_size('seen') / current_setting('block_size')::bigint`).QueryRow(func(row pgx.Row) error {
		return row.Scan(&size)
	})
	b.Queue(`
		SELECT ctid FROM seen WHERE ctid > $2 AND ctid < $3 AND at < $1 AND source <> 'engine'
		ORDER BY ctid LIMIT $4`, stamp(p.Before), after, end, p.Most()).Query(func(rows pgx.Rows) (err error) {
		places, err = pgx.CollectRows(rows, pgx.RowTo[pgtype.TID])
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, "", err
	}
	switch {
	case len(places) == p.Most():
		end = places[len(places)-1]
	case int64(end.BlockNumber) >= size:
		return places, "", nil
	}
	return places, fmt.Sprintf("%d,%d", end.BlockNumber, end.OffsetNumber), nil
}

// deleteRows runs one deleting statement and tells how many rows went.
func (s *Store) deleteRows(ctx context.Context, query string, args ...any) (n int, err error) {
	err = s.transact(ctx, "save", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, query, args...)
		n = int(tag.RowsAffected())
		return err
	})
	return n, err
}
