package flows

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/looplab/fsm"
)

func drawn(t *testing.T, f *Flow, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Diagram(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is drawn is what the machine does: looplab/fsm draws its own table.
func TestDiagramShowsTheTable(t *testing.T) {
	flow := small(t).Flows["visit"]
	machine := flow.machines.pool.Get().(*fsm.FSM)
	theirs, err := fsm.VisualizeForMermaidWithGraphType(machine, fsm.StateDiagram)
	if err != nil {
		t.Fatal(err)
	}
	arrows := func(diagram string, clean func(string) string) []string {
		var out []string
		for line := range strings.Lines(diagram) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), ":")
			if strings.Contains(line, "-->") && !strings.Contains(line, "[*]") {
				out = append(out, clean(line))
			}
		}
		slices.Sort(out)
		return out
	}
	want := arrows(theirs, func(s string) string { return s })
	if len(want) < 30 {
		t.Fatalf("the table has %d transitions only", len(want))
	}
	mine := arrows(drawn(t, flow, "mermaid"), func(s string) string { return strings.ReplaceAll(s, "s_", "") })
	if diff := cmp.Diff(want, mine); diff != "" {
		t.Errorf("transitions of looplab/fsm (-) and of the Mermaid diagram (+):\n%s", diff)
	}
	dot := drawn(t, flow, "dot")
	if got := strings.Count(dot, " -> "); got != len(want) {
		t.Errorf("%d transitions in the dot diagram, want %d", got, len(want))
	}
	svg := drawn(t, flow, "svg")
	if got := strings.Count(svg, "marker-end"); got != len(want) {
		t.Errorf("%d transitions in the drawing, want %d", got, len(want))
	}
	for _, name := range flow.Order {
		if !strings.Contains(dot, `"`+name+`" [`) || !strings.Contains(svg, ">"+name) {
			t.Errorf("the state %q is not drawn", name)
		}
	}
}

func TestDiagramGolden(t *testing.T) {
	flow := small(t).Flows["visit"]
	for _, format := range DiagramFormats {
		t.Run(format, func(t *testing.T) {
			got, file := drawn(t, flow, format), "testdata/visit."+format
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("diagram (-want +got):\n%s", diff)
			}
			if again := drawn(t, small(t).Flows["visit"], format); again != got {
				t.Error("the same flow is drawn in two ways")
			}
		})
	}
}

func TestSVGIsWellFormed(t *testing.T) {
	lib, faults := Load(Builtin(), DefaultSamples())
	if lib == nil {
		t.Fatal(faults)
	}
	for name, flow := range lib.Flows {
		d := xml.NewDecoder(strings.NewReader(drawn(t, flow, "svg")))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestDiagramFaults(t *testing.T) {
	flow := small(t).Flows["visit"]
	if err := flow.Diagram(io.Discard, "png"); err == nil || !strings.Contains(err.Error(), `"png"`) {
		t.Errorf("png: %v", err)
	}
	if err := flow.Diagram(full{}, "dot"); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
