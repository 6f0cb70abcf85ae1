package flows

import (
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"relais/flows/understand"
)

// Whatever is in the files: no panic, no hang, faults with a place in a file,
// and what compiles can be walked and drawn.
func FuzzLoad(f *testing.F) {
	logic, err := os.ReadFile("testdata/small/visit.yaml")
	if err != nil {
		f.Fatal(err)
	}
	texts, err := os.ReadFile("testdata/small/texts/fr/visit.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(logic), string(texts))
	f.Add("flow: a\nstates:\n  q: {ask: q, kind: yes_no, next: end}\n  end: {end: true}\n", "q: \"Oui ?\"\n")
	f.Add("flow: a\nstates: {a: {next: [{if: {_x: {known: true}}, to: a, back: a}, a]}}\n", "{}\n")
	for _, name := range []string{"form", "graph", "variables", "texts"} {
		archive, err := txtar.ParseFile("testdata/check/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(archive.Files[0].Data), string(archive.Files[1].Data))
	}
	f.Fuzz(func(t *testing.T, logic, texts string) {
		start := time.Now()
		files := map[string][]byte{"a.yaml": []byte(logic), "texts/fr/a.yaml": []byte(texts)}
		fsys := fstest.MapFS{}
		for name, data := range files {
			fsys[name] = &fstest.MapFile{Data: data}
		}
		lib, faults := Load(fsys, Samples{"COMMUNE": {"BESANÇON"}})
		if (lib == nil) != (len(faults) > 0) {
			t.Fatalf("library %v, %d faults", lib != nil, len(faults))
		}
		for _, fault := range faults {
			if fault.File == "" || fault.Line < 1 || fault.Column < 1 || fault.Message == "" || strings.Contains(fault.Message, "%!") {
				t.Fatalf("a fault that helps nobody: %#v", fault)
			}
		}
		if flow, _ := CompileOne("a", files); flow != nil {
			stroll(t, flow)
		}
		if spent := time.Since(start); spent > 10*time.Second {
			t.Fatalf("%s for %d bytes", spent, len(logic)+len(texts))
		}
	})
}

// stroll walks a little way through a flow that no checker has seen.
func stroll(t *testing.T, flow *Flow) {
	p, o := flow.Enter(Position{}, "start", bySMS)
	for range 10 {
		if o.Ended {
			break
		}
		q, ok := flow.Question(p, "fr", bySMS)
		if !ok {
			t.Fatalf("neither a question nor the end at %q", p.State)
		}
		r := understand.Reading{Status: understand.Declined}
		if len(q.Options) > 0 {
			r = understand.Reading{Status: understand.Understood, Values: []string{q.Options[0].Value}}
		}
		p, o = flow.Answer(p, r, bySMS)
		flow.Left(p, bySMS)
		flow.RecapLines("fr", p.Vars)
		flow.Undo(p)
		flow.Silent(p, bySMS)
	}
	for _, format := range DiagramFormats {
		if err := flow.Diagram(io.Discard, format); err != nil {
			t.Fatal(err)
		}
	}
}
