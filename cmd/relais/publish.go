package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"relais/bot"
	"relais/flows"
)

// publish makes the compiled flows current when the store has none; or, on
// SQLite, when nobody waits at a step that would go. Elsewhere publishing is a
// decision: relais flows publish.
func (s *service) publish(ctx context.Context, c Config, log *slog.Logger) error {
	_, current, err := s.store.Published(ctx)
	if err != nil {
		return fmt.Errorf("reading the published flows: %w", err)
	}
	news := unpublished(s.library, current)
	if len(news) == 0 {
		return nil
	}
	if len(current) > 0 {
		waiting, err := s.orphans(ctx)
		if err != nil {
			return err
		}
		if !c.embedded() || len(waiting) > 0 {
			log.Warn("flows on disk are newer than the published ones: see relais flows publish", "flows", len(news), "steps_waited_at", len(waiting))
			return nil
		}
	}
	if _, err := s.store.Publish(ctx, news); err != nil {
		return fmt.Errorf("publishing flows: %w", err)
	}
	return nil
}

// unpublished lists the versions of a library that are not current.
func unpublished(library *flows.Library, current []bot.Version) []bot.Version {
	known := map[string]string{}
	for _, v := range current {
		known[v.Name] = v.Hash
	}
	var news []bot.Version
	for name, flow := range library.Flows {
		if known[name] != flow.Hash {
			news = append(news, bot.Version{Name: name, Hash: flow.Hash, Files: library.Files(name)})
		}
	}
	return news
}

// orphans lists the steps where people wait and that the compiled flows no
// longer have. Those people keep the version they began with.
func (s *service) orphans(ctx context.Context) ([]bot.Waiting, error) {
	waiting, err := s.store.Waiting(ctx)
	if err != nil {
		return nil, fmt.Errorf("counting who waits: %w", err)
	}
	var removed []bot.Waiting
	for _, w := range waiting {
		name, state, _ := strings.Cut(w.Step, "/")
		if flow := s.library.Flows[name]; flow == nil || flow.States[state] == nil {
			removed = append(removed, w)
		}
	}
	return removed, nil
}
