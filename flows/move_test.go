package flows

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"relais/flows/understand"
)

var (
	noon  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("CET", 3600))
	bySMS = Facts{Now: noon, Vars: map[string]string{"channel": "sms", "lang": "fr", "team_open": "yes", "identified": "no"}}
	onWeb = Facts{Now: noon, Vars: map[string]string{"channel": "web", "lang": "fr", "team_open": "yes", "identified": "no"}}
)

func read(values ...string) understand.Reading {
	return understand.Reading{Status: understand.Understood, Values: values}
}

// told writes what a move asks for on one line.
func told(o Outcome) string {
	var out []string
	for _, m := range o.Moves {
		switch {
		case m.Say != "":
			out = append(out, "say "+m.Say)
		case m.Ask != "":
			out = append(out, "ask "+m.Ask)
		case m.Record != nil:
			line := "record " + m.Record.Key + "=" + strings.Join(m.Record.Values, "+")
			if len(m.Record.Codes) > 0 {
				line += " [" + strings.Join(m.Record.Codes, "; ") + "]"
			}
			out = append(out, line)
		case m.Do != nil:
			line := "do " + string(m.Do.Kind) + " " + m.Do.Reason + m.Do.Flow
			if m.Do.Urgent {
				line += " urgent"
			}
			out = append(out, strings.TrimSpace(line))
		}
	}
	if o.Ended {
		out = append(out, "end")
	}
	return strings.Join(out, ", ")
}

// A step is one thing that happens to a dialogue, and what follows.
type step struct {
	do   func(*Flow, Position) (Position, Outcome)
	want string
}

func enter(entry string) func(*Flow, Position) (Position, Outcome) {
	return func(f *Flow, p Position) (Position, Outcome) { return f.Enter(p, entry, bySMS) }
}

func say(values ...string) func(*Flow, Position) (Position, Outcome) {
	return func(f *Flow, p Position) (Position, Outcome) { return f.Answer(p, read(values...), bySMS) }
}

func answer(r understand.Reading) func(*Flow, Position) (Position, Outcome) {
	return func(f *Flow, p Position) (Position, Outcome) { return f.Answer(p, r, bySMS) }
}

func skip(f *Flow, p Position) (Position, Outcome)   { return f.Skip(p, bySMS) }
func silent(f *Flow, p Position) (Position, Outcome) { return f.Silent(p, bySMS) }

func undo(f *Flow, p Position) (Position, Outcome) {
	p, o, _ := f.Undo(p)
	return p, o
}

