package flows

import (
	"strconv"

	"github.com/looplab/fsm"
)

// compile names every edge and builds the transition table. All targets are
// known to exist. looplab/fsm keeps only the last of two equal events, so each
// edge has a name of its own: the state, the kind of edge, and which one.
func (f *Flow) compile() {
	var table []fsm.EventDesc
	edge := func(from, kind, which, to string) string {
		event := from + "/" + kind
		if which != "" {
			event += "/" + which
		}
		table = append(table, fsm.EventDesc{Name: event, Src: []string{from}, Dst: to})
		return event
	}
	for _, name := range f.Order {
		s := f.States[name]
		for i := range s.Options {
			if o := &s.Options[i]; o.To != "" {
				o.event = edge(name, "option", o.Value, o.To)
			}
		}
		for i := range s.Next {
			s.Next[i].Event = edge(name, "next", strconv.Itoa(i+1), s.Next[i].To)
		}
		if s.Silence != nil && s.Silence.To != "" {
			s.Silence.event = edge(name, "silence", "", s.Silence.To)
		}
	}
	for _, r := range f.returns() {
		s := f.States[r.from]
		if s.ways == nil {
			s.ways = map[string]string{}
		}
		s.ways[r.to] = edge(r.from, "back", r.to, r.to)
	}
	f.machines = newMachines(f.Entries["start"], table)
	f.labels = f.labelTable()
	f.questions = f.questionTable()
}

// wayBack is one move that the dialogue can make to return after a correction.
type wayBack struct{ from, to string }

// returns lists the moves back that the file makes possible: once an edge with
// "back" has entered a part, any state of that part may be the last one.
func (f *Flow) returns() []wayBack {
	var out []wayBack
	seen := map[wayBack]bool{}
	enter := func(to, back string) {
		if back == "" || f.States[to] == nil {
			return
		}
		for _, name := range f.Order {
			s := f.States[name]
			way := wayBack{name, back}
			if s.Part == f.States[to].Part && !s.End && !seen[way] {
				seen[way] = true
				out = append(out, way)
			}
		}
	}
	for _, name := range f.Order {
		for _, o := range f.States[name].Options {
			enter(o.To, o.Back)
		}
		for _, e := range f.States[name].Next {
			enter(e.To, e.Back)
		}
	}
	return out
}
