package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"relais/bot"
	"relais/flows"
)

// publishFirst makes the compiled flows current in a store that has none.
func (s *service) publishFirst(ctx context.Context) error {
	_, current, err := s.store.Published(ctx)
	if err != nil {
		return fmt.Errorf("reading the published flows: %w", err)
	}
	if len(current) > 0 {
		return nil
	}
	return s.publish(ctx)
}

// publishNews makes the compiled flows current at a start of the server: on
// SQLite, when nobody waits at a step that would go. Elsewhere publishing is a
// decision: relais flows publish.
func (s *service) publishNews(ctx context.Context, c Config, log *slog.Logger) error {
	_, current, err := s.store.Published(ctx)
	if err != nil {
		return fmt.Errorf("reading the published flows: %w", err)
	}
	news, gone := changes(s.library, current)
	if len(news)+len(gone) == 0 {
		return nil
	}
	waiting, err := s.orphans(ctx)
	if err != nil {
		return err
	}
	if !c.embedded() || len(waiting) > 0 {
		log.Warn("flows on disk are not the published ones: see relais flows publish", "flows", len(news)+len(gone), "steps_waited_at", len(waiting))
		return nil
	}
	return s.publish(ctx)
}

// publish makes the compiled flows current, and no other: a store takes the
// whole set at once.
func (s *service) publish(ctx context.Context) error {
	if _, err := s.store.Publish(ctx, versionsOf(s.library)); err != nil {
		return fmt.Errorf("publishing flows: %w", err)
	}
	return nil
}

// versionsOf lists every flow of a library, by name.
func versionsOf(library *flows.Library) []bot.Version {
	var all []bot.Version
	for _, name := range slices.Sorted(maps.Keys(library.Flows)) {
		all = append(all, bot.Version{Name: name, Hash: library.Flows[name].Hash, Files: library.Files(name), At: bot.Microseconds(time.Now())})
	}
	return all
}

// changes lists the versions of a library that are not current, and the
// current flows that it no longer has.
func changes(library *flows.Library, current []bot.Version) (news []bot.Version, gone []string) {
	known := map[string]string{}
	for _, v := range current {
		known[v.Name] = v.Hash
		if library.Flows[v.Name] == nil {
			gone = append(gone, v.Name)
		}
	}
	for _, v := range versionsOf(library) {
		if known[v.Name] != v.Hash {
			news = append(news, v)
		}
	}
	return news, gone
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
