package flows

import (
	"slices"
	"strings"
	"unicode/utf8"

	"relais/flows/understand"
)

const (
	// WalkLimit is how many states one move may pass through. A flow that goes
	// on longer ends with a hand-off, never with silence.
	WalkLimit = 50

	maxTrail    = 64  // questions that RETOUR can go back
	maxVars     = 128 // assignments kept before the oldest superseded ones go
	maxFreeText = 500 // bytes of a free text kept as a variable; the record keeps all
)

// Enter begins the flow at an entry, or at "start" when it has no entry of
// that name. What p already knows is kept.
func (f *Flow) Enter(p Position, entry string, facts Facts) (Position, Outcome) {
	name, ok := f.Entries[entry]
	if !ok {
		name = f.Entries["start"]
	}
	w := f.walk(p, facts)
	w.p.Back, w.p.Misses = "", 0
	w.arrive(name)
	return w.done()
}

// Answer takes what a person answered to the open question: it keeps the
// answer, follows the edge that it opens, and goes on until the next question
// or the end. An unclear reading asks the same question again.
func (f *Flow) Answer(p Position, r understand.Reading, facts Facts) (Position, Outcome) {
	w := f.walk(p, facts)
	s := f.asking(p)
	if s == nil {
		return w.lost()
	}
	switch r.Status {
	case understand.Understood:
		values := s.possible(r.Values)
		if len(values) == 0 {
			return w.again(s)
		}
		w.take(s, "read", values)
	case understand.Unknown:
		w.take(s, "unknown", []string{"unknown"})
	case understand.Declined:
		w.take(s, "declined", []string{s.Skip})
	case understand.Ask:
		w.assign("_candidates", candidates(r))
		w.leave(s, "ask", nil)
	case understand.Elsewhere:
		w.leave(s, "elsewhere", nil)
	default:
		return w.again(s)
	}
	return w.done()
}

// Skip passes the open question: its answer is "declined".
func (f *Flow) Skip(p Position, facts Facts) (Position, Outcome) {
	return f.Answer(p, understand.Reading{Status: understand.Declined}, facts)
}

// Undo goes back to the question before the open one, as if that one had never
// been answered. False when there is none.
func (f *Flow) Undo(p Position) (Position, Outcome, bool) {
	last := len(p.Trail) - 2
	if last < 0 {
		return p, Outcome{}, false
	}
	step := p.Trail[last]
	if s := f.States[step.State]; s == nil || s.Ask == "" || step.Known > len(p.Vars) {
		return p, Outcome{}, false
	}
	back := Position{
		State: step.State,
		Vars:  slices.Clip(p.Vars[:step.Known]),
		Trail: slices.Clip(p.Trail[:last+1]),
		Back:  step.Back,
	}
	return back, Outcome{Moves: []Move{{Ask: step.State}}}, true
}

// Silent is the move after a question stayed without an answer for as long as
// its silence says: a text while it stays open, or another state. Nobody has
// answered anything.
func (f *Flow) Silent(p Position, facts Facts) (Position, Outcome) {
	w := f.walk(p, facts)
	s := f.asking(p)
	switch {
	case s == nil:
		return w.lost()
	case s.Silence == nil:
	case s.Silence.To != "":
		if f.States[s.Silence.To].Part != s.Part {
			w.p.Back = "" // the correction is left where it stands
		}
		w.fire(s, s.Silence.event)
	default:
		w.add(Move{Say: s.Silence.Say})
	}
	return w.done()
}

// asking gives the state whose question is open, nil when p stands elsewhere.
func (f *Flow) asking(p Position) *State {
	if s := f.States[p.State]; s != nil && s.Ask != "" {
		return s
	}
	return nil
}

// possible keeps the values that the question offers, as many as it takes.
func (s *State) possible(values []string) []string {
	impossible := func(v string) bool { return !s.offers(v) }
	if slices.ContainsFunc(values, impossible) {
		values = slices.DeleteFunc(slices.Clone(values), impossible)
	}
	most := 1
	if s.Kind == understand.Choices {
		most = len(values)
		if s.Limit > 0 {
			most = s.Limit
		}
	}
	return values[:min(most, len(values))]
}

// offers tells whether a value may be an answer to the question.
func (s *State) offers(value string) bool {
	switch s.Kind {
	case understand.Choice, understand.Choices:
		return s.option(value) != nil
	case understand.YesNo:
		return value == "yes" || value == "no"
	}
	return value != ""
}

func (s *State) option(value string) *Option {
	for i := range s.Options {
		if s.Options[i].Value == value {
			return &s.Options[i]
		}
	}
	return nil
}

func candidates(r understand.Reading) []string {
	out := make([]string, 0, len(r.Candidates))
	for _, c := range r.Candidates {
		out = append(out, c.Value)
	}
	return out
}

// walk is one move under way. It works on its own copy of the position.
type walk struct {
	flow  *Flow
	scope scope
	p     Position
	out   Outcome
	steps int
}

func (f *Flow) walk(p Position, facts Facts) *walk {
	w := &walk{flow: f, p: p, scope: scope{facts: facts}}
	w.p.Vars = append(make(Vars, 0, len(p.Vars)+6), p.Vars...)
	w.p.Trail = append(make([]Step, 0, len(p.Trail)+1), p.Trail...)
	w.out.Moves = make([]Move, 0, 4)
	return w
}

func (w *walk) done() (Position, Outcome) { return w.p, w.out }

func (w *walk) add(m Move) { w.out.Moves = append(w.out.Moves, m) }

