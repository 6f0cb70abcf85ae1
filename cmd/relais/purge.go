package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"relais/bot"
)

type purgeCommand struct {
	DryRun bool `help:"Count what would go, and delete nothing."`
}

// Run purges what was kept long enough, now; the server does so by itself each
// night. It may run beside it.
func (c purgeCommand) Run(p *program) (err error) {
	s, _, err := openStore(p.ctx, p.config, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	now := bot.Microseconds(p.now())
	gone := "GONE"
	if c.DryRun {
		gone = "WOULD GO"
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "CLASS\tBEFORE\t%s\n", gone)
	var counts []string
	for _, kept := range bot.Retention() {
		n, err := c.walk(p.ctx, s, bot.Purge{Class: kept.Class, Before: kept.Before(now), Count: c.DryRun})
		if err != nil {
			return errors.Join(table.Flush(), err)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\n", kept.Class, moment(kept.Before(now)), n)
		counts = append(counts, fmt.Sprintf("%s %d", kept.Class, n))
	}
	if err := table.Flush(); err != nil || c.DryRun {
		return err
	}
	note := bot.AuditEntry{At: now, Actor: "operator", Action: "purged", Detail: strings.Join(counts, ", ")}
	noted, err := s.Commit(p.ctx, []*bot.Commit{{At: now, Audit: []bot.AuditEntry{note}}}, nil)
	if err := errors.Join(append(noted, err)...); err != nil {
		return fmt.Errorf("purged, but not noted in the journal: %w", err)
	}
	return nil
}

// walk purges one class to its end. It rests as long as it works, for the
// server beside it.
func (c purgeCommand) walk(ctx context.Context, s bot.Store, p bot.Purge) (gone int, err error) {
	for {
		began := time.Now()
		purged, err := s.Purge(ctx, p)
		if err != nil {
			return gone, err
		}
		gone += purged.Gone
		if p.After = purged.Next; p.After == "" {
			return gone, nil
		}
		if c.DryRun {
			continue
		}
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return gone, context.Cause(ctx)
		}
	}
}
