package flows

import (
	"maps"
	"slices"
)

// checker looks for what is wrong in files that could be read. Each of its
// parts tells all it finds; none relies on another having found nothing.
type checker struct {
	*loader
	samples Samples
	product map[string]worst // what the product puts in texts, at its worst
	codes   nomenclature
}

func newChecker(l *loader, samples Samples) *checker {
	c := &checker{loader: l, samples: samples, product: map[string]worst{}, codes: codeLists()}
	for name, values := range samples {
		c.product[name] = worstOf(values)
	}
	return c
}

func (c *checker) check() {
	if len(c.languages) == 0 || c.languages[0] != firstLanguage {
		c.faults.add("texts", pos{}, "there is no texts/%s: texts are in that language first", firstLanguage)
	}
	for _, name := range slices.Sorted(maps.Keys(c.flows)) {
		f := c.checking(name)
		f.references()
		f.shape()
		f.graph()
		f.variables()
		f.texts()
	}
	c.common()
	c.strays()
}

// runnable is what CompileOne asks for: every target exists.
func (c *checker) runnable(f *Flow) {
	if len(f.langs) == 0 {
		c.faults.add(f.Name+".yaml", pos{}, "the flow has no texts in any language")
	}
	c.checking(f.Name).references()
}

// strays tells the catalogues that belong to no flow.
func (c *checker) strays() {
	for _, lang := range c.languages {
		for _, name := range slices.Sorted(maps.Keys(c.loader.texts[lang])) {
			if name != commonTexts && c.logic[name] == nil {
				c.faults.add(textsFile(lang, name), pos{}, "there is no flow %q%s", name, suggest(name, slices.Collect(maps.Keys(c.logic))))
			}
		}
	}
}

// flowCheck checks one flow.
type flowCheck struct {
	*checker
	f    *Flow
	d    *decoder // of the logic, for places
	arcs []arc    // to states that exist
	vars map[string]*variable
	seen map[string]bool // states that some entry leads to
}

func (c *checker) checking(name string) *flowCheck {
	f := &flowCheck{checker: c, f: c.flows[name], d: c.logic[name]}
	f.arcs = f.allArcs()
	f.seen = f.reachable()
	f.vars = f.allVariables()
	return f
}

// at gives the place of something in a state, by the keys that lead there.
func (c *flowCheck) at(state string, path ...any) pos {
	return c.d.root.at(append([]any{"states", state}, path...)...)
}

// states gives the states in the order of the file.
func (c *flowCheck) states(yield func(*State) bool) {
	for _, name := range c.f.Order {
		if !yield(c.f.States[name]) {
			return
		}
	}
}

// references checks every name of a state, and of an entry.
func (c *flowCheck) references() {
	target := func(at pos, name string) {
		if name != "" && c.f.States[name] == nil {
			c.d.fault(at, "there is no state %q%s", name, suggest(name, c.f.Order))
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(c.f.Entries)) {
		target(c.d.root.at("entries", entry), c.f.Entries[entry])
	}
	for s := range c.states {
		for i, o := range s.Options {
			target(c.at(s.Name, "options", i, "to"), o.To)
			target(c.at(s.Name, "options", i, "back"), o.Back)
		}
		for i, e := range s.Next {
			target(c.at(s.Name, "next", i, "to"), e.To)
			target(c.at(s.Name, "next", i, "back"), e.Back)
		}
		if s.Silence != nil {
			target(c.silenceAt(s, "to"), s.Silence.To)
		}
	}
}

// silenceAt gives the place of a key of a state's silence, which may be the
// one of the whole flow.
func (c *flowCheck) silenceAt(s *State, key string) pos {
	if c.d.root.child("states").child(s.Name).child("silence") != nil {
		return c.at(s.Name, "silence", key)
	}
	return c.d.root.at("silence", key)
}
