package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
)

// Statistics counts what waits, along the indexes and in one round trip: the
// due jobs of each lane, and the open hand-offs.
func (s *Store) Statistics(ctx context.Context, now time.Time) (bot.Statistics, error) {
	var found bot.Statistics
	batch := &pgx.Batch{}
	for lane := range found.Lanes {
		batch.Queue(`
			SELECT count(*), min(due) FROM (SELECT due FROM job WHERE lane = $1 AND due <= $2 ORDER BY due LIMIT $3) due`,
			int16(lane), stamp(now), bot.BacklogLimit).QueryRow(func(row pgx.Row) error {
			var oldest pgtype.Timestamptz
			err := row.Scan(&found.Lanes[lane].Due, &oldest)
			found.Lanes[lane].Oldest = moment(oldest)
			return err
		})
	}
	batch.Queue(`
		SELECT owner_org, owner_team, count(*), min(since) FROM conversation
		WHERE owner_kind <> 'assistant' AND owner_kind = 'queue'
		GROUP BY owner_org, owner_team ORDER BY owner_org, owner_team`).Query(func(rows pgx.Rows) (err error) {
		found.Queues, err = pgx.CollectRows(rows, scanQueued)
		return err
	})
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return bot.Statistics{}, fmt.Errorf("count what waits: %w", err)
	}
	return found, nil
}

func scanQueued(row pgx.CollectableRow) (q bot.Queued, err error) {
	var oldest pgtype.Timestamptz
	err = row.Scan(&q.Organisation, &q.Team, &q.Conversations, &oldest)
	q.Oldest = moment(oldest)
	return q, err
}