func TestWalks(t *testing.T) {
	flow := small(t).Flows["visit"]
	toTopics := []step{
		{enter("start"), "ask town"},
		{say("25056"), "record town=25056, ask year"},
		{say("1990"), "record year=1990, ask topics"},
	}
	toRecap := append(slices.Clone(toTopics), step{say("none"), "record topics=none, ask recap"})
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"only what was named is asked about", append(slices.Clone(toTopics), []step{
			{say("housing", "health"), "record topics=housing+health [diag 27; diag 25], ask health"},
			{say("fine"), "record health=fine [ft contrainte_sante=IMPACT_FAIBLE_RECHERCHE_EMPLOI], ask impact"},
			{say("strong"), "record impact.housing=strong, ask recap"},
			{say("send"), "say sent, do submit, do start other, end"},
		}...)},
		{"more than the limit is cut", append(slices.Clone(toTopics), []step{
			{say("housing", "money", "health"), "record topics=housing+money [diag 27; diag 28], ask impact"},
			{skip, "record impact.housing=declined, ask impact"},
			{say("none"), "record impact.money=none, ask recap"},
		}...)},
		{"an option leads by itself", append(slices.Clone(toTopics), []step{
			{say("health"), "record topics=health [diag 25], ask health"},
			{say("poor"), "record health=poor [ft contrainte_sante=IMPACT_FORT_RECHERCHE_EMPLOI|INCAPACITE_RECHERCHE_ACTIVITE_PRO], do handoff health urgent, ask recap"},
		}...)},
		{"passing is an answer, under the name that the flow gives it", append(slices.Clone(toTopics), []step{
			{say("health"), "record topics=health [diag 25], ask health"},
			{skip, "record health=secret, ask recap"},
			{skip, "ask recap"},
		}...)},
		{"not knowing is an answer", []step{
			{enter("start"), "ask town"},
			{answer(understand.Reading{Status: understand.Unknown}), "record town=unknown, ask year"},
			{answer(understand.Reading{Status: understand.Unknown}), "record year=unknown, ask topics"},
		}},
		{"several towns fit, or none here", []step{
			{enter("start"), "ask town"},
			{answer(understand.Reading{Status: understand.Ask, Candidates: []understand.Option{{Value: "25001"}, {Value: "25002"}}}), "ask town_which"},
			{answer(understand.Reading{Status: understand.Elsewhere}), "ask town_which"},
			{say("25002"), "record town=25002, ask year"},
		}},
		{"text on the way to the next question", []step{
			{enter("start"), "ask town"},
			{answer(understand.Reading{Status: understand.Elsewhere}), "say town_out, ask town_which"},
		}},
		{"what is not offered is asked again", append(slices.Clone(toTopics), []step{
			{say("castle"), "ask topics"},
			{say("castle", "money"), "record topics=money [diag 28], ask impact"},
			{answer(understand.Reading{Status: understand.Unclear}), "ask impact"},
		}...)},
		{"under sixteen nothing more is asked", []step{
			{enter("start"), "ask town"},
			{say("nowhere"), "record town=nowhere, ask year"},
			{say("2011"), "record year=2011, say minor, do withhold, end"},
		}},
		{"who turns sixteen this year goes on", []step{
			{enter("start"), "ask town"},
			{say("nowhere"), "record town=nowhere, ask year"},
			{say("2010"), "record year=2010, ask topics"},
		}},
		{"correcting comes back to where it was asked for", append(slices.Clone(toRecap), []step{
			{say("town"), "ask town"},
			{answer(understand.Reading{Status: understand.Ask}), "ask town_which"},
			{say("25388"), "record town=25388, ask recap"},
			{say("year"), "ask year"},
			{say("1985"), "record year=1985, ask recap"},
			{say("year"), "ask year"},
			{say("2015"), "record year=2015, ask recap"}, // "minor" is another part
		}...)},
		{"going back undoes one answer at a time", append(slices.Clone(toTopics), []step{
			{say("money"), "record topics=money [diag 28], ask impact"},
			{undo, "ask topics"},
			{say("health"), "record topics=health [diag 25], ask health"},
			{undo, "ask topics"},
			{undo, "ask year"},
			{undo, "ask town"},
			{undo, ""},
			{say("nowhere"), "record town=nowhere, ask year"},
		}...)},
		{"going back in the middle of a correction keeps the way back", append(slices.Clone(toRecap), []step{
			{say("town"), "ask town"},
			{answer(understand.Reading{Status: understand.Ask}), "ask town_which"},
			{undo, "ask town"},
			{say("25056"), "record town=25056, ask recap"},
			{undo, "ask town"},
			{undo, "ask recap"},
			{undo, "ask topics"},
		}...)},
		{"silence says something once, or goes somewhere", append(slices.Clone(toTopics), []step{
			{silent, "say nudge"},
			{say("health"), "record topics=health [diag 25], ask health"},
			{silent, "ask recap"},
		}...)},
		{"entering further on asks what is missing", []step{
			{enter("again"), "ask town"},
			{say("25056"), "record town=25056, ask year"},
			{enter("again"), "ask year"},
			{enter("no such entry"), "ask town"},
		}},
		{"a state that asks its own way", append(slices.Clone(toRecap), []step{
			{say("call"), "ask call"},
			{say("yes"), "do handoff health urgent, ask recap"},
			{say("call"), "ask call"},
			{say("no"), "ask recap"},
		}...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Position
			for i, s := range c.steps {
				before := clone(p)
				was := p
				var o Outcome
				p, o = s.do(flow, p)
				if got := told(o); got != s.want {
					t.Fatalf("step %d: %q, want %q", i+1, got, s.want)
				}
				if diff := cmp.Diff(before, was); diff != "" {
					t.Fatalf("step %d changed the position it was given:\n%s", i+1, diff)
				}
			}
		})
	}
}

func clone(p Position) Position {
	p.Vars, p.Trail = slices.Clone(p.Vars), slices.Clone(p.Trail)
	for i := range p.Vars {
		p.Vars[i].Values = slices.Clone(p.Vars[i].Values)
	}
	return p
}

