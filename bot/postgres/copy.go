package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot/tables"
)

// Count counts a table's rows.
func (s *Store) Count(ctx context.Context, t tables.Table) (n int64, err error) {
	err = s.atLeisure(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM `+from(t)).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count the rows of %s: %w", t.Name, err)
	}
	return n, nil
}

// Rows reads a table out in the order of its key. It ends with the first error.
func (s *Store) Rows(ctx context.Context, t tables.Table) iter.Seq2[tables.Row, error] {
	return func(yield func(tables.Row, error) bool) {
		err := s.atLeisure(ctx, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, selectRows(t))
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				row, err := rowOf(rows, t)
				if err != nil {
					return err
				}
				if !yield(row, nil) {
					return errEnough
				}
			}
			return rows.Err()
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, fmt.Errorf("read the rows of %s: %w", t.Name, err))
		}
	}
}

var errEnough = errors.New("the caller has read enough")

// atLeisure runs f in a transaction that sees one moment and may last: a whole
// table is read longer than a turn may take.
func (s *Store) atLeisure(ctx context.Context, f func(pgx.Tx) error) error {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer abandon(tx)
	if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
		return err
	}
	return f(tx)
}

// selectRows orders texts by their bytes, as every store does, whatever the
// database's own order of texts is.
func selectRows(t tables.Table) string {
	columns, order := make([]string, len(t.Columns)), make([]string, t.Key)
	for i, c := range t.Columns {
		columns[i] = `t.` + c.Name
		if t.Name == "job" && c.Name == "token" {
			columns[i] = `0::bigint`
		}
	}
	for i, c := range t.Columns[:t.Key] {
		order[i] = `t.` + c.Name
		if c.Kind == tables.Text {
			order[i] += ` COLLATE "C"`
		}
	}
	return `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + from(t) + ` ORDER BY ` + strings.Join(order, ", ")
}

func from(t tables.Table) string {
	if t.Name == "setting" {
		return `setting t WHERE key IN ('` + strings.Join(tables.Settings(), `', '`) + `')`
	}
	return t.Name + ` t`
}

func rowOf(rows pgx.Rows, t tables.Table) (tables.Row, error) {
	row, to := make(tables.Row, len(t.Columns)), make([]any, len(t.Columns))
	for i, c := range t.Columns {
		switch c.Kind {
		case tables.ID:
			to[i] = &pgtype.UUID{}
		case tables.Bytes:
			to[i] = &[]byte{}
		case tables.Text:
			to[i] = new(string)
		case tables.Integer:
			to[i] = new(int64)
		case tables.Bool:
			to[i] = new(bool)
		case tables.Time:
			to[i] = &pgtype.Timestamptz{}
		case tables.Span:
			to[i] = new(time.Duration)
		case tables.Codes:
			to[i] = &[]string{}
		}
	}
	if err := rows.Scan(to...); err != nil {
		return nil, err
	}
	for i := range to {
		row[i] = travels(to[i])
	}
	return row, nil
}

// travels gives a scanned value the type that its kind travels as.
func travels(scanned any) any {
	switch v := scanned.(type) {
	case *pgtype.UUID:
		if !v.Valid {
			return []byte(nil)
		}
		return v.Bytes[:]
	case *[]byte:
		return *v
	case *string:
		return *v
	case *int64:
		return *v
	case *bool:
		return *v
	case *pgtype.Timestamptz:
		return moment(*v)
	case *time.Duration:
		return *v
	case *[]string:
		return *v
	}
	panic(fmt.Sprintf("postgres: scanned a %T", scanned))
}
