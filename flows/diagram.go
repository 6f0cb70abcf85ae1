package flows

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// DiagramFormats are the formats that Diagram writes.
var DiagramFormats = []string{"mermaid", "dot", "svg"}

// Diagram draws the flow: its states, and each way from one to another with
// what opens it. The same flow always gives the same bytes.
func (f *Flow) Diagram(w io.Writer, format string) error {
	b := bufio.NewWriter(w)
	switch format {
	case "mermaid":
		f.mermaid(b)
	case "dot":
		f.dot(b)
	case "svg":
		f.svg(b)
	default:
		return fmt.Errorf("unknown diagram format %q: one of %s", format, strings.Join(DiagramFormats, ", "))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing the diagram of %s: %w", f.Name, err)
	}
	return nil
}

// link is one way as it is drawn.
type link struct {
	from, to string
	label    string
	aside    bool // silence, or the way back from a correction
}

// links gives every transition of the table, in the order of the file.
func (f *Flow) links() []link {
	var out []link
	for _, name := range f.Order {
		s := f.States[name]
		for _, o := range s.Options {
			if o.To != "" {
				out = append(out, link{name, o.To, o.Value, false})
			}
		}
		for _, e := range s.Next {
			out = append(out, link{name, e.To, edgeLabel(e), false})
		}
		if s.Silence != nil && s.Silence.To != "" {
			out = append(out, link{name, s.Silence.To, "silence " + shortDuration(s.Silence), true})
		}
		for _, to := range slices.Sorted(maps.Keys(s.ways)) {
			out = append(out, link{name, to, "corrected", true})
		}
	}
	return out
}

func shortDuration(s *Silence) string {
	if hours := s.After.Hours(); hours == float64(int(hours)) {
		return strconv.Itoa(int(hours)) + "h"
	}
	return strconv.Itoa(int(s.After.Minutes())) + "m"
}

func edgeLabel(e Edge) string {
	var parts []string
	for _, c := range e.If {
		parts = append(parts, conditionLabel(c))
	}
	for _, c := range e.Unless {
		parts = append(parts, "not "+conditionLabel(c))
	}
	return strings.Join(parts, ", ")
}

func conditionLabel(c Condition) string {
	switch {
	case c.MoreThan != nil:
		return fmt.Sprintf("%s more than %d", c.Var, *c.MoreThan)
	case c.YoungerThan != nil:
		return fmt.Sprintf("%s under %d", c.Var, *c.YoungerThan)
	case c.IsSet != nil && *c.IsSet:
		return c.Var + " known"
	case c.IsSet != nil:
		return c.Var + " unknown"
	}
	return c.Var + " " + strings.Join(c.AnyOf, "|")
}

func (f *Flow) mermaid(w *bufio.Writer) {
	fmt.Fprintln(w, "stateDiagram-v2")
	id := func(name string) string { return "s_" + name } // "end" and "state" mean something to Mermaid
	for _, name := range f.Order {
		fmt.Fprintf(w, "    %s: %s\n", id(name), f.States[name].title())
	}
	for _, entry := range slices.Sorted(maps.Keys(f.Entries)) {
		fmt.Fprintf(w, "    [*] --> %s: %s\n", id(f.Entries[entry]), entry)
	}
	for _, l := range f.links() {
		fmt.Fprintf(w, "    %s --> %s", id(l.from), id(l.to))
		if l.label != "" {
			fmt.Fprintf(w, ": %s", l.label)
		}
		fmt.Fprintln(w)
	}
	for _, name := range f.Order {
		if f.States[name].End {
			fmt.Fprintf(w, "    %s --> [*]\n", id(name))
		}
	}
}

func (f *Flow) dot(w *bufio.Writer) {
	fmt.Fprintf(w, "digraph %s {\n    rankdir=LR;\n    node [shape=box, style=rounded];\n", f.Name)
	for _, name := range f.Order {
		shape := ""
		if f.States[name].End {
			shape = ", peripheries=2"
		}
		fmt.Fprintf(w, "    %q [label=%q%s];\n", name, f.States[name].title(), shape)
	}
	for _, l := range f.links() {
		style := ""
		if l.aside {
			style = ", style=dashed"
		}
		fmt.Fprintf(w, "    %q -> %q [label=%q%s];\n", l.from, l.to, l.label, style)
	}
	fmt.Fprintln(w, "}")
}

// title is the name of a state and what it is there for.
func (s *State) title() string {
	deeds := make([]string, 0, len(s.Do)+1)
	if s.Ask != "" {
		deeds = append(deeds, string(s.Kind))
	}
	for _, a := range s.Do {
		if a.Reason != "" || a.Flow != "" {
			deeds = append(deeds, string(a.Kind)+" "+a.Reason+a.Flow)
			continue
		}
		deeds = append(deeds, string(a.Kind))
	}
	if len(deeds) == 0 {
		return s.Name
	}
	return s.Name + " (" + strings.Join(deeds, ", ") + ")"
}
