package flows

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"relais/flows/understand"
)

// shape checks each state by itself.
func (c *flowCheck) shape() {
	for s := range c.states {
		c.question(s)
		c.options(s)
		c.ways(s)
		c.actions(s)
	}
	c.recap()
}

// question checks that what only makes sense with a question comes with one,
// and fits its kind.
func (c *flowCheck) question(s *State) {
	has := func(key string) bool { return c.at(s.Name, key) != c.at(s.Name) }
	if s.Ask == "" {
		for _, key := range []string{"kind", "save", "options", "limit", "min", "max", "skip", "silence", "words"} {
			if has(key) {
				c.d.fault(c.d.root.keyAt(key, "states", s.Name), "%s goes with a question, and this state asks none", key)
			}
		}
		return
	}
	if s.Kind == "" && !has("kind") {
		c.d.fault(c.at(s.Name, "ask"), "the question needs a kind: one of %s", listed(questionKinds))
	}
	for key, kinds := range map[string][]understand.Kind{
		"limit":   {understand.Choices},
		"min":     {understand.Number},
		"max":     {understand.Number},
		"options": {understand.Choice, understand.Choices, understand.YesNo, understand.Commune},
	} {
		if has(key) && s.Kind != "" && !slices.Contains(kinds, s.Kind) {
			c.d.fault(c.d.root.keyAt(key, "states", s.Name), "%s does not go with a question of kind %s", key, s.Kind)
		}
	}
	if s.Min > s.Max {
		c.d.fault(c.at(s.Name, "min"), "min is more than max")
	}
	if n := len(s.Options); n > 0 && s.Limit > n {
		c.d.fault(c.at(s.Name, "limit"), "limit is %d, and there are %d options", s.Limit, n)
	}
	if name, _, _ := strings.Cut(s.Save, "."); slices.Contains(FactNames, name) || s.Save == readingVar {
		c.d.fault(c.at(s.Name, "save"), "%q is not for flows to save: it comes with each move", s.Save)
	}
}

func (c *flowCheck) options(s *State) {
	if len(s.Options) == 0 && (s.Kind == understand.Choice || s.Kind == understand.Choices) {
		c.d.fault(c.at(s.Name, "kind"), "a question of kind %s needs options", s.Kind)
	}
	first := map[string]int{}
	for i, o := range s.Options {
		if at, twice := first[o.Value]; twice && o.Value != "" {
			c.d.fault(c.at(s.Name, "options", i, "value"), "two edges for one answer: %q is option %d as well", o.Value, at+1)
			continue
		}
		first[o.Value] = i
		if o.To != "" && s.Kind == understand.Choices {
			c.d.fault(c.at(s.Name, "options", i, "to"), "several answers may be chosen: an option of its own leads nowhere, use next")
		}
		if s.Kind == understand.YesNo && o.Value != "" && o.Value != "yes" && o.Value != "no" {
			c.d.fault(c.at(s.Name, "options", i, "value"), "a question of kind yes_no has the options yes and no")
		}
		for j, code := range o.Codes {
			if wrong := c.codes.unknown(code); wrong != "" {
				c.d.fault(c.at(s.Name, "options", i, "codes", j), "%s", wrong)
			}
		}
	}
}

// ways checks how a state is left: always by exactly one edge.
func (c *flowCheck) ways(s *State) {
	here := pos{s.Line, s.Column}
	switch {
	case s.End && s.Ask != "":
		c.d.fault(here, "a state that asks does not end the flow: it waits for the answer")
		return
	case s.End && len(s.Next) > 0:
		c.d.fault(c.d.root.keyAt("next", "states", s.Name), "nothing comes after the end")
		return
	case s.End:
		return
	case len(s.Next) == 0 && s.Ask != "" && len(s.Options) > 0:
		c.d.fault(here, "dead end: \"next\" is missing, for PASSER and \"I don't know\" at least")
		return
	case len(s.Next) == 0:
		c.d.fault(here, "dead end: the state neither goes on nor ends the flow")
		return
	}
	conditions := map[string]int{}
	always := -1
	for i, e := range s.Next {
		at := c.at(s.Name, "next", i)
		if always >= 0 {
			c.d.fault(at, "this edge is never taken: edge %d has no condition", always+1)
			continue
		}
		if c.broken(s, i) {
			continue
		}
		key := conditionKey(e)
		if other, twice := conditions[key]; twice {
			c.d.fault(at, "two edges for one answer: edge %d has the same conditions", other+1)
		}
		conditions[key] = i
		if len(e.If) == 0 && len(e.Unless) == 0 {
			always = i
		}
	}
	if last := len(s.Next) - 1; always < 0 && !c.broken(s, last) {
		c.d.fault(c.at(s.Name, "next", last), "dead end when none of these conditions holds: end with an edge without any")
	}
}

