package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"relais/bot"
)

// What was kept long enough goes by itself, each night. The round is a job like
// any other: one instance at a time has it, and another goes on when that one
// stops. It works in short batches and rests in proportion, so that turns
// hardly notice, however much there is to delete.

const (
	jobPurge bot.JobKind = "purge"
	// purgeHour is when a round begins, in the territory's time.
	purgeHour = 2
	// dayHour is when a round that is not over begins to go slowly.
	dayHour = 6
	// restByNight and restByDay are how often the time a batch took is rested
	// after it.
	restByNight, restByDay  = 9, 49
	restAtLeast, restAtMost = 20 * time.Millisecond, 5 * time.Second
	// purgeAgain is when a round that failed or was stopped goes on.
	purgeAgain = time.Minute
)

// beginPurging plans the rounds once in the life of a store.
func (e *Engine) beginPurging(ctx context.Context) {
	now := e.now()
	first, err := e.night(ctx, now)
	if err == nil {
		job := bot.Job{Key: "purge", Kind: jobPurge, Lane: bot.LaneBulk, Due: first}
		err = e.commit(ctx, &bot.Commit{Source: "engine", Event: "purge", At: now, Schedule: []bot.Job{job}})
	}
	if err != nil && !errors.Is(err, bot.ErrSeen) && ctx.Err() == nil {
		e.Log.Error("planning the purge failed", slog.Any("error", err))
	}
}

// purge does one round, and plans the next.
func (e *Engine) purge(ctx context.Context, job bot.Job) error {
	working, end := e.untilStop(ctx)
	defer end()
	gone, err := e.purgeAll(working)
	e.tellPurged(gone)
	next := job
	now := e.now()
	if err != nil {
		if working.Err() == nil {
			e.Log.Warn("the purge was cut short", slog.Any("error", err))
		}
		next.Due = now.Add(purgeAgain)
	} else if next.Due, err = e.night(ctx, now); err != nil {
		return err
	}
	done := &bot.Commit{At: now, Schedule: []bot.Job{next}, Done: over(&job), Audit: purgeEntries(now, gone)}
	if err := e.commit(ctx, done); err != nil {
		return fmt.Errorf("planning the next purge: %w", err)
	}
	return nil
}

// purgeAll walks through every class of data, and tells how many people or
// rows of each went.
func (e *Engine) purgeAll(ctx context.Context) (gone map[bot.PurgeClass]int, err error) {
	gone = map[bot.PurgeClass]int{}
	territory, err := e.Flows.Territory(ctx)
	if err != nil {
		return gone, err
	}
	for _, kept := range bot.Retention() {
		p := bot.Purge{Class: kept.Class, Before: kept.Before(e.now())}
		for {
			began := time.Now()
			purged, err := e.Store.Purge(ctx, p)
			if err != nil {
				return gone, err
			}
			gone[kept.Class] += purged.Gone
			if p.After = purged.Next; p.After == "" {
				break
			}
			if err := rest(ctx, time.Since(began), e.now().In(territory.Zone)); err != nil {
				return gone, err
			}
		}
	}
	return gone, nil
}

// rest waits in proportion to the work just done.
func rest(ctx context.Context, worked time.Duration, local time.Time) error {
	times := time.Duration(restByDay)
	if local.Hour() < dayHour {
		times = restByNight
	}
	timer := time.NewTimer(min(max(times*worked, restAtLeast), restAtMost))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// night is when the next round begins.
func (e *Engine) night(ctx context.Context, now time.Time) (time.Time, error) {
	territory, err := e.Flows.Territory(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("planning the purge: %w", err)
	}
	return nightAfter(now, territory.Zone), nil
}

func nightAfter(now time.Time, zone *time.Location) time.Time {
	local := now.In(zone)
	for day := local.Day(); ; day++ {
		at := time.Date(local.Year(), local.Month(), day, purgeHour, 0, 0, 0, zone)
		if at.After(now) {
			return at.UTC()
		}
	}
}

func (e *Engine) tellPurged(gone map[bot.PurgeClass]int) {
	for _, kept := range bot.Retention() {
		if n := gone[kept.Class]; n > 0 {
			e.Log.Info("purged", slog.String("class", string(kept.Class)), slog.Int("count", n))
		}
	}
}

// purgeEntries notes in the journal what went of people, and of the journal.
func purgeEntries(now time.Time, gone map[bot.PurgeClass]int) []bot.AuditEntry {
	var counts []string
	for _, class := range []bot.PurgeClass{bot.PurgePeople, bot.PurgeVisitors, bot.PurgeOptOuts, bot.PurgeAudit} {
		if n := gone[class]; n > 0 {
			counts = append(counts, fmt.Sprintf("%s %d", class, n))
		}
	}
	if len(counts) == 0 {
		return nil
	}
	return []bot.AuditEntry{{At: now, Actor: "service", Action: "purged", Detail: strings.Join(counts, ", ")}}
}
