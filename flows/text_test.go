package flows

import (
	"testing"

	"pgregory.net/rapid"

	"relais/flows/understand"
)

func TestRender(t *testing.T) {
	value := func(name string) (string, bool) {
		v, ok := map[string]string{"team": "CMS", "topic.x": "Loyer"}[name]
		return v, ok
	}
	options := []understand.Option{{Value: "a", Label: "Oui"}, {Value: "b"}, {Value: "c", Label: "Non"}}
	for _, c := range []struct {
		name    string
		text    Text
		sms     bool
		options []understand.Option
		want    string
	}{
		{"head, numbered choices, tail", Text{SMS: "L'équipe {team} ?", Tail: "Ou PASSER."}, true, options, "L'équipe CMS ?\n1 Oui\n2 Non\nOu PASSER."},
		{"buttons on the page", Text{SMS: "Court", Web: "Plus long, {team}.", Tail: "Ou PASSER."}, false, options, "Plus long, CMS."},
		{"the same on the page", Text{SMS: "Court {team}"}, false, nil, "Court CMS"},
		{"choices alone", Text{}, true, options, "1 Oui\n2 Non"},
		{"an unknown name leaves nothing", Text{SMS: "Bonjour {first}."}, true, nil, "Bonjour ."},
		{"dotted names", Text{SMS: "{topic.x}"}, true, nil, "Loyer"},
		{"stray braces stay", Text{SMS: "a { b } {} {c d} {é} {{team}}"}, true, nil, "a { b } {} {c d} {é} {CMS}"},
		{"nothing", Text{}, false, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.text.Render(c.sms, c.options, value); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Cutting a text at its names loses no letter.
func TestPartsLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("{}ab_.é Z9"))).Draw(t, "text")
		got := ""
		for p := range parts(text) {
			if p.name != "" && p.text != "{"+p.name+"}" {
				t.Fatalf("the name %q is written %q", p.name, p.text)
			}
			got += p.text
		}
		if got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