// A position that an older or damaged program left is never a panic and never
// silence.
func TestLostPositions(t *testing.T) {
	flow := small(t).Flows["visit"]
	for name, p := range map[string]Position{
		"no state":       {State: "gone"},
		"nothing asked":  {State: "sort"},
		"nothing at all": {},
	} {
		for move, do := range map[string]func(*Flow, Position) (Position, Outcome){"answer": say("x"), "skip": skip, "silence": silent} {
			if _, o := do(flow, p); told(o) != "do handoff flow_fault, end" {
				t.Errorf("%s, %s: %q", name, move, told(o))
			}
		}
		if _, ok := flow.Question(p, "fr", bySMS); ok {
			t.Errorf("%s: a question", name)
		}
	}
	trail := []Step{{State: "gone"}, {State: "town"}}
	if _, _, ok := flow.Undo(Position{State: "town", Trail: trail}); ok {
		t.Error("going back to a state that is gone")
	}
	if _, _, ok := flow.Undo(Position{State: "year", Trail: []Step{{State: "town", Known: 7}, {State: "year"}}}); ok {
		t.Error("going back to more answers than are known")
	}
	back := Position{State: "town", Back: "gone"}
	if _, o := flow.Answer(back, read("25056"), bySMS); told(o) != "record town=25056, do handoff flow_fault, end" {
		t.Errorf("returning to a state that is gone: %q", told(o))
	}
}

// compiled makes a flow without the checker: what runs may be older than it.
func compiled(t testing.TB, logic, texts string) *Flow {
	t.Helper()
	f, faults := CompileOne("a", map[string][]byte{"a.yaml": []byte(logic), "texts/fr/a.yaml": []byte(texts)})
	if f == nil {
		t.Fatal(faults)
	}
	return f
}

func TestWalkLimit(t *testing.T) {
	spinning := compiled(t, "flow: a\nstates:\n  one: {say: [hello], next: two}\n  two: {next: one}\n", "hello: Bonjour\n")
	_, o := spinning.Enter(Position{}, "start", bySMS)
	last := o.Moves[len(o.Moves)-1]
	if !o.Ended || last.Do == nil || last.Do.Kind != DoHandOff || last.Do.Reason != "flow_fault" {
		t.Errorf("a circle ends with %+v", last)
	}
	if len(o.Moves) != WalkLimit/2+1 {
		t.Errorf("%d moves in %d states", len(o.Moves), WalkLimit)
	}
	if _, again := spinning.Enter(Position{}, "start", bySMS); told(again) != told(o) {
		t.Error("the second walk differs from the first")
	}

	stuck := compiled(t, "flow: a\nstates:\n  one: {next: [{if: {channel: web}, to: one}]}\n", "{}\n")
	if _, o := stuck.Enter(Position{}, "start", bySMS); told(o) != "do handoff flow_fault, end" {
		t.Errorf("no edge holds: %q", told(o))
	}
}

// A dialogue that goes on for ever stays small.
func TestPositionIsBounded(t *testing.T) {
	flow := small(t).Flows["visit"]
	p, _ := flow.Enter(Position{}, "start", bySMS)
	for _, v := range []string{"25056", "1990", "none"} {
		p, _ = flow.Answer(p, read(v), bySMS)
	}
	for range 500 {
		p, _ = flow.Answer(p, read("town"), bySMS)
		p, _ = flow.Answer(p, read("25388"), bySMS)
	}
	if len(p.Trail) > maxTrail || len(p.Vars) > 2*maxVars {
		t.Fatalf("%d steps and %d assignments", len(p.Trail), len(p.Vars))
	}
	if p.Vars.First("year") != "1990" || p.Vars.First("town") != "25388" {
		t.Errorf("forgotten: year %q, town %q", p.Vars.First("year"), p.Vars.First("town"))
	}
	for range maxTrail - 1 {
		var ok bool
		if p, _, ok = flow.Undo(p); !ok {
			t.Fatal("cannot go back")
		}
		if p.Vars.First("year") != "1990" {
			t.Fatal("going back forgot what was settled long before")
		}
	}

	text := compiled(t, "flow: a\nstates:\n  q: {ask: q, kind: text, save: words, next: end}\n  end: {end: true}\n", "q: Quoi\n")
	p, _ = text.Enter(Position{}, "start", bySMS)
	long := strings.Repeat("é", 5000)
	p, o := text.Answer(p, read(long), bySMS)
	if o.Moves[0].Record.Values[0] != long {
		t.Error("the record does not keep the whole text")
	}
	if kept := p.Vars.First("words"); len(kept) > maxFreeText || !strings.HasPrefix(long, kept) || kept == "" {
		t.Errorf("%d bytes of a free text are kept", len(kept))
	}
}

