package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"relais/bot"
)

// Statistics counts what waits, along the indexes: the due jobs of each lane,
// and the open hand-offs.
func (s *Store) Statistics(ctx context.Context, now time.Time) (bot.Statistics, error) {
	var found bot.Statistics
	for lane := range found.Lanes {
		var oldest sql.NullInt64
		err := s.reader.row(ctx, `
			SELECT count(*), min(due) FROM (SELECT due FROM job WHERE lane = ? AND due <= ? ORDER BY due LIMIT ?)`,
			lane, now.UnixMicro(), bot.BacklogLimit).Scan(&found.Lanes[lane].Due, &oldest)
		if err != nil {
			return bot.Statistics{}, fmt.Errorf("count due jobs: %w", err)
		}
		found.Lanes[lane].Oldest = moment(oldest)
	}
	err := s.reader.each(ctx, func(row scanner) error {
		var q bot.Queued
		var oldest sql.NullInt64
		err := row.Scan(&q.Organisation, &q.Team, &q.Conversations, &oldest)
		q.Oldest = moment(oldest)
		found.Queues = append(found.Queues, q)
		return err
	}, `
		SELECT owner_org, owner_team, count(*), min(since) FROM conversation
		WHERE owner_kind <> 'assistant' AND owner_kind = 'queue'
		GROUP BY owner_org, owner_team ORDER BY owner_org, owner_team`)
	if err != nil {
		return bot.Statistics{}, fmt.Errorf("count who waits: %w", err)
	}
	return found, nil
}
