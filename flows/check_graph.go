package flows

import (
	"slices"
	"strings"
)

// arc is one way from a state to another, for walking over the flow.
type arc struct {
	from, to string
	kind     arcKind
	index    int // of the option or the edge
}

type arcKind string

const (
	byOption  arcKind = "option"
	byEdge    arcKind = "edge"
	bySilence arcKind = "silence"
	byReturn  arcKind = "return" // after a correction
)

func (c *flowCheck) allArcs() []arc {
	var out []arc
	add := func(a arc) {
		if c.f.States[a.to] != nil {
			out = append(out, a)
		}
	}
	for s := range c.states {
		for i, o := range s.Options {
			add(arc{s.Name, o.To, byOption, i})
		}
		for i, e := range s.Next {
			add(arc{s.Name, e.To, byEdge, i})
		}
		if s.Silence != nil {
			add(arc{s.Name, s.Silence.To, bySilence, 0})
		}
	}
	for _, r := range c.f.returns() {
		add(arc{r.from, r.to, byReturn, 0})
	}
	return out
}

func (c *flowCheck) reachable() map[string]bool {
	var from []string
	for _, state := range c.f.Entries {
		if c.f.States[state] != nil {
			from = append(from, state)
		}
	}
	return spread(from, c.arcs, func(a arc) (string, string) { return a.from, a.to })
}

// spread gives what can be reached from some states over arcs, read forwards
// or backwards.
func spread(from []string, arcs []arc, ends func(arc) (from, to string)) map[string]bool {
	next := map[string][]string{}
	for _, a := range arcs {
		here, there := ends(a)
		next[here] = append(next[here], there)
	}
	seen := map[string]bool{}
	for len(from) > 0 {
		name := from[len(from)-1]
		from = from[:len(from)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		from = append(from, next[name]...)
	}
	return seen
}

func backwards(a arc) (string, string) { return a.to, a.from }

// graph checks what can be reached from where.
func (c *flowCheck) graph() {
	ending := c.leadingTo(func(s *State) bool { return s.End || c.stuck(s) })
	human := c.leadingTo(func(s *State) bool {
		return slices.ContainsFunc(s.Do, func(a Action) bool { return a.Kind == DoHandOff })
	})
	for s := range c.states {
		here := pos{s.Line, s.Column}
		if !c.seen[s.Name] {
			c.d.fault(here, "unreachable: no entry leads to the state %q", s.Name)
			continue
		}
		if !ending[s.Name] {
			c.d.fault(here, "the dialogue never ends from the state %q", s.Name)
		}
		if !s.Words && s.Ask != "" && !human[s.Name] {
			c.d.fault(c.at(s.Name, "words"), "no way to a human: CONSEILLER is not read here, and no edge leads to a hand-off")
		}
	}
	c.spinning()
}

// stuck tells whether a state has a fault of its own that hides where it leads.
func (c *flowCheck) stuck(s *State) bool {
	ways, known := 0, 0
	for _, o := range s.Options {
		if o.To != "" {
			ways++
		}
	}
	ways += len(s.Next)
	for _, a := range c.arcs {
		if a.from == s.Name && (a.kind == byOption || a.kind == byEdge) {
			known++
		}
	}
	return len(s.Next) == 0 || known < ways
}

func (c *flowCheck) leadingTo(goal func(*State) bool) map[string]bool {
	var goals []string
	for s := range c.states {
		if goal(s) {
			goals = append(goals, s.Name)
		}
	}
	return spread(goals, c.arcs, backwards)
}

// spinning tells the circles of states that never ask: a walk would not come
// out of them. Each circle is told once, at its first state in the file.
func (c *flowCheck) spinning() {
	silent := func(name string) bool { s := c.f.States[name]; return s.Ask == "" && !s.End }
	var arcs []arc
	for _, a := range c.arcs {
		if silent(a.from) && silent(a.to) && a.kind == byEdge {
			arcs = append(arcs, a)
		}
	}
	told := map[string]bool{}
	for s := range c.states {
		if told[s.Name] || !silent(s.Name) {
			continue
		}
		var after []string
		for _, a := range arcs {
			if a.from == s.Name {
				after = append(after, a.to)
			}
		}
		forward := spread(after, arcs, func(a arc) (string, string) { return a.from, a.to })
		if !forward[s.Name] {
			continue
		}
		back := spread([]string{s.Name}, arcs, backwards)
		var circle []string
		for other := range c.states {
			if forward[other.Name] && back[other.Name] {
				circle = append(circle, other.Name)
				told[other.Name] = true
			}
		}
		c.d.fault(pos{s.Line, s.Column}, "these states lead to one another without ever asking: %s", strings.Join(circle, ", "))
	}
}
