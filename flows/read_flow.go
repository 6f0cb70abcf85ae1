package flows

import (
	"maps"
	"slices"
	"strings"

	"relais/flows/understand"
)

const (
	maxStates  = 500
	maxOptions = 40
	maxEdges   = 60
)

// kinds of questions, for messages and for checking.
var questionKinds = []string{
	string(understand.YesNo), string(understand.Choice), string(understand.Choices), string(understand.Number),
	string(understand.Date), string(understand.Commune), string(understand.Text),
}

// readFlow reads the logic of a flow. Nil is returned when the file says too
// little to go on; the faults say why.
func (d *decoder) readFlow(name string) *Flow {
	if d.root == nil {
		return nil
	}
	f := &Flow{
		Name: name, Entries: map[string]string{}, States: map[string]*State{}, Private: map[string]bool{},
		Texts: map[string]Texts{},
	}
	var silence *Silence
	for key, value := range d.fields(d.root, flowKeys) {
		switch key {
		case "flow":
			if said := d.name(value); said != "" && said != name {
				d.fault(value.pos, "the file is %q, the flow in it calls itself %q", name, said)
			}
		case "entries":
			for e := range d.entries(value) {
				f.Entries[e.key] = d.name(e.value)
			}
		case "recap":
			f.Recap = d.names(value)
		case "private":
			for _, save := range d.names(value) {
				f.Private[save] = true
			}
		case "silence":
			silence = d.silence(value)
		case "states":
			d.states(f, value)
		}
	}
	for _, needed := range []string{"flow", "states"} {
		if d.root.child(needed) == nil {
			d.fault(d.root.pos, "the key %q is missing", needed)
		}
	}
	if len(f.Order) == 0 {
		return nil
	}
	if f.Entries["start"] == "" {
		f.Entries["start"] = f.Order[0]
	}
	for _, s := range f.States {
		if s.Ask != "" && s.Silence == nil && silence != nil {
			own := *silence // its event is the state's own
			s.Silence = &own
		}
	}
	return f
}

func (d *decoder) states(f *Flow, n *node) {
	for e := range d.entries(n) {
		if len(f.Order) == maxStates {
			d.fault(e.pos, "a flow has %d states at most", maxStates)
			return
		}
		if !nameForm.MatchString(e.key) || len(e.key) > 64 {
			d.fault(e.pos, "%q is not %s", e.key, nameWords)
			continue
		}
		s := d.state(e)
		f.States[s.Name] = s
		f.Order = append(f.Order, s.Name)
	}
	if n.kind == isMapping && len(n.entries) == 0 {
		d.fault(n.pos, "the flow has no state")
	}
}

func (d *decoder) state(e entry) *State {
	s := &State{
		Name: e.key, Part: e.key, Words: true, Skip: string(understand.Declined),
		Line: e.line, Column: e.column,
	}
	for key, value := range d.fields(e.value, stateKeys) {
		switch key {
		case "part":
			s.Part = d.name(value)
		case "say":
			s.Say = d.texts(value)
		case "do":
			s.Do = d.actions(value)
		case "ask":
			s.Ask = d.text(value)
		case "kind":
			s.Kind = d.kind(value)
		case "save":
			s.Save = d.matching(value, saveForm, "an answer key, such as housing, _topic or impact.{_topic}")
		case "options":
			s.Options = d.options(value)
		case "limit":
			s.Limit = d.whole(value, 1, maxOptions)
		case "min":
			s.Min = d.whole(value, -1e9, 1e9)
		case "max":
			s.Max = d.whole(value, -1e9, 1e9)
		case "skip":
			s.Skip = d.name(value)
		case "words":
			s.Words = d.truth(value, true)
		case "silence":
			s.Silence = d.silence(value)
		case "next":
			s.Next = d.edges(value)
		case "end":
			s.End = d.truth(value, false)
		}
	}
	return s
}

func (d *decoder) kind(n *node) understand.Kind {
	s := d.text(n)
	if s != "" && !slices.Contains(questionKinds, s) {
		d.fault(n.pos, "unknown kind %q: one of %s", s, listed(questionKinds))
		return ""
	}
	return understand.Kind(s)
}

func (d *decoder) options(n *node) []Option {
	items := d.list(n)
	if len(items) > maxOptions {
		d.fault(n.pos, "a question has %d options at most", maxOptions)
		items = items[:maxOptions]
	}
	// An option that cannot be read keeps its place, so that the places of the
	// others stay right.
	out := make([]Option, len(items))
	for i, item := range items {
		out[i] = d.option(item)
	}
	return out
}

func (d *decoder) option(n *node) Option {
	var o Option
	for key, value := range d.fields(n, optionKeys) {
		switch key {
		case "value":
			o.Value = d.name(value)
		case "codes":
			o.Codes = d.texts(value)
		case "if":
			o.If = d.conditions(value)
		case "set", "add", "drop":
			o.Set = append(o.Set, d.assigns(key, value)...)
		case "to":
			o.To = d.name(value)
		case "back":
			o.Back = d.name(value)
		}
	}
	if n.kind == isMapping && n.child("value") == nil {
		d.fault(n.pos, "an option needs a value")
	}
	if o.Back != "" && n.child("to") == nil {
		d.fault(n.at("back"), "back goes with to")
	}
	return o
}

