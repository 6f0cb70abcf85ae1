package flows

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"relais/flows/segments"
	"relais/flows/understand"
)

// labelKey names a label; var is "" for the values that no question of their
// own names.
type labelKey struct{ lang, variable, value string }

// yesNoLabels tell back an answer to a question of kind yes_no, unless its
// text has labels of its own.
var yesNoLabels = map[string][2]string{"fr": {"oui", "non"}, "en": {"yes", "no"}}

// labelTable gathers what the values of variables are called. When several
// questions keep their answer under one key, the first one of the file wins.
func (f *Flow) labelTable() map[labelKey]string {
	out := map[labelKey]string{}
	put := func(lang, variable, value, label string) {
		key := labelKey{lang, variable, value}
		if _, taken := out[key]; !taken && label != "" {
			out[key] = label
		}
	}
	for _, lang := range f.langs {
		for _, name := range f.Order {
			s := f.States[name]
			if s.Ask == "" {
				continue
			}
			text, _ := f.Text(lang, s.Ask)
			for _, o := range s.Options {
				put(lang, s.Save, o.Value, text.Options[o.Value].Label)
				put(lang, "", o.Value, text.Options[o.Value].Label)
			}
			if s.Kind == understand.YesNo {
				put(lang, s.Save, "yes", yesNoLabels[lang][0])
				put(lang, s.Save, "no", yesNoLabels[lang][1])
			}
		}
	}
	return out
}

// Label says what a saved value is called in a language, "" when it has no
// name. Values of a variable that no question asks for, such as a topic that
// an edge sets, are called as the first option of that value.
func (f *Flow) Label(lang, name, value string) string {
	if !slices.Contains(f.langs, lang) {
		lang = f.langs[0]
	}
	if label, ok := f.labels[labelKey{lang, name, value}]; ok {
		return label
	}
	if f.asksFor(name) {
		return ""
	}
	return f.labels[labelKey{lang, "", value}]
}

func (f *Flow) asksFor(name string) bool {
	for _, s := range f.States {
		if s.Ask != "" && s.Save == name {
			return true
		}
	}
	return false
}

// RecapLines tells back the answers that the flow lists under recap, each as
// its text "recap.<key>" says it. What is private is only mentioned, once, as
// "recap.private"; what was not asked or not answered is left out.
func (f *Flow) RecapLines(lang string, v Vars) []string {
	var lines []string
	private := false
	for _, key := range f.Recap {
		told := f.told(lang, key, v)
		textKey := "recap." + key
		switch {
		case told == "" || f.Private[key] && private:
			continue
		case f.Private[key]:
			private, textKey = true, "recap.private"
		}
		if line := f.recapLine(lang, textKey, told); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func (f *Flow) recapLine(lang, textKey, told string) string {
	text, _ := f.Text(lang, textKey)
	return text.Render(true, nil, func(name string) (string, bool) { return told, name == "value" })
}

// told says the values of an answer, "" when there is nothing to tell.
func (f *Flow) told(lang, key string, v Vars) string {
	values, _ := v.Get(key)
	var names []string
	for _, value := range values {
		if name := f.name(lang, key, value); name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, " + ")
}

// name says one value: an option by its label, a commune in capitals (as on an
// envelope, and cheaper by SMS), a date as people write it.
func (f *Flow) name(lang, key, value string) string {
	if label := f.Label(lang, key, value); label != "" {
		return label
	}
	if value == "unknown" || value == "declined" {
		return ""
	}
	switch f.kindOf(key) {
	case understand.Commune:
		town, _, _ := understand.CommuneName(value)
		return Envelope(town)
	case understand.Date:
		if day, err := time.Parse(time.DateOnly, value); err == nil {
			return day.Format("02/01/2006")
		}
	case understand.Number, understand.Text:
		return value
	}
	return ""
}

// Envelope writes the name of a town as envelopes do: in capitals, and without
// the accents that GSM-7 lacks, since one of them doubles the price of a text.
// BESANÇON keeps its cedilla, MAÎCHE becomes MAICHE.
func Envelope(town string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(town) {
		if len(segments.Foreign(string(r))) > 0 {
			r = []rune(norm.NFD.String(string(r)))[0]
		}
		b.WriteRune(r)
	}
	return b.String()
}

// kindOf gives the kind of the question that asks for key.
func (f *Flow) kindOf(key string) understand.Kind {
	for _, name := range f.Order {
		if s := f.States[name]; s.Ask != "" && s.Save == key {
			return s.Kind
		}
	}
	return ""
}

// Left counts the main questions still to come, the open one included: those
// whose answer is kept, on the path that the present answers open and where
// nothing else is named. It is what {n} says.
func (f *Flow) Left(p Position, facts Facts) int {
	now := scope{vars: p.Vars, facts: facts}
	left, asked := 0, map[string]bool{}
	s := f.States[p.State]
	for range 2 * len(f.Order) {
		if s == nil || s.End || s.Ask != "" && asked[s.Name] {
			break
		}
		if s.Ask != "" {
			asked[s.Name] = true
			if s.Save != "" && !strings.HasPrefix(s.Save, "_") {
				left++
			}
		}
		edge := now.first(s.Next)
		if edge == nil {
			break
		}
		for _, a := range edge.Set {
			now.vars = now.vars.Apply(a)
		}
		s = f.States[edge.To]
	}
	return left
}