func TestQuestion(t *testing.T) {
	flow := small(t).Flows["visit"]
	at := func(state string) Position { return Position{State: state} }
	labels := func(q understand.Question) (out []string) {
		for _, o := range q.Options {
			out = append(out, o.Value+"="+o.Label)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		p     Position
		lang  string
		facts Facts
		want  []string
	}{
		{"by SMS", at("topics"), "fr", bySMS, []string{"housing=Logement", "health=Santé", "money=Argent", "none=Rien"}},
		{"on the page", at("topics"), "fr", onWeb, []string{"housing=Logement", "health=La santé ou un handicap", "money=Argent", "none=Rien"}},
		{"in English", at("topics"), "en", bySMS, []string{"housing=Housing", "health=Health", "money=Money", "none=Nothing"}},
		{"in a language that is not there", at("topics"), "br", bySMS, []string{"housing=Logement", "health=Santé", "money=Argent", "none=Rien"}},
		{"what is offered depends", at("recap"), "fr", bySMS, []string{"send=Envoyer", "town=Corriger la commune", "year=Corriger la naissance"}},
		{"and is offered there", at("recap"), "fr", onWeb, []string{"send=Envoyer", "town=Corriger la commune", "year=Corriger la naissance", "call=De vive voix"}},
		{"beside a commune options are not listed", at("town"), "fr", bySMS, []string{"nowhere="}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, ok := flow.Question(c.p, c.lang, c.facts)
			if diff := cmp.Diff(c.want, labels(q)); !ok || diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
			if q.Lang != understand.Lang(c.lang) {
				t.Errorf("language %q", q.Lang)
			}
		})
	}
	q, _ := flow.Question(at("year"), "fr", bySMS)
	if q.Kind != understand.Number || q.Min != 1906 || q.Max != 2026 {
		t.Errorf("the year is asked as %+v", q)
	}
	q, _ = flow.Question(at("town"), "fr", bySMS)
	if want := []string{"Sans adresse", "sans"}; !slices.Equal(q.Options[0].Words, want) {
		t.Errorf("words %q, want %q", q.Options[0].Words, want)
	}
}

func TestLeft(t *testing.T) {
	flow := small(t).Flows["visit"]
	var p Position
	var got []int
	p, _ = flow.Enter(p, "start", bySMS)
	for _, v := range []string{"25056", "1990", "housing", "strong"} {
		got = append(got, flow.Left(p, bySMS))
		p, _ = flow.Answer(p, read(v), bySMS)
	}
	got = append(got, flow.Left(p, bySMS))
	// town, year, topics; what is named adds a question only once it is.
	if want := []int{3, 2, 1, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("questions left %v, want %v", got, want)
	}
}

func TestRecap(t *testing.T) {
	flow := small(t).Flows["visit"]
	known := Vars{}.Set("town", "25056").Set("topics", "housing", "money").Set("health", "poor").Set("year", "1990")
	for _, c := range []struct {
		name, lang string
		vars       Vars
		want       []string
	}{
		{"in French", "fr", known, []string{"commune BESANÇON", "difficile : Logement + Argent", "un sujet personnel"}},
		{"in English", "en", known, []string{"town BESANÇON", "difficult: Housing + Money", "a personal matter"}},
		{"an option of a commune", "fr", Vars{}.Set("town", "nowhere"), []string{"commune Sans adresse"}},
		{"nothing answered", "fr", Vars{}.Set("town", "declined").Set("topics", "unknown"), nil},
		{"nothing asked", "fr", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, flow.RecapLines(c.lang, c.vars)); diff != "" {
				t.Errorf("recap (-want +got):\n%s", diff)
			}
		})
	}
	for _, c := range [][4]string{
		{"fr", "topics", "housing", "Logement"},
		{"en", "topics", "housing", "Housing"},
		{"fr", "_topic", "housing", "Logement"}, // no question asks for a topic
		{"fr", "topics", "poor", ""},            // a value of another question
		{"fr", "_call", "yes", "oui"},
		{"en", "_call", "no", "no"},
		{"fr", "town", "25056", ""},
	} {
		if got := flow.Label(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("Label(%q, %q, %q) = %q, want %q", c[0], c[1], c[2], got, c[3])
		}
	}
}

func TestEnvelope(t *testing.T) {
	for town, want := range map[string]string{
		"Besançon": "BESANÇON", "Maîche": "MAICHE", "Saint-Julien-lès-Montbéliard": "SAINT-JULIEN-LES-MONTBÉLIARD", "": "",
	} {
		if got := Envelope(town); got != want {
			t.Errorf("Envelope(%q) = %q, want %q", town, got, want)
		}
	}
}
