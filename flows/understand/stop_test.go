package understand

import (
	"slices"
	"strings"
	"testing"
)

// stopVariants are ways of writing the opt-out words: case, accents,
// punctuation, spaces, signs around.
func stopVariants() []string {
	words := []string{"stop", "arret", "arrêt", "arrete", "arrête", "arreter", "arrêter", "arretez", "arrêtez", "ar\u0072e\u0302t"}
	around := []string{"%s", " %s ", "%s.", "%s!", "%s !!!", "%s...", "«%s»", "\"%s\"", "(%s)", "*%s*", "-%s-", "%s 🙏", "🛑 %s", "%s\n", "%s svp", "%s merci", "%s SMS", "Bonjour %s", "%s %[1]s", "\ufeff%s\u200b"}
	cases := []func(string) string{strings.ToLower, strings.ToUpper, strings.ToTitle, capital}
	var out []string
	for _, w := range words {
		for _, a := range around {
			for _, c := range cases {
				v := c(strings.ReplaceAll(strings.ReplaceAll(a, "%[1]s", w), "%s", w))
				if !slices.Contains(out, v) {
					out = append(out, v)
				}
			}
		}
	}
	return out
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func TestStopVariants(t *testing.T) {
	variants := stopVariants()
	if len(variants) < 200 {
		t.Fatalf("only %d variants", len(variants))
	}
	for _, v := range variants {
		for _, lang := range []Lang{French, English} {
			intent, _, operator := ReadIntent(v, lang)
			if intent != Stop {
				t.Errorf("%q reads %s", v, intent)
			}
			if want := strings.EqualFold(strings.TrimSpace(v), "stop"); operator != want {
				t.Errorf("%q: handled by the operator: %v, want %v", v, operator, want)
			}
		}
		if r := Read(Question{Kind: YesNo, Lang: French}, v); r.Status == Understood {
			t.Errorf("%q answers %v", v, r.Values)
		}
		if c := ReadCrisis(v, French); c != NoCrisis {
			t.Errorf("%q is a crisis: %s", v, c)
		}
	}
	t.Logf("%d variants", len(variants))
}
