package flows

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"relais/flows/understand"
)

// aReading is what somebody may answer to a question.
func aReading(t *rapid.T, q understand.Question) understand.Reading {
	statuses := []understand.Status{understand.Understood, understand.Understood, understand.Understood, understand.Unknown, understand.Declined}
	if q.Kind == understand.Commune {
		statuses = append(statuses, understand.Ask, understand.Elsewhere)
	}
	r := understand.Reading{Status: rapid.SampledFrom(statuses).Draw(t, "status")}
	if r.Status != understand.Understood {
		return r
	}
	var offered []string
	for _, o := range q.Options {
		offered = append(offered, o.Value)
	}
	switch q.Kind {
	case understand.Choice:
		r.Values = []string{rapid.SampledFrom(offered).Draw(t, "choice")}
	case understand.Choices:
		r.Values = rapid.SliceOfNDistinct(rapid.SampledFrom(offered), 1, len(offered), rapid.ID).Draw(t, "choices")
	case understand.YesNo:
		r.Values = []string{rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "yes or no")}
	case understand.Number:
		low, high := q.Min, q.Max
		if low == high {
			high = low + 100
		}
		r.Values = []string{strconv.Itoa(rapid.IntRange(low, high).Draw(t, "number"))}
	case understand.Date:
		r.Values = []string{"2026-12-24"}
	case understand.Commune:
		r.Values = []string{rapid.SampledFrom(append(offered, "25056", "25388")).Draw(t, "commune")}
	case understand.Text:
		r.Values = []string{rapid.StringN(1, 50, 200).Draw(t, "text")}
	}
	return r
}

// Whatever people answer in whatever order, each move either asks exactly one
// question, which can be put in every language, or ends the flow; no move is
// silent, none meets a fault, and the position stays small.
func TestRandomWalks(t *testing.T) {
	builtins, faults := Load(Builtin(), DefaultSamples())
	if builtins == nil {
		t.Fatal(faults)
	}
	for name, lib := range map[string]*Library{"small": small(t), "builtin": builtins} {
		for flowName, flow := range lib.Flows {
			t.Run(name+"/"+flowName, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { randomWalk(t, lib, flow) })
			})
		}
	}
}

func randomWalk(t *rapid.T, lib *Library, flow *Flow) {
	facts := rapid.SampledFrom([]Facts{bySMS, onWeb}).Draw(t, "facts")
	entries := make([]string, 0, len(flow.Entries))
	for e := range flow.Entries {
		entries = append(entries, e)
	}
	slices.Sort(entries)
	p, o := flow.Enter(Position{}, rapid.SampledFrom(entries).Draw(t, "entry"), facts)
	for range rapid.IntRange(0, 60).Draw(t, "moves") {
		mustLead(t, lib, flow, p, o, facts)
		if o.Ended {
			return
		}
		switch rapid.IntRange(0, 9).Draw(t, "move") {
		case 0:
			if back, again, ok := flow.Undo(p); ok {
				p, o = back, again
			}
		case 1:
			p, o = flow.Skip(p, facts)
		case 2:
			before := p.State
			var quiet Outcome
			if p, quiet = flow.Silent(p, facts); p.State != before || quiet.Ended {
				o = quiet
			}
		default:
			q, _ := flow.Question(p, "fr", facts)
			p, o = flow.Answer(p, aReading(t, q), facts)
		}
	}
}

func mustLead(t *rapid.T, lib *Library, flow *Flow, p Position, o Outcome, facts Facts) {
	asked := 0
	for _, m := range o.Moves {
		if m.Ask != "" {
			asked++
			if m.Ask != p.State {
				t.Fatalf("asks %q and stands at %q", m.Ask, p.State)
			}
		}
		if m.Do != nil && m.Do.Reason == "flow_fault" {
			t.Fatalf("met a fault at %q", p.State)
		}
	}
	if asked > 1 || asked == 0 && !o.Ended || asked == 1 && o.Ended {
		t.Fatalf("asked %d questions at %q, ended %v", asked, p.State, o.Ended)
	}
	if len(p.Trail) > maxTrail || len(p.Vars) > 2*maxVars {
		t.Fatalf("%d steps, %d assignments", len(p.Trail), len(p.Vars))
	}
	if asked == 0 {
		return
	}
	for _, lang := range lib.Languages {
		q, ok := flow.Question(p, lang, facts)
		text, found := flow.Text(lang, flow.States[p.State].Ask)
		said := text.Render(true, q.Options, func(string) (string, bool) { return "x", true })
		if !ok || !found || strings.TrimSpace(said) == "" {
			t.Fatalf("the question of %q cannot be put in %q", p.State, lang)
		}
		if (q.Kind == understand.Choice || q.Kind == understand.Choices) && len(q.Options) == 0 {
			t.Fatalf("nothing to choose from at %q", p.State)
		}
	}
	if left := flow.Left(p, facts); left < 0 || left > len(flow.Order) {
		t.Fatalf("%d questions left at %q", left, p.State)
	}
}