// broken tells whether the conditions of an edge were not readable, which has
// been told already.
func (c *flowCheck) broken(s *State, edge int) bool {
	n := c.d.root.child("states").child(s.Name).child("next")
	if n == nil {
		return true
	}
	n = n.child(edge)
	return n == nil || len(s.Next[edge].If) == 0 && n.child("if") != nil || len(s.Next[edge].Unless) == 0 && n.child("unless") != nil
}

// conditionKey writes the conditions of an edge in one way.
func conditionKey(e Edge) string {
	write := func(conditions []Condition) []string {
		var out []string
		for _, c := range conditions {
			values := slices.Sorted(slices.Values(c.AnyOf))
			out = append(out, fmt.Sprint(c.Var, values, number(c.MoreThan), number(c.YoungerThan), c.IsSet != nil && *c.IsSet, c.IsSet == nil))
		}
		slices.Sort(out)
		return out
	}
	return fmt.Sprint(write(e.If), "unless", write(e.Unless))
}

func number(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

// appointmentActions are what a flow may ask for about an appointment.
var appointmentActions = []string{"confirm", "decline", "move", "late", "wrong_person"}

func (c *flowCheck) actions(s *State) {
	for i, a := range s.Do {
		switch a.Kind {
		case DoStart:
			c.start(s, i, a)
		case DoCrisis:
			if families := crisisFamilies(); a.Reason != "" && !slices.Contains(families, a.Reason) {
				c.d.fault(c.at(s.Name, "do", i, "crisis"), "there is no crisis line for %q: one of %s", a.Reason, listed(families))
			}
		case DoAppointment:
			if a.Reason != "" && !slices.Contains(appointmentActions, a.Reason) {
				c.d.fault(c.at(s.Name, "do", i, "appointment"), "nothing is done with an appointment as %q: one of %s", a.Reason, listed(appointmentActions))
			}
		}
	}
}

// start checks that the flow to start exists. When its file is there but could
// not be read, that has been told already.
func (c *flowCheck) start(s *State, i int, a Action) {
	if !s.End {
		c.d.fault(c.at(s.Name, "do", i, "start"), "the flow that starts takes the place of this one: add \"end: true\"")
	}
	if a.Flow == "" {
		return
	}
	if c.logic[a.Flow] == nil {
		c.d.fault(c.at(s.Name, "do", i, "start"), "there is no flow %q%s", a.Flow, suggest(a.Flow, slices.Collect(maps.Keys(c.logic))))
		return
	}
	if other := c.flows[a.Flow]; other != nil && a.Entry != "" && other.Entries[a.Entry] == "" {
		entries := slices.Collect(maps.Keys(other.Entries))
		c.d.fault(c.at(s.Name, "do", i, "entry"), "the flow %q has no entry %q%s", a.Flow, a.Entry, suggest(a.Entry, entries))
	}
}

func (c *flowCheck) recap() {
	for i, key := range c.f.Recap {
		if c.vars[key] == nil {
			c.d.fault(c.d.root.at("recap", i), "no answer is saved as %q%s", key, suggest(key, c.names()))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.f.Private)) {
		if !slices.Contains(c.f.Recap, key) {
			i := slices.IndexFunc(c.d.root.child("private").items, func(n *node) bool { return n.text == key })
			c.d.fault(c.d.root.at("private", max(i, 0)), "%q is not told in the recap", key)
		}
	}
}