// again puts the open question once more.
func (w *walk) again(s *State) (Position, Outcome) {
	w.add(Move{Ask: s.Name})
	return w.done()
}

// lost ends a walk that the flow cannot continue: a human takes over.
func (w *walk) lost() (Position, Outcome) {
	w.giveUp()
	return w.done()
}

func (w *walk) giveUp() {
	w.add(Move{Do: &Action{Kind: DoHandOff, Reason: "flow_fault"}})
	w.out.Ended = true
}

func (w *walk) assign(name string, values []string) {
	w.p.Vars = append(w.p.Vars, Var{Name: name, Values: values})
}

func (w *walk) apply(changes []Assign) {
	for _, a := range changes {
		w.assign(a.Var, w.p.Vars.after(a))
	}
}

// take keeps an answer and leaves the question.
func (w *walk) take(s *State, reading string, values []string) {
	w.p.Misses = 0
	w.keep(s, values)
	var chosen *Option
	for _, v := range values {
		if o := s.option(v); o != nil {
			w.apply(o.Set)
			if o.To != "" && chosen == nil {
				chosen = o
			}
		}
	}
	w.leave(s, reading, chosen)
}

// keep assigns the answer to its variable and records it, unless it only
// matters inside the dialogue.
func (w *walk) keep(s *State, values []string) {
	key := w.saveKey(s.Save)
	if key == "" {
		return
	}
	kept := values
	if s.Kind == understand.Text && len(values[0]) > maxFreeText {
		kept = []string{cutText(values[0], maxFreeText)}
	}
	w.assign(key, kept)
	if strings.HasPrefix(key, "_") {
		return
	}
	w.add(Move{Record: &Record{Key: key, Values: values, Codes: s.codes(values)}})
}

// saveKey replaces the one {variable} that a key may hold.
func (w *walk) saveKey(save string) string {
	before, rest, found := strings.Cut(save, "{")
	if !found {
		return save
	}
	name, after, _ := strings.Cut(rest, "}")
	return before + w.p.Vars.First(name) + after
}

// codes gives the nomenclature codes of the chosen options.
func (s *State) codes(values []string) []string {
	var out []string
	for _, v := range values {
		o := s.option(v)
		switch {
		case o == nil:
		case out == nil:
			out = slices.Clip(o.Codes) // shared with the flow while there is one option
		default:
			out = append(out, o.Codes...)
		}
	}
	return out
}

// leave follows the edge that an answer opens: the option's own, or the first
// of the state that holds.
func (w *walk) leave(s *State, reading string, chosen *Option) {
	w.scope.reading = reading
	if chosen != nil {
		w.step(s, chosen.event, chosen.To, chosen.Back)
		return
	}
	w.onward(s)
}

// onward takes the first edge of a state that holds.
func (w *walk) onward(s *State) {
	w.scope.vars = w.p.Vars
	edge := w.scope.first(s.Next)
	if edge == nil {
		w.giveUp()
		return
	}
	w.apply(edge.Set)
	w.step(s, edge.Event, edge.To, edge.Back)
}

// step makes one transition. While something is being corrected, the edge that
// would leave its part leads back instead.
func (w *walk) step(s *State, event, to, back string) {
	switch target := w.flow.States[to]; {
	case back != "":
		w.p.Back = back
	case w.p.Back != "" && (target == nil || target.Part != s.Part):
		event, w.p.Back = s.ways[w.p.Back], ""
	}
	w.fire(s, event)
}

func (w *walk) fire(s *State, event string) {
	to, err := w.flow.machines.fire(s.Name, event)
	if err != nil {
		w.giveUp()
		return
	}
	w.arrive(to)
}

// arrive does what a state asks for on entering, and goes on from there unless
// it waits or ends.
func (w *walk) arrive(name string) {
	s := w.flow.States[name]
	if s == nil || w.steps == WalkLimit {
		w.giveUp()
		return
	}
	w.steps++
	w.p.State = name
	for _, key := range s.Say {
		w.add(Move{Say: key})
	}
	for i := range s.Do {
		if a := &s.Do[i]; a.Kind == DoSet {
			w.apply(a.Set)
		} else {
			w.add(Move{Do: a})
		}
	}
	switch {
	case s.End:
		w.out.Ended = true
	case s.Ask != "":
		w.ask(s)
	default:
		w.onward(s)
	}
}

// ask opens a question and remembers the way back to it.
func (w *walk) ask(s *State) {
	if len(w.p.Trail) == maxTrail {
		w.p.Trail = slices.Delete(w.p.Trail, 0, 1)
	}
	w.p.Trail = append(w.p.Trail, Step{State: s.Name, Known: len(w.p.Vars), Back: w.p.Back})
	w.forget()
	w.add(Move{Ask: s.Name})
}

// forget bounds the log of assignments: of those made before the oldest step
// that can be undone, only the last one of each name still matters.
func (w *walk) forget() {
	settled := w.p.Trail[0].Known
	if len(w.p.Vars) <= maxVars || settled == 0 {
		return
	}
	kept := make(Vars, 0, len(w.p.Vars))
	for i, v := range w.p.Vars[:settled] {
		if !slices.ContainsFunc(w.p.Vars[i+1:settled], func(later Var) bool { return later.Name == v.Name }) {
			kept = append(kept, v)
		}
	}
	gone := settled - len(kept)
	w.p.Vars = append(kept, w.p.Vars[settled:]...)
	for i := range w.p.Trail {
		w.p.Trail[i].Known -= gone
	}
}

func cutText(s string, limit int) string {
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
