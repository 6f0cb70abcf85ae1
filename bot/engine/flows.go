package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"relais/bot"
	"relais/flows"
	"relais/handoff"
)

// Flows keeps the dialogues and the territory that turns use: those of the
// store's generation, and every older version that a conversation still
// follows. It reads the store only when something is missing.
type Flows struct {
	store   bot.Store
	library *flows.Library // texts that belong to no flow, and the flows of a store that has none

	mu     sync.Mutex
	now    *set
	pinned map[string]*flows.Flow // "name@hash"
}

// set is what turns of one generation work with. It is immutable but for its
// pinned versions, which are only looked up.
type set struct {
	generation int64
	territory  *handoff.Territory
	current    map[string]*flows.Flow
	pinned     map[string]*flows.Flow
	library    *flows.Library
}

var _ bot.Library = (*set)(nil)

// NewFlows returns the dialogues of a store. library gives the texts that
// belong to no flow.
func NewFlows(store bot.Store, library *flows.Library) *Flows {
	return &Flows{store: store, library: library, pinned: map[string]*flows.Flow{}}
}

// Current returns the version of a flow that new dialogues begin with.
func (s *set) Current(name string) *flows.Flow { return s.current[name] }

// Pinned returns the version a dialogue follows.
func (s *set) Pinned(name, hash string) *flows.Flow {
	if f := s.current[name]; f != nil && f.Hash == hash {
		return f
	}
	return s.pinned[name+"@"+hash]
}

// Common returns a text that belongs to no flow, in that language or the
// first one.
func (s *set) Common(lang, key string) flows.Text {
	if text, ok := s.library.Common[lang][key]; ok {
		return text
	}
	return s.library.Common[s.library.Languages[0]][key]
}

// at returns what a turn of that generation works with, and has every version
// that the frames follow.
func (f *Flows) at(ctx context.Context, generation int64, frames []bot.Frame) (*set, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil || f.now.generation != generation {
		now, err := f.read(ctx)
		if err != nil {
			return nil, err
		}
		f.now = now
	}
	for _, frame := range frames {
		if f.now.Pinned(frame.Flow, frame.Hash) != nil {
			continue
		}
		if err := f.pin(ctx, frame.Flow, frame.Hash); err != nil {
			return nil, err
		}
	}
	return f.now, nil
}

// newest is the generation that was last read; ok is false before the first.
func (f *Flows) newest() (generation int64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return 0, false
	}
	return f.now.generation, true
}

// pin fetches an older version. One that was never published, or no longer
// compiles, stays unknown: the turn then calls a human. The map is replaced,
// never changed: turns under way read it.
func (f *Flows) pin(ctx context.Context, name, hash string) error {
	version, err := f.store.Version(ctx, name, hash)
	if errors.Is(err, bot.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading flow %s@%s: %w", name, hash, err)
	}
	flow, faults := flows.CompileOne(name, version.Files)
	if len(faults) > 0 {
		return nil
	}
	pinned := make(map[string]*flows.Flow, len(f.pinned)+1)
	for key, known := range f.pinned {
		pinned[key] = known
	}
	pinned[name+"@"+hash] = flow
	now := *f.now
	now.pinned = pinned
	f.pinned, f.now = pinned, &now
	return nil
}

// read loads the current generation from the store. The generation is read
// first: when something is saved meanwhile it is too old, and all is read again.
func (f *Flows) read(ctx context.Context) (*set, error) {
	generation, versions, err := f.store.Published(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the flows: %w", err)
	}
	document, _, err := f.store.Territory(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the territory: %w", err)
	}
	territory, err := handoff.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("reading the territory: %w", err)
	}
	current := make(map[string]*flows.Flow, len(versions))
	for _, v := range versions {
		if own := f.library.Flows[v.Name]; own != nil && own.Hash == v.Hash {
			current[v.Name] = own
			continue
		}
		flow, faults := flows.CompileOne(v.Name, v.Files)
		if len(faults) > 0 {
			return nil, fmt.Errorf("flow %s@%s of the store does not compile: %s", v.Name, v.Hash, faults[0])
		}
		current[v.Name] = flow
	}
	return &set{generation: generation, territory: territory, current: current, pinned: f.pinned, library: f.library}, nil
}

// place gives the texts of a crisis the places they name, when they are known.
func (f *Flows) place(name string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return "", false
	}
	switch name {
	case "day_place":
		return f.now.territory.DayPlace, true
	case "food_place":
		return f.now.territory.Food, true
	case "tel":
		return f.now.territory.Tel, true
	}
	return "", false
}

// Territory returns the territory in force.
func (f *Flows) Territory(ctx context.Context) (*handoff.Territory, error) {
	_, generation, err := f.store.Territory(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the territory: %w", err)
	}
	now, err := f.at(ctx, generation, nil)
	if err != nil {
		return nil, err
	}
	return now.territory, nil
}
