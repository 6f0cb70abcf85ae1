package transcripts

import (
	_ "embed"
	"errors"
	"fmt"

	"relais/bot"
	"relais/flows"
	"relais/handoff"
)

// document is the territory of the transcripts. It is not the demonstration's,
// so that a change there leaves what is said here alone.
//
//go:embed testdata/territory.yaml
var document []byte

// Setting is where conversations take place: a territory and its dialogues.
type Setting struct {
	Document  []byte // of the territory
	Territory *handoff.Territory
	Library   *flows.Library
}

// NewSetting gives the territory of the transcripts, with the dialogues that
// come with the program.
func NewSetting() (*Setting, error) {
	territory, err := handoff.Parse(document)
	if err != nil {
		return nil, err
	}
	library, faults := flows.Load(flows.Builtin(), flows.DefaultSamples())
	if len(faults) > 0 {
		all := make([]error, len(faults))
		for i, f := range faults {
			all[i] = errors.New(f.String())
		}
		return nil, fmt.Errorf("the dialogues have %d faults: %w", len(faults), errors.Join(all...))
	}
	return &Setting{Document: document, Territory: territory, Library: library}, nil
}

// Current, Pinned and Common make a setting a bot.Library in which nothing was
// ever published but its own versions.
func (s *Setting) Current(name string) *flows.Flow { return s.Library.Flows[name] }

func (s *Setting) Pinned(name, hash string) *flows.Flow {
	if f := s.Library.Flows[name]; f != nil && f.Hash == hash {
		return f
	}
	return nil
}

func (s *Setting) Common(lang, key string) flows.Text {
	if text, ok := s.Library.Common[lang][key]; ok {
		return text
	}
	return s.Library.Common[s.Library.Languages[0]][key]
}

// Adviser gives somebody of the teams by name: Samira, Paul or Lea.
func Adviser(name string) bot.Actor { return advisers[name] }

var advisers = map[string]bot.Actor{
	"Samira": {Adviser: "5a000000000000000000000000000001", Name: "Samira", Organisation: "departement", Team: "accueil", Role: "lead"},
	"Paul":   {Adviser: "5a000000000000000000000000000002", Name: "Paul", Organisation: "departement", Team: "accueil", Role: "adviser"},
	"Lea":    {Adviser: "5a000000000000000000000000000003", Name: "Léa", Organisation: "mission-locale", Team: "mission-locale", Role: "adviser"},
}
