package flows

import (
	"io"
	"testing"
	"time"

	"relais/flows/understand"
)

// An ordinary answer: one of five options, kept with its codes, then the next
// question. The reading itself is measured in flows/understand.
func BenchmarkAnswer(b *testing.B) {
	flow, p := atQuestion(b, "q04")
	r := understand.Reading{Status: understand.Understood, Values: []string{"pending"}}
	b.ReportAllocs()
	for b.Loop() {
		_, o := flow.Answer(p, r, bySMS)
		if len(o.Moves) != 2 {
			b.Fatal(told(o))
		}
	}
}

// An answer that passes through states that do not ask, with conditions on
// what was named before.
func BenchmarkAnswerThroughBranches(b *testing.B) {
	flow, p := atQuestion(b, "q12")
	p.Vars = p.Vars.Set("_todo", "health", "money")
	r := understand.Reading{Status: understand.Understood, Values: []string{"sms"}}
	b.ReportAllocs()
	for b.Loop() {
		_, o := flow.Answer(p, r, bySMS)
		if o.Moves[len(o.Moves)-1].Ask != "b_health" {
			b.Fatal(told(o))
		}
	}
}

func BenchmarkQuestion(b *testing.B) {
	flow, p := atQuestion(b, "q04")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := flow.Question(p, "fr", bySMS); !ok {
			b.Fatal("no question")
		}
	}
}

func BenchmarkRender(b *testing.B) {
	flow, p := atQuestion(b, "q05")
	q, _ := flow.Question(p, "fr", bySMS)
	text, _ := flow.Text("fr", "q05")
	value := func(string) (string, bool) { return "CMS de Planoise", true }
	b.ReportAllocs()
	for b.Loop() {
		if text.Render(true, q.Options, value) == "" {
			b.Fatal("nothing")
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if lib, faults := Load(Builtin(), DefaultSamples()); lib == nil {
			b.Fatal(faults)
		}
	}
}

func BenchmarkCompileOne(b *testing.B) {
	lib, faults := Load(Builtin(), DefaultSamples())
	if lib == nil {
		b.Fatal(faults)
	}
	files := lib.Files("prediagnostic")
	for b.Loop() {
		if f, faults := CompileOne("prediagnostic", files); f == nil {
			b.Fatal(faults)
		}
	}
}

func BenchmarkDiagram(b *testing.B) {
	flow, _ := atQuestion(b, "q04")
	for b.Loop() {
		if err := flow.Diagram(io.Discard, "svg"); err != nil {
			b.Fatal(err)
		}
	}
}

// atQuestion stands in the built-in questions with what came before answered.
func atQuestion(b *testing.B, name string) (*Flow, Position) {
	b.Helper()
	lib, faults := Load(Builtin(), DefaultSamples())
	if lib == nil {
		b.Fatal(faults)
	}
	flow := lib.Flows["prediagnostic"]
	if flow.States[name] == nil {
		b.Fatalf("there is no question %q", name)
	}
	p, _ := flow.Enter(Position{}, "start", bySMS)
	for range 20 {
		if p.State == name {
			return flow, p
		}
		q, _ := flow.Question(p, "fr", bySMS)
		r := understand.Reading{Status: understand.Understood}
		switch q.Kind {
		case understand.Commune:
			r.Values = []string{"25056"}
		case understand.Number:
			r.Values = []string{"1990"}
		default:
			r.Values = []string{q.Options[len(q.Options)-1].Value}
		}
		p, _ = flow.Answer(p, r, Facts{Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Vars: bySMS.Vars})
	}
	b.Fatalf("the questions never come to %q", name)
	return nil, p
}
