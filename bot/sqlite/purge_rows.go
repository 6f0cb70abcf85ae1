package sqlite

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"relais/bot"
)

// walk is a table whose old rows go one by one, in the order of its key.
type walk struct {
	table string
	key   []string
	begin []any  // before every key: strings or bytes, or one number
	old   string // the condition under which a row goes; ?1 is the moment
	aged  bool   // keys follow time: after the first batch without an old row there is none
}

// walkOf says where the rows of a class are. Ends count as over at their
// moment, as they do for whoever reads them.
func walkOf(class bot.PurgeClass) (walk, error) {
	switch class {
	case bot.PurgeSeen:
		return walk{table: "seen", key: []string{"source", "event"}, begin: []any{"", ""}, old: `at < ?1 AND source <> 'engine'`}, nil
	case bot.PurgeAudit:
		return walk{table: "audit", key: []string{"id"}, begin: []any{int64(0)}, aged: true,
			old: `at < ?1 AND at <= (SELECT at FROM audit WHERE id = (SELECT max(id) FROM audit)) - 25920000000000`}, nil // 300 days: see the trigger
	case bot.PurgeTombstones:
		return walk{table: "tombstone", key: []string{"hash"}, begin: []any{[]byte{}}, old: `until <= ?1`}, nil
	case bot.PurgeSessions:
		return walk{table: "session", key: []string{"token"}, begin: []any{[]byte{}}, old: `(until <= ?1 OR latest <= ?1)`}, nil
	case bot.PurgeOptOuts:
		return walk{table: "opt_out", key: []string{"hash"}, begin: []any{[]byte{}}, old: `coalesce(ended, at) < ?1
			AND (ended IS NOT NULL OR NOT EXISTS (SELECT 1 FROM thread t WHERE t.hash = opt_out.hash))`}, nil
	}
	return walk{}, fmt.Errorf("no class of data is called %q", class)
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
	purged := bot.Purged{Next: next}
	query := `DELETE FROM ` + w.table + ` WHERE ` + w.tuple() + ` = ` + w.marks() + ` AND ` + w.old
	err = s.writer.write(ctx, save, func(t *tx) error {
		for _, key := range keys {
			n, err := t.exec(query, append([]any{p.Before.UnixMicro()}, key...)...)
			if err != nil {
				return err
			}
			purged.Gone += int(n)
		}
		return nil
	})
	return purged, err
}

// oldRows walks along a table and returns the keys of its old rows.
func (s *Store) oldRows(ctx context.Context, w walk, p bot.Purge) (keys [][]any, next string, err error) {
	after, err := w.parse(p.After)
	if err != nil {
		return nil, "", err
	}
	looked, full := 0, false
	err = s.reader.each(ctx, func(row scanner) error {
		key := make([]any, len(w.key))
		var goes bool
		if err := row.Scan(append(pointers(key), &goes)...); err != nil || full {
			return err
		}
		looked, next = looked+1, format(key)
		if goes {
			keys = append(keys, key)
		}
		full = len(keys) == p.Most()
		return nil
	}, `
		SELECT `+strings.Join(w.key, ", ")+`, coalesce(`+w.old+`, 0) FROM `+w.table+`
		WHERE `+w.tuple()+` > `+w.marks()+` ORDER BY `+strings.Join(w.key, ", ")+` LIMIT `+fmt.Sprint(window),
		append([]any{p.Before.UnixMicro()}, after...)...)
	if err != nil {
		return nil, "", err
	}
	if !full && (looked < window || w.aged && len(keys) == 0) {
		next = ""
	}
	return keys, next, nil
}

func (w walk) tuple() string { return `(` + strings.Join(w.key, ", ") + `)` }

// marks are the parameters of a key: ?1 is the moment.
func (w walk) marks() string { return [...]string{"", "(?2)", "(?2, ?3)"}[len(w.key)] }

func pointers(values []any) []any {
	to := make([]any, len(values))
	for i := range values {
		to[i] = &values[i]
	}
	return to
}

// format writes a key for Purged.Next.
func format(key []any) string {
	parts := make([]string, len(key))
	for i, value := range key {
		switch v := value.(type) {
		case []byte:
			parts[i] = hex.EncodeToString(v)
		case string:
			parts[i] = hex.EncodeToString([]byte(v))
		default:
			parts[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(parts, " ")
}

// parse reads what format wrote; the beginning, when it is empty.
func (w walk) parse(text string) ([]any, error) {
	if text == "" {
		return w.begin, nil
	}
	parts := strings.Split(text, " ")
	if len(parts) != len(w.key) {
		return nil, errCursor
	}
	key := make([]any, len(parts))
	for i, part := range parts {
		if _, number := w.begin[i].(int64); number {
			var n int64
			if _, err := fmt.Sscan(part, &n); err != nil {
				return nil, errCursor
			}
			key[i] = n
			continue
		}
		value, err := hex.DecodeString(part)
		if err != nil {
			return nil, errCursor
		}
		key[i] = value
		if _, text := w.begin[i].(string); text {
			key[i] = string(value)
		}
	}
	return key, nil
}
