package postgres

import (
	"hash/maphash"

	"relais/bot"
)

// waves parts a group so that turns of one wave have nothing in common: the
// statements of a wave take its turns all at once. A turn comes in a later wave
// than those before it that it has something in common with. Nearly always
// there is one wave.
func (s *Store) waves(turns []*turn) [][]*turn {
	var waves [][]*turn
	seed := maphash.MakeSeed()
	last := make(map[uint64]int, 8*len(turns)) // what a turn touches → the wave after it
	touched := make([]uint64, 0, 16)
	for _, t := range turns {
		if t.outcome != nil {
			continue
		}
		touched = t.touched(touched[:0], seed)
		wave := 0
		for _, name := range touched {
			wave = max(wave, last[name])
		}
		for _, name := range touched {
			last[name] = wave + 1
		}
		if wave == len(waves) {
			waves = append(waves, nil)
		}
		waves[wave] = append(waves[wave], t)
	}
	return waves
}

// touched names what a turn's outcome or writes have in common with another's,
// by hashes: two names that share one cost a wave, and nothing else.
func (t *turn) touched(names []uint64, seed maphash.Seed) []uint64 {
	id := func(id bot.ID) { names = append(names, maphash.Comparable(seed, id)) }
	text := func(s string) { names = append(names, maphash.String(seed, s)) }
	if t.Event != "" {
		names = append(names, maphash.Comparable(seed, [2]string{t.Source, t.Event}))
	}
	if c := t.Conversation; c != nil {
		id(c.ID)
		id(c.Person)
		for i := range c.Threads {
			id(c.Threads[i].ID)
		}
	}
	for _, n := range t.newcomers {
		names = append(names, maphash.Comparable(seed, n.hash))
	}
	for i := range t.Marks {
		id(t.Marks[i].Conversation)
		if t.Marks[i].Provider != "" {
			text(t.Marks[i].Provider)
		}
	}
	for i := range t.Cancels {
		if !t.Cancels[i].Thread.IsZero() {
			id(t.Cancels[i].Thread)
		}
	}
	if t.Begin != nil {
		id(t.Begin.Thread)
	}
	for _, hash := range t.booked {
		names = append(names, maphash.Comparable(seed, hash))
	}
	for i := range t.Settled {
		id(t.Settled[i].Item)
	}
	t.jobKeys(text)
	return names
}
