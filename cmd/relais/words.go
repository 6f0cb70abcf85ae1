package main

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"relais/flows"
	"relais/flows/understand"
)

// label gives the words of an answer's value, as the flow that keeps it says
// them; "" when none does.
func (s *service) label(lang, key, value string) string {
	if name, _, ok := understand.CommuneName(value); ok && key == "commune" {
		return name
	}
	if flow, _ := s.keeper(key); flow != nil {
		return flow.Label(lang, key, value)
	}
	return ""
}

// question gives the short name of what an answer is about, or its key.
func (s *service) question(key string) string {
	flow, state := s.keeper(key)
	if flow == nil {
		return key
	}
	lang := s.library.Languages[0]
	if text, ok := flow.Text(lang, "recap."+key); ok {
		name := text.Render(false, nil, func(string) (string, bool) { return "", true })
		return capital(strings.Trim(name, " :"))
	}
	text, ok := flow.Text(lang, state.Ask)
	if !ok {
		return key
	}
	asked := text.Render(false, nil, func(string) (string, bool) { return "…", true })
	if numbered, rest, found := strings.Cut(asked, ". "); found && strings.ContainsAny(numbered, "0123456789") {
		return rest // without "Question 5 sur 12"
	}
	return asked
}

// keeper finds the flow and the state that keep an answer: "impact.housing" is
// kept by the state that saves "impact.{_topic}".
func (s *service) keeper(key string) (*flows.Flow, *flows.State) {
	for _, name := range slices.Sorted(maps.Keys(s.library.Flows)) {
		flow := s.library.Flows[name]
		for _, step := range flow.Order {
			state := flow.States[step]
			prefix, _, _ := strings.Cut(state.Save, "{")
			if state.Save == key || state.Save != prefix && strings.HasPrefix(key, prefix) {
				return flow, state
			}
		}
	}
	return nil, nil
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// asked lists the answers that the questionnaire keeps, in its order.
func (s *service) asked() []string {
	flow := s.library.Flows["prediagnostic"]
	if flow == nil {
		return nil
	}
	var keys []string
	for _, name := range flow.Order {
		key := flow.States[name].Save
		if key != "" && !strings.HasPrefix(key, "_") && !strings.Contains(key, "{") && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// danger gives the line to show at once when somebody may be in danger and
// their message cannot be kept.
func (s *service) danger(text, lang string) string {
	family := understand.ReadCrisis(text, understand.Lang(lang))
	if family == understand.NoCrisis {
		return ""
	}
	if family == understand.SuicideSoft {
		family = understand.Suicide
	}
	texts, ok := s.library.Common[lang]
	if !ok {
		texts = s.library.Common[s.library.Languages[0]]
	}
	return texts["crisis_"+string(family)].Render(false, nil, func(string) (string, bool) { return "", false })
}
