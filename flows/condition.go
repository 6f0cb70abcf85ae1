package flows

import (
	"slices"
	"strconv"
	"time"
)

// FactNames are the variables that no flow sets: they come with each move, in
// Facts. channel is sms or web, lang a language of the library, team_open and
// identified (can the person be reached once the page is closed) yes or no.
var FactNames = []string{"channel", "lang", "team_open", "identified"}

// readingVar tells how the last answer was read; it lasts for one move.
const readingVar = "_reading"

// readings are the values of readingVar.
var readings = []string{"read", "unknown", "declined", "ask", "elsewhere"}

// scope is what conditions may look at.
type scope struct {
	vars    Vars
	reading string // "" when the move does not come from an answer
	facts   Facts
}

func (s *scope) get(name string) (values []string, known bool) {
	if name == readingVar {
		return []string{s.reading}, s.reading != ""
	}
	if values, known = s.vars.Get(name); known {
		return values, true
	}
	if fact, ok := s.facts.Vars[name]; ok {
		return []string{fact}, true
	}
	return nil, false
}

func (s *scope) holds(c *Condition) bool {
	values, known := s.get(c.Var)
	switch {
	case c.IsSet != nil:
		return known == *c.IsSet
	case c.MoreThan != nil:
		return len(values) > *c.MoreThan
	case c.YoungerThan != nil:
		return slices.ContainsFunc(values, func(v string) bool { return younger(v, *c.YoungerThan, s.facts.Now) })
	}
	return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(c.AnyOf, v) })
}

// younger tells whether somebody born in a year is under an age. Whoever
// reaches that age in the course of this year counts as having it.
func younger(year string, age int, now time.Time) bool {
	born, err := strconv.Atoi(year)
	return err == nil && now.Year()-born < age
}

func (s *scope) all(conditions []Condition) bool {
	for i := range conditions {
		if !s.holds(&conditions[i]) {
			return false
		}
	}
	return true
}

func (s *scope) none(conditions []Condition) bool {
	for i := range conditions {
		if s.holds(&conditions[i]) {
			return false
		}
	}
	return true
}

// first gives the first edge that may be taken, in the order of the file.
func (s *scope) first(edges []Edge) *Edge {
	for i := range edges {
		if s.all(edges[i].If) && s.none(edges[i].Unless) {
			return &edges[i]
		}
	}
	return nil
}
