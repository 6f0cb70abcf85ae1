package test

import (
	"bytes"
	"os"
	"testing"

	"relais/flows"
)

func TestDiagramsAreOfTheFlowsAsTheyAre(t *testing.T) {
	library, faults := flows.Load(flows.Builtin(), flows.DefaultSamples())
	for _, fault := range faults {
		t.Error(fault)
	}
	if library == nil {
		t.FailNow()
	}
	for name, flow := range library.Flows {
		kept, err := os.ReadFile("../flows/diagrams/" + name + ".svg")
		if err != nil {
			t.Errorf("%v: run make diagrams", err)
			continue
		}
		var drawn bytes.Buffer
		if err := flow.Diagram(&drawn, "svg"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(kept, drawn.Bytes()) {
			t.Errorf("%s.svg is of an older flow: run make diagrams", name)
		}
	}
}
