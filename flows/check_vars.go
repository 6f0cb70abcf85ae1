package flows

import (
	"maps"
	"slices"
	"strings"

	"relais/flows/understand"
)

// variable is what a flow can know under one name.
type variable struct {
	values map[string]bool // the values it may have; nil when they cannot be listed
	open   bool            // a number, a date, a commune, free text
	many   bool            // several values at once
	whole  bool            // a number
	number int             // in sets, see names
}

func (v *variable) may(values ...string) {
	if v.values == nil {
		v.values = map[string]bool{}
	}
	for _, value := range values {
		v.values[value] = true
	}
}

// allVariables gathers what questions save, what edges and options set, and
// the facts.
func (c *flowCheck) allVariables() map[string]*variable {
	vars := map[string]*variable{}
	get := func(name string) *variable {
		if vars[name] == nil {
			vars[name] = &variable{number: len(vars)}
		}
		return vars[name]
	}
	get("channel").may("sms", "web")
	get("lang").may(c.languages...)
	get("team_open").may("yes", "no")
	get("identified").may("yes", "no")
	get(readingVar).may(readings...)
	for set := range c.assigns {
		if len(set.Drop) > 0 {
			continue
		}
		v := get(set.Var)
		v.may(set.Values...)
		v.may(set.Add...)
		v.many = v.many || len(set.Add) > 0 || len(set.Values) > 1
	}
	for s := range c.states {
		if s.Ask != "" && s.Save != "" && !strings.Contains(s.Save, "{") {
			get(s.Save).fedBy(s)
		}
		if s.Kind == understand.Commune {
			get("_candidates").open = true
		}
	}
	for s := range c.states { // names that hold a {variable} need the others first
		for _, name := range expand(s.Save, vars) {
			if name != s.Save {
				get(name).fedBy(s)
			}
		}
	}
	return vars
}

func (v *variable) fedBy(s *State) {
	v.may("unknown", s.Skip)
	switch s.Kind {
	case understand.YesNo:
		v.may("yes", "no")
	case understand.Choices:
		v.many = true
	case understand.Number:
		v.open, v.whole = true, true
	case understand.Date, understand.Text, understand.Commune:
		v.open = true
	}
	for _, o := range s.Options {
		v.may(o.Value)
	}
}

// assigns gives every change that the flow makes to a variable.
func (c *flowCheck) assigns(yield func(Assign) bool) {
	for s := range c.states {
		var all []Assign
		for _, o := range s.Options {
			all = append(all, o.Set...)
		}
		for _, e := range s.Next {
			all = append(all, e.Set...)
		}
		for _, a := range s.Do {
			all = append(all, a.Set...)
		}
		for _, a := range all {
			if !yield(a) {
				return
			}
		}
	}
}

// expand gives the names that an answer key stands for: one, or as many as the
// {variable} in it has values.
func expand(save string, vars map[string]*variable) []string {
	before, rest, found := strings.Cut(save, "{")
	if !found {
		if save == "" {
			return nil
		}
		return []string{save}
	}
	name, after, _ := strings.Cut(rest, "}")
	v := vars[name]
	if v == nil || v.open {
		return nil
	}
	var out []string
	for _, value := range slices.Sorted(maps.Keys(v.values)) {
		out = append(out, before+value+after)
	}
	return out
}

func (c *flowCheck) names() []string { return slices.Sorted(maps.Keys(c.vars)) }

// variables checks every condition and every change: the variable exists, may
// have that value, and may be known by then.
func (c *flowCheck) variables() {
	if len(c.vars) > maxVariables {
		c.d.fault(c.d.root.at("states"), "a flow knows %d variables at most, this one %d", maxVariables, len(c.vars))
	}
	known := c.known()
	for s := range c.states {
		if strings.Contains(s.Save, "{") && len(expand(s.Save, c.vars)) == 0 {
			c.d.fault(c.at(s.Name, "save"), "the values of the variable in %q cannot be listed", s.Save)
		}
		inside := known.may[s.Name]
		for i, o := range s.Options {
			c.conditions(s, o.If, inside, "options", i, "if")
			c.drops(s, o.Set, "options", i, "drop")
		}
		leaving := inside.or(c.set(c.answered(s)))
		for i, e := range s.Next {
			c.conditions(s, e.If, leaving, "next", i, "if")
			c.conditions(s, e.Unless, leaving, "next", i, "unless")
			c.drops(s, e.Set, "next", i, "drop")
		}
	}
}

func (c *flowCheck) drops(s *State, sets []Assign, path ...any) {
	for _, set := range sets {
		if v := c.vars[set.Var]; len(set.Drop) > 0 && v == nil {
			c.d.fault(c.at(s.Name, append(path, set.Var)...), "nothing ever sets %q%s", set.Var, suggest(set.Var, c.names()))
		}
	}
}

func (c *flowCheck) conditions(s *State, conditions []Condition, known names, path ...any) {
	for _, cond := range conditions {
		at := c.at(s.Name, append(slices.Clone(path), cond.Var)...)
		v := c.vars[cond.Var]
		switch {
		case v == nil:
			c.d.fault(at, "nothing ever sets %q%s", cond.Var, suggest(cond.Var, c.names()))
			continue
		case cond.YoungerThan != nil && !v.whole:
			c.d.fault(at, "younger_than compares a year of birth, and %q is not a number", cond.Var)
		case cond.MoreThan != nil && !v.many:
			c.d.fault(at, "more_than counts values, and %q has one at most", cond.Var)
		}
		if c.seen[s.Name] && !c.holds(known, cond.Var) && !c.given(cond.Var) {
			c.d.fault(at, "%q is read before it is set: no way here sets it", cond.Var)
		}
		for i, value := range cond.AnyOf {
			if !v.open && !v.values[value] {
				all := slices.Sorted(maps.Keys(v.values))
				c.d.fault(c.at(s.Name, append(slices.Clone(path), cond.Var, i)...), "%q is never %q: it may be %s%s", cond.Var, value, listed(all), suggest(value, all))
			}
		}
	}
}

// given tells whether a variable comes with every move.
func (c *flowCheck) given(name string) bool {
	return name == readingVar || slices.Contains(FactNames, name)
}
