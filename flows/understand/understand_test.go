package understand

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func ExampleRead() {
	q := Question{Kind: Choice, Lang: French, Options: []Option{
		{Value: "car", Label: "Voiture, moto, scooter"},
		{Value: "bus", Label: "Bus, train, tram"},
		{Value: "none", Label: "Je n'ai aucun moyen"},
	}}
	for _, text := range []string{"le 2", "je prends le bus", "voitur", "j'ai 2 voitures", "pas de voiture", "jsp"} {
		r := Read(q, text)
		fmt.Println(text, "→", r.Status, r.Values)
	}
	// Output:
	// le 2 → read [bus]
	// je prends le bus → read [bus]
	// voitur → read [car]
	// j'ai 2 voitures → unclear []
	// pas de voiture → unclear []
	// jsp → unknown []
}

func ExampleReadIntent() {
	for _, text := range []string{"STOP", "arrêtez svp", "arrêt maladie", "Parler à quelqu'un", "English please"} {
		intent, lang, operator := ReadIntent(text, French)
		fmt.Println(text, "→", intent, lang, operator)
	}
	// Output:
	// STOP → stop  true
	// arrêtez svp → stop  false
	// arrêt maladie → none  false
	// Parler à quelqu'un → human  false
	// English please → language en false
}

func ExampleReadCrisis() {
	fmt.Println(ReadCrisis("g plus envie 2 vivre", French))
	fmt.Println(ReadCrisis("en finir avec mes dettes", French))
	// Output:
	// suicide
	// none
}

func TestJSONValue(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		r    Reading
		want string
	}{
		{YesNo, read("yes"), `"yes"`},
		{YesNo, Reading{Status: Unknown}, `"unknown"`},
		{YesNo, Reading{Status: Declined}, `"declined"`},
		{YesNo, unclear, `null`},
		{Choice, read("car"), `"car"`},
		{Choice, Reading{Status: Unknown}, `"unknown"`},
		{Choice, Reading{Status: Declined}, `"declined"`},
		{Choices, read("a", "b"), `["a","b"]`},
		{Choices, unclear, `null`},
		{Choices, Reading{Status: Unknown}, `null`},
		{Number, read("1990"), `1990`},
		{Number, Reading{Status: Unknown}, `null`},
		{Date, read("1990-03-12"), `"1990-03-12"`},
		{Date, unclear, `null`},
		{Commune, read("25056"), `"25056"`},
		{Commune, Reading{Status: Elsewhere}, `null`},
		{Commune, Reading{Status: Ask}, `"ask"`},
		{Commune, Reading{Status: Declined}, `null`},
		{Text, read("bonjour"), `"bonjour"`},
	} {
		got, err := json.Marshal(JSONValue(c.kind, c.r))
		if err != nil || string(got) != c.want {
			t.Errorf("%s %v: %s %v, want %s", c.kind, c.r, got, err, c.want)
		}
	}
}

// TestQuestionsUntouched: reading changes nothing of what it is given.
func TestQuestionsUntouched(t *testing.T) {
	q := Question{Kind: Choices, Lang: French, Options: []Option{{Value: "b", Label: "Bus", Words: []string{"car"}}, {Value: "a", Label: "Auto"}}}
	before, _ := json.Marshal(q)
	for _, text := range []string{"2 et 1", "auto", "tout", "bus, auto"} {
		Read(q, text)
	}
	if after, _ := json.Marshal(q); string(after) != string(before) {
		t.Errorf("the question became %s", after)
	}
}

func TestNothingToRead(t *testing.T) {
	for _, k := range []Kind{YesNo, Choice, Choices, Number, Date, Commune, Text, "other", ""} {
		for _, text := range []string{"", " ", "\n\t", "...", "🙂", "\u200b", "\xff\xfe"} {
			if r := Read(Question{Kind: k, Lang: French}, text); r.Status != Unclear || r.Values != nil {
				t.Errorf("%s %q reads %v", k, text, r)
			}
		}
	}
	if r := Read(Question{Kind: Choice}, "1"); r.Status != Unclear {
		t.Errorf("a choice without options reads %v", r)
	}
}

// TestLongTexts: a very long message is cut, and costs no more than a long one.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("je n'en sais rien vraiment, ", 20_000)
	start := time.Now()
	for _, k := range []Kind{YesNo, Choice, Choices, Number, Date, Commune, Text} {
		Read(Question{Kind: k, Lang: French, At: time.Now(), Options: homeOptions}, long)
	}
	ReadIntent(long, French)
	ReadCrisis(long, French)
	MaskNIR(long)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

var homeOptions = []Option{
	{Value: "housing", Label: "Logement"}, {Value: "childcare", Label: "Garde d'enfants"}, {Value: "carer", Label: "Un proche à aider"},
	{Value: "health", Label: "Santé ou handicap"}, {Value: "none", Label: "Rien de tout cela"},
}

// TestPositions: the number of an option is always that option, and a number
// beyond them never is one.
func TestPositions(t *testing.T) {
	for n := 1; n <= 12; n++ {
		q := Question{Kind: Choice, Lang: French}
		for i := range n {
			q.Options = append(q.Options, Option{Value: fmt.Sprint("v", i+1), Label: strings.Repeat(string(rune('a'+i)), 2) + "zk"})
		}
		for i := 0; i <= 130; i++ {
			r := Read(q, fmt.Sprint(i))
			switch in := i >= 1 && i <= n; {
			case in && (r.Status != Understood || r.Values[0] != fmt.Sprint("v", i)):
				t.Errorf("%d of %d reads %v", i, n, r)
			case !in && r.Status != Unclear:
				t.Errorf("%d of %d reads %v", i, n, r)
			}
		}
	}
}

// TestNumberWords: every number from 0 to 2100 said in French is read back.
func TestNumberWords(t *testing.T) {
	for n := 0; n <= 2100; n++ {
		said := inFrench(n)
		r := Read(Question{Kind: Number, Lang: French}, said)
		if r.Status != Understood || r.Values[0] != fmt.Sprint(n) {
			t.Fatalf("%q reads %v, want %d", said, r, n)
		}
	}
}

func inFrench(n int) string {
	units := strings.Fields("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf")
	tens := strings.Fields("- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt")
	switch {
	case n < 20:
		return units[n]
	case n < 100:
		ten, rest := n/10, n%10
		if ten == 7 || ten == 9 {
			rest += 10
		}
		switch {
		case rest == 0 && ten == 8:
			return "quatre-vingts"
		case rest == 0:
			return tens[ten]
		case (rest == 1 || rest == 11) && ten < 8:
			return tens[ten] + " et " + units[rest]
		}
		return tens[ten] + "-" + units[rest]
	case n < 1000:
		return after(n, 100, "cent")
	}
	return after(n, 1000, "mille")
}

func after(n, unit int, word string) string {
	out := word
	if n/unit > 1 {
		out = inFrench(n/unit) + " " + word
	}
	if n%unit > 0 {
		out += " " + inFrench(n%unit)
	}
	return out
}

func TestLexiconFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"oui", "before the first"},
		{"[a]\n$b", "unknown list"},
		{"[a]\n_2 oui", "a word before"},
		{"[a]\noui _x", "a number after"},
		{"[a]\n!oui", "begins with a word"},
		{"[a]\noui|non?|si", "bad word"},
		{"[a]\noui|", "bad word"},
		{"[a]\nété", "never stands"},
		{"[a]\nOui", "never stands"},
	} {
		if _, err := compileLexicon(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}
