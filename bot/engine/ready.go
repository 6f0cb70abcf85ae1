package engine

import (
	"context"
	"fmt"
	"time"

	"relais/bot"
)

// Ready tells whether a turn could be made durable now: it makes one row so.
func (e *Engine) Ready(ctx context.Context) error {
	probe := bot.Job{Key: "ready", Kind: "ready", Lane: bot.LaneBulk, Due: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := e.commit(ctx, &bot.Commit{At: e.now(), Schedule: []bot.Job{probe}}); err != nil {
		return fmt.Errorf("not able to commit: %w", err)
	}
	return nil
}
