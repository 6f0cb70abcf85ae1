package flows

import (
	"sync"
	"testing"

	"github.com/looplab/fsm"
)

// Every edge of a flow is one transition of its own: looplab/fsm keeps the
// last of two equal ones without a word.
func TestEventsAreUnique(t *testing.T) {
	lib, faults := Load(Builtin(), DefaultSamples())
	if lib == nil {
		t.Fatal(faults)
	}
	lib.Flows["visit"] = small(t).Flows["visit"]
	for name, flow := range lib.Flows {
		seen := map[string]bool{}
		for _, e := range flow.machines.table {
			if seen[e.Name] {
				t.Errorf("%s: two transitions are called %q", name, e.Name)
			}
			seen[e.Name] = true
			if len(e.Src) != 1 || flow.States[e.Src[0]] == nil || flow.States[e.Dst] == nil {
				t.Errorf("%s: %q leads from %v to %q", name, e.Name, e.Src, e.Dst)
			}
		}
		for _, s := range flow.States {
			for _, e := range s.Next {
				if !seen[e.Event] {
					t.Errorf("%s: the edge %q is not in the table", name, e.Event)
				}
			}
		}
	}
}

func TestFire(t *testing.T) {
	m := newMachines("a", []fsm.EventDesc{
		{Name: "a/next/1", Src: []string{"a"}, Dst: "b"},
		{Name: "b/next/1", Src: []string{"b"}, Dst: "b"},
	})
	for _, c := range []struct {
		from, event, to string
		fails           bool
	}{
		{"a", "a/next/1", "b", false},
		{"b", "b/next/1", "b", false}, // to itself
		{"b", "a/next/1", "", true},
		{"a", "no/such/event", "", true},
		{"nowhere", "a/next/1", "", true},
		{"a", "a/next/1", "b", false}, // and the machine is none the worse
	} {
		to, err := m.fire(c.from, c.event)
		if to != c.to || (err != nil) != c.fails {
			t.Errorf("%s from %s: %q, %v", c.event, c.from, to, err)
		}
	}
}

// Many dialogues walk through one flow at once.
func TestFlowIsShared(t *testing.T) {
	flow := small(t).Flows["visit"]
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				p, _ := flow.Enter(Position{}, "start", bySMS)
				for _, v := range []string{"25056", "1990", "health", "poor"} {
					p, _ = flow.Answer(p, read(v), bySMS)
				}
				if p.State != "recap" {
					t.Errorf("ended up at %q", p.State)
					return
				}
			}
		})
	}
	wg.Wait()
}