func (d *decoder) edges(n *node) []Edge {
	if n.kind == isString {
		return []Edge{{To: d.name(n)}}
	}
	items := d.list(n)
	if len(items) > maxEdges {
		d.fault(n.pos, "a state has %d edges at most", maxEdges)
		items = items[:maxEdges]
	}
	out := make([]Edge, len(items))
	for i, item := range items {
		if item.kind == isString {
			out[i].To = d.name(item)
			continue
		}
		out[i] = d.edge(item)
	}
	return out
}

func (d *decoder) edge(n *node) Edge {
	var e Edge
	for key, value := range d.fields(n, edgeKeys) {
		switch key {
		case "if":
			e.If = d.conditions(value)
		case "unless":
			e.Unless = d.conditions(value)
		case "set", "add", "drop":
			e.Set = append(e.Set, d.assigns(key, value)...)
		case "to":
			e.To = d.name(value)
		case "back":
			e.Back = d.name(value)
		}
	}
	if n.kind == isMapping && n.child("to") == nil {
		d.fault(n.pos, "an edge needs a state to go to")
	}
	return e
}

func (d *decoder) conditions(n *node) []Condition {
	var out []Condition
	for e := range d.entries(n) {
		if !varForm.MatchString(e.key) {
			d.fault(e.pos, "%q is not the name of a variable", e.key)
			continue
		}
		if c, ok := d.condition(e); ok {
			out = append(out, c)
		}
	}
	return out
}

func (d *decoder) condition(e entry) (Condition, bool) {
	c := Condition{Var: e.key}
	if e.value.kind != isMapping {
		c.AnyOf = d.texts(e.value)
		return c, len(c.AnyOf) > 0
	}
	tests := 0
	for key, value := range d.fields(e.value, testKeys) {
		tests++
		switch key {
		case "more_than":
			c.MoreThan = new(d.whole(value, 0, maxOptions))
		case "younger_than":
			c.YoungerThan = new(d.whole(value, 1, 150))
		case "known":
			c.IsSet = new(d.truth(value, true))
		}
	}
	if tests != 1 {
		d.fault(e.value.pos, "a condition is a value, a list of values, or one of %s", listed(testKeys))
	}
	return c, tests == 1
}

func (d *decoder) assigns(how string, n *node) []Assign {
	var out []Assign
	for e := range d.entries(n) {
		if !varForm.MatchString(e.key) {
			d.fault(e.pos, "%q is not the name of a variable", e.key)
			continue
		}
		values := d.texts(e.value)
		a := Assign{Var: e.key}
		switch how {
		case "set":
			a.Values = values
		case "add":
			a.Add = values
		case "drop":
			a.Drop = values
		}
		if len(values) > 0 {
			out = append(out, a)
		}
	}
	return out
}

func (d *decoder) silence(n *node) *Silence {
	var s Silence
	for key, value := range d.fields(n, silenceKeys) {
		switch key {
		case "after":
			s.After = d.duration(value)
		case "say":
			s.Say = d.text(value)
		case "to":
			s.To = d.name(value)
		}
	}
	if n.kind != isMapping {
		return nil
	}
	if n.child("after") == nil {
		d.fault(n.pos, "silence needs \"after\": how long to wait")
	}
	if (n.child("say") == nil) == (n.child("to") == nil) {
		d.fault(n.pos, "silence either says a text or goes to a state")
	}
	return &s
}

// deeds are the actions by the key that names them. A deed that takes a value
// keeps it in Reason, or in Flow.
var deeds = map[string]ActionKind{
	"handoff": DoHandOff, "submit": DoSubmit, "withhold": DoWithhold, "start": DoStart, "crisis": DoCrisis,
	"appointment": DoAppointment, "erase": DoErase, "copy": DoCopy, "optout": DoOptOut,
	"set": DoSet, "add": DoSet, "drop": DoSet,
}

func (d *decoder) actions(n *node) []Action {
	items := d.list(n)
	out := make([]Action, len(items))
	for i, item := range items {
		out[i] = d.action(item)
	}
	return out
}

func (d *decoder) action(n *node) Action {
	var a Action
	for key, value := range d.fields(n, actionKeys) {
		if kind, ok := deeds[key]; ok {
			if a.Kind != "" && (a.Kind != DoSet || kind != DoSet) {
				d.fault(value.pos, "one action does one thing: this one already does %s", a.Kind)
			}
			a.Kind = kind
		}
		switch key {
		case "handoff", "crisis", "appointment":
			a.Reason = d.name(value)
		case "start":
			a.Flow = d.name(value)
		case "entry":
			a.Entry = d.name(value)
		case "urgent":
			a.Urgent = d.truth(value, false)
		case "submit", "withhold", "erase", "copy", "optout":
			d.affirmed(value)
		case "set", "add", "drop":
			a.Set = append(a.Set, d.assigns(key, value)...)
		}
	}
	switch {
	case n.kind != isMapping:
	case a.Kind == "":
		d.fault(n.pos, "this does nothing: say one of %s", strings.Join(slices.Sorted(maps.Keys(deeds)), ", "))
	case a.Urgent && a.Kind != DoHandOff:
		d.fault(n.at("urgent"), "urgent goes with handoff")
	case a.Entry != "" && a.Kind != DoStart:
		d.fault(n.at("entry"), "entry goes with start")
	}
	return a
}
