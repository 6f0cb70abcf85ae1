package flows

import (
	"slices"
	"strings"

	"relais/flows/understand"
)

// maxVariables is how many names one flow may know.
const maxVariables = 256

// names is a set of variables, by their number.
type names [maxVariables / 64]uint64

func (n *names) put(i int)     { n[i/64] |= 1 << (i % 64) }
func (n names) has(i int) bool { return n[i/64]&(1<<(i%64)) != 0 }

func (n names) and(o names) names {
	for i := range n {
		n[i] &= o[i]
	}
	return n
}

func (n names) or(o names) names {
	for i := range n {
		n[i] |= o[i]
	}
	return n
}

// knowledge is what is set once a state has been entered: on some way to it,
// and on every way to it. States that nothing reaches are not in it.
type knowledge struct {
	may, must map[string]names
}

// known follows every arc until nothing changes.
func (c *flowCheck) known() knowledge {
	k := knowledge{may: map[string]names{}, must: map[string]names{}}
	for _, state := range c.f.Entries {
		if s := c.f.States[state]; s != nil {
			k.may[state], k.must[state] = c.set(done(s)), c.set(done(s))
		}
	}
	type effect struct {
		arc
		may, must names
	}
	var effects []effect
	for _, a := range c.arcs {
		from, entered := c.f.States[a.from], c.set(done(c.f.States[a.to]))
		effects = append(effects, effect{a, c.set(c.maySet(from, a)).or(entered), c.set(c.mustSet(from, a)).or(entered)})
	}
	for changed := true; changed; {
		changed = false
		for _, e := range effects {
			before, from := k.may[e.from]
			if !from {
				continue // not reached yet
			}
			may, must := before.or(e.may), k.must[e.from].or(e.must)
			if old, reached := k.may[e.to]; reached {
				may, must = may.or(old), must.and(k.must[e.to])
				if may == old && must == k.must[e.to] {
					continue
				}
			}
			k.may[e.to], k.must[e.to], changed = may, must, true
		}
	}
	return k
}

// set numbers variables; the few beyond maxVariables are told elsewhere.
func (c *flowCheck) set(list []string) (n names) {
	for _, name := range list {
		if v := c.vars[name]; v != nil && v.number < maxVariables {
			n.put(v.number)
		}
	}
	return n
}

// holds tells whether a variable is in a set.
func (c *flowCheck) holds(n names, name string) bool {
	v := c.vars[name]
	return v != nil && (v.number >= maxVariables || n.has(v.number))
}

// done gives what entering a state sets.
func done(s *State) []string {
	var out []string
	for _, a := range s.Do {
		out = append(out, setBy(a.Set)...)
	}
	return out
}

func setBy(sets []Assign) []string {
	var out []string
	for _, set := range sets {
		if len(set.Drop) == 0 {
			out = append(out, set.Var)
		}
	}
	return out
}

// answered gives what an answer to the question of a state may set.
func (c *flowCheck) answered(s *State) []string {
	if s.Ask == "" {
		return nil
	}
	out := expand(s.Save, c.vars)
	for _, o := range s.Options {
		out = append(out, setBy(o.Set)...)
	}
	if s.Kind == understand.Commune {
		out = append(out, "_candidates")
	}
	return out
}

func (c *flowCheck) maySet(s *State, a arc) []string {
	switch a.kind {
	case byOption:
		return append(c.savedBy(s), setBy(s.Options[a.index].Set)...)
	case byEdge:
		return append(c.answered(s), setBy(s.Next[a.index].Set)...)
	case byReturn:
		return c.answered(s)
	}
	return nil
}

func (c *flowCheck) mustSet(s *State, a arc) []string {
	switch a.kind {
	case byOption:
		return append(c.savedBy(s), setBy(s.Options[a.index].Set)...)
	case byEdge:
		e := s.Next[a.index]
		out := setBy(e.Set)
		if !unsaved(e) {
			out = append(out, c.savedBy(s)...)
		}
		if asksToChoose(e) {
			out = append(out, "_candidates")
		}
		for _, cond := range e.If {
			if cond.IsSet == nil || *cond.IsSet {
				out = append(out, cond.Var) // it held, so the variable is set
			}
		}
		for _, cond := range e.Unless {
			if cond.IsSet != nil && !*cond.IsSet {
				out = append(out, cond.Var)
			}
		}
		return out
	}
	return nil
}

// savedBy gives the variable that a question always saves its answer in.
func (c *flowCheck) savedBy(s *State) []string {
	if s.Ask == "" || s.Save == "" || strings.Contains(s.Save, "{") {
		return nil
	}
	return []string{s.Save}
}

// unsaved tells whether an edge is for readings that save nothing.
func unsaved(e Edge) bool {
	return slices.ContainsFunc(e.If, func(c Condition) bool {
		return c.Var == readingVar && !slices.ContainsFunc(c.AnyOf, func(v string) bool { return v != "ask" && v != "elsewhere" })
	})
}

func asksToChoose(e Edge) bool {
	return slices.ContainsFunc(e.If, func(c Condition) bool {
		return c.Var == readingVar && len(c.AnyOf) == 1 && c.AnyOf[0] == "ask"
	})
}
