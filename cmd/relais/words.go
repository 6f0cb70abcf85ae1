package main

import (
	"maps"
	"slices"
	"strings"

	"relais/flows/understand"
)

// label gives the words of an answer's value, as the flow that asks for it
// says them; "" when no flow does.
func (s *service) label(lang, key, value string) string {
	for _, name := range slices.Sorted(maps.Keys(s.library.Flows)) {
		if label := s.library.Flows[name].Label(lang, key, value); label != "" {
			return label
		}
	}
	return ""
}

// question gives the text of the question that an answer is kept under, or the
// key itself.
func (s *service) question(key string) string {
	lang := s.library.Languages[0]
	for _, name := range slices.Sorted(maps.Keys(s.library.Flows)) {
		flow := s.library.Flows[name]
		for _, state := range flow.Order {
			if flow.States[state].Save != key {
				continue
			}
			if text, ok := flow.Text(lang, flow.States[state].Ask); ok {
				return text.Render(false, nil, func(string) (string, bool) { return "", false })
			}
		}
	}
	return key
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
