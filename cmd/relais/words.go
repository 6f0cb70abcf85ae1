package main

import (
	"slices"

	"maps"
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
