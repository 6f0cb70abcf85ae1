package understand

import (
	"slices"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"
)

func seed(f *testing.F) {
	for _, name := range []string{"yes_no.txt", "choice.txt", "choices.txt", "number.txt", "date.txt", "commune.txt", "intent.txt", "crisis.txt"} {
		for i, r := range rows(f, name) {
			if i%5 == 0 {
				f.Add(r.text)
			}
		}
	}
}

// FuzzRead: whatever is written, no panic, and a value that the question allows.
func FuzzRead(f *testing.F) {
	seed(f)
	options := append(slices.Clone(homeOptions), Option{Value: "car", Label: "Voiture, moto, scooter", Words: []string{"caisse"}}, Option{Value: "later", Label: "J'en parlerai"})
	values := make([]string, len(options))
	for i, o := range options {
		values[i] = o.Value
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, lang := range []Lang{French, English} {
			for _, k := range []Kind{YesNo, Choice, Choices, Number, Date, Commune, Text} {
				q := Question{Kind: k, Lang: lang, At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
				if k == Choice || k == Choices {
					q.Options = options
				}
				r := Read(q, text)
				if (r.Status == Understood) != (len(r.Values) > 0) || (r.Status == Ask) != (len(r.Candidates) > 0) {
					t.Fatalf("%s %q: %v", k, text, r)
				}
				if len(r.Values) > 1 && k != Choices {
					t.Fatalf("%s %q: several values %v", k, text, r.Values)
				}
				for _, v := range r.Values {
					if !allowed(k, v, values) {
						t.Fatalf("%s %q: value %q", k, text, v)
					}
				}
				for _, o := range r.Candidates {
					if name, _, ok := CommuneName(o.Value); !ok || name != o.Label {
						t.Fatalf("%s %q: candidate %v", k, text, o)
					}
				}
				JSONValue(k, r)
			}
		}
	})
}

func allowed(k Kind, v string, options []string) bool {
	switch k {
	case YesNo:
		return v == "yes" || v == "no"
	case Choice, Choices:
		return slices.Contains(options, v)
	case Number:
		_, err := strconv.Atoi(v)
		return err == nil
	case Date:
		_, err := time.Parse(time.DateOnly, v)
		return err == nil
	case Commune:
		_, _, ok := CommuneName(v)
		return ok
	}
	return v != ""
}

func FuzzIntent(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		intent, lang, operator := ReadIntent(text, French)
		if (intent == Language) != (lang != "") || operator && intent != Stop {
			t.Fatalf("%q: %s %q %v", text, intent, lang, operator)
		}
		if intent != NoIntent && !slices.ContainsFunc(inOrder[:], func(o struct {
			section string
			intent  Intent
			lang    Lang
		}) bool {
			return o.intent == intent
		}) {
			t.Fatalf("%q: %s", text, intent)
		}
	})
}

// FuzzCrisis: no panic, and greetings around change nothing.
func FuzzCrisis(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		c := ReadCrisis(text, French)
		if c != ReadCrisis(text, English) {
			t.Fatalf("%q depends on the language", text)
		}
	})
}

// FuzzMaskNIR: masking twice changes nothing, and only digits go.
func FuzzMaskNIR(f *testing.F) {
	f.Add("1 85 05 78 006 084 36")
	f.Add("tel 06 12 34 56 78 secu 185057800608436")
	f.Add("285052B006084 36 12/03/1990")
	f.Fuzz(func(t *testing.T, text string) {
		masked, found := MaskNIR(text)
		if found == (masked == text) {
			t.Fatalf("%q becomes %q, found %v", text, masked, found)
		}
		if again, more := MaskNIR(masked); more || again != masked {
			t.Fatalf("%q masked twice: %q then %q", text, masked, again)
		}
		if utf8.ValidString(text) && !utf8.ValidString(masked) {
			t.Fatalf("%q becomes invalid %q", text, masked)
		}
	})
}
