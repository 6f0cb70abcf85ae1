package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"relais/bot"
	"relais/bot/engine"
	"relais/bot/postgres"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/flows"
	"relais/handoff"
)

// store is what a back-end gives: turns, and what advisers read.
type store interface {
	bot.Store
	bot.Desk
}

// openStore opens the store that the configuration names, and the keys it is
// sealed under.
func openStore(ctx context.Context, c Config, log *slog.Logger) (store, *seal.Keyring, error) {
	keys, err := keyring(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	if c.embedded() {
		s, err := sqlite.Open(ctx, sqlite.Config{Path: c.file(), Keys: keys, NoMigrate: !c.Migrate, Crash: crashPoint()})
		if err != nil {
			return nil, nil, err
		}
		return s, keys, nil
	}
	s, err := postgres.Open(ctx, postgres.Config{URL: c.Database, OwnerURL: c.OwnerURL, Keys: keys, NoMigrate: !c.Migrate,
		Log: log, Crash: crashPoint()})
	if err != nil {
		return nil, nil, err
	}
	return s, keys, nil
}

// crashPoint stops the program at a named commit boundary, as a power cut
// would, for the tests that check what is left: "commit:written" at the first
// time it is passed, "commit:written@7" at the seventh.
func crashPoint() func(string) {
	name, visit, _ := strings.Cut(os.Getenv("RELAIS_TEST_CRASH"), "@")
	if name == "" {
		return nil
	}
	var left atomic.Int64
	left.Store(1)
	if n, err := strconv.ParseInt(visit, 10, 64); err == nil {
		left.Store(n)
	}
	return func(point string) {
		if point == name && left.Add(-1) == 0 {
			os.Exit(137)
		}
	}
}

// flowsFS is where the dialogues are read from.
func flowsFS(dir string) fs.FS {
	if dir == "" {
		return flows.Builtin()
	}
	return os.DirFS(dir)
}

// loadFlows compiles the dialogues. Every fault of every file is in the error.
func loadFlows(c Config) (*flows.Library, error) {
	if c.Flows != "" {
		if _, err := os.Stat(c.Flows); err != nil {
			return nil, fmt.Errorf("reading the flows: %w", err)
		}
	}
	samples, err := samples(c)
	if err != nil {
		return nil, err
	}
	library, faults := flows.Load(flowsFS(c.Flows), samples)
	if len(faults) > 0 {
		return nil, faultsError(faults)
	}
	return library, nil
}

// samples are the values that texts are counted with: the territory's own
// where it has them, the worst we know for the rest.
func samples(c Config) (flows.Samples, error) {
	document, err := territoryDocument(c)
	if err != nil {
		return nil, err
	}
	t, err := handoff.Parse(document)
	if err != nil {
		return nil, err
	}
	s := flows.DefaultSamples()
	s["service"], s["territory"], s["url"] = []string{t.Service}, []string{t.Name}, []string{t.URL}
	s["day_place"], s["food_place"] = []string{t.DayPlace}, []string{t.Food}
	s["tel"], s["team"], s["org"] = []string{t.Tel}, nil, []string{t.Name}
	for _, team := range t.Teams {
		s["tel"], s["team"] = append(s["tel"], team.Tel), append(s["team"], team.Name)
	}
	for _, o := range t.Organisations {
		s["org"] = append(s["org"], o.Name)
	}
	return s, nil
}

// territoryDocument is the territory of the configuration; the demonstration's
// when there is none.
func territoryDocument(c Config) ([]byte, error) {
	if c.Territory == "" {
		return handoff.Doubs, nil
	}
	document, err := os.ReadFile(filepath.Join(c.Territory, "territory.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the territory: %w", err)
	}
	return document, nil
}

// faultsError lists faults, one a line.
type faultsError []flows.Fault

func (f faultsError) Error() string {
	text := fmt.Sprintf("the flows have faults: %d", len(f))
	for _, fault := range f {
		text += "\n" + fault.String()
	}
	return text
}

// service is what most commands work with: an open store and an engine on it.
type service struct {
	store   store
	keys    *seal.Keyring
	library *flows.Library
	flows   *engine.Flows
}

// openService opens the store, and gives it a territory and flows when it has
// none.
func openService(ctx context.Context, c Config, log *slog.Logger) (*service, error) {
	library, err := loadFlows(c)
	if err != nil {
		return nil, err
	}
	s, keys, err := openStore(ctx, c, log)
	if err != nil {
		return nil, err
	}
	svc := &service{store: s, keys: keys, library: library, flows: engine.NewFlows(s, library)}
	if err := svc.seed(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := svc.publishFirst(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return svc, nil
}

// seed gives an empty store the territory of the configuration.
func (s *service) seed(ctx context.Context, c Config) error {
	_, _, err := s.store.Territory(ctx)
	if !errors.Is(err, bot.ErrNotFound) {
		return err
	}
	document, err := territoryDocument(c)
	if err != nil {
		return err
	}
	if _, err := handoff.Parse(document); err != nil {
		return err
	}
	_, err = s.store.SaveTerritory(ctx, document)
	return err
}
