package flows

import (
	"slices"

	"relais/flows/understand"
)

// questionKey names a question as composed for one language and one kind of
// channel.
type questionKey struct {
	state, lang string
	web         bool
}

// Question gives the open question of p: its kind, and the options offered
// now with their labels and words in that language, as the channel in facts
// shows them. Options that are only written, never listed, have no label. The
// slices belong to the flow. False when p asks nothing.
func (f *Flow) Question(p Position, lang string, facts Facts) (understand.Question, bool) {
	s := f.asking(p)
	if s == nil {
		return understand.Question{}, false
	}
	key := questionKey{s.Name, lang, facts.Vars["channel"] == "web"}
	q, ok := f.questions[key]
	if !ok {
		key.lang = f.langs[0]
		q = f.questions[key]
		q.Lang = understand.Lang(lang)
	}
	if s.conditional() {
		q.Options = s.offered(q.Options, &scope{vars: p.Vars, facts: facts})
	}
	return q, true
}

func (s *State) conditional() bool {
	return slices.ContainsFunc(s.Options, func(o Option) bool { return len(o.If) > 0 })
}

// offered keeps the options whose conditions hold. all follows s.Options.
func (s *State) offered(all []understand.Option, now *scope) []understand.Option {
	out := make([]understand.Option, 0, len(all))
	for i, o := range all {
		if now.all(s.Options[i].If) {
			out = append(out, o)
		}
	}
	return out
}

// questionTable composes each question once, for each language and channel.
func (f *Flow) questionTable() map[questionKey]understand.Question {
	out := map[questionKey]understand.Question{}
	for _, s := range f.States {
		if s.Ask == "" {
			continue
		}
		for _, lang := range f.langs {
			for _, web := range []bool{false, true} {
				out[questionKey{s.Name, lang, web}] = f.question(s, lang, web)
			}
		}
	}
	return out
}

func (f *Flow) question(s *State, lang string, web bool) understand.Question {
	text, _ := f.Text(lang, s.Ask)
	q := understand.Question{Kind: s.Kind, Lang: understand.Lang(lang), Min: s.Min, Max: s.Max}
	for _, o := range s.Options {
		q.Options = append(q.Options, compose(s.Kind, o.Value, text.Options[o.Value], web))
	}
	return q
}

// compose makes an option as it is offered. Beside a commune the options are
// words to write, not a list to choose from.
func compose(kind understand.Kind, value string, text OptionText, web bool) understand.Option {
	o := understand.Option{Value: value, Label: text.Label, Words: text.Words}
	switch {
	case kind == understand.Commune && text.Label != "":
		o.Label, o.Words = "", append([]string{text.Label}, text.Words...)
	case web && text.Web != "":
		o.Label, o.Words = text.Web, append([]string{text.Label}, text.Words...)
	}
	return understand.Prepare(o)
}

// Text gives a text of the flow in a language, or in the first language that
// has it.
func (f *Flow) Text(lang, key string) (Text, bool) {
	if t, ok := f.Texts[lang][key]; ok {
		return t, true
	}
	for _, l := range f.langs {
		if t, ok := f.Texts[l][key]; ok {
			return t, true
		}
	}
	return Text{}, false
}
