package understand

import (
	"slices"
	"strings"
)

// Limits of what is offered and looked at.
const (
	mostCandidates  = 30 // the largest postal code of the territory covers 29 communes
	longestPlace    = 7  // words in a name
	mostPlaceTokens = 40
)

// readCommune reads the commune that a person says they live in: by name, by
// postal code, or both. A name said exactly wins over near ones; near names,
// names that others begin with, and shared postal codes are asked back.
func readCommune(q Question, d doc) Reading {
	toks := joinPostal(withoutFillers(d.toks))
	if len(toks) > mostPlaceTokens {
		return unclear
	}
	s := placeSearch{g: communes(), lang: q.Lang, cedex: slices.ContainsFunc(toks, func(t token) bool { return t.w == "cedex" })}
	s.split(toks)
	switch {
	case len(s.postal) > 1:
		return unclear
	case len(s.postal) == 1 && !s.cedex:
		return s.readWithPostal(s.postal[0])
	}
	return s.readName()
}

// joinPostal writes "25 000" as one code.
func joinPostal(toks []token) []token {
	out := make([]token, 0, len(toks))
	for _, t := range toks {
		if n := len(out); n > 0 && t.num && len(t.w) == 3 && out[n-1].num && len(out[n-1].w) == 2 && (t.gap == " " || t.gap == ".") {
			out[n-1].w += t.w
			continue
		}
		out = append(out, t)
	}
	return out
}

// placeSearch is one reading of a commune.
type placeSearch struct {
	g       *gazetteer
	lang    Lang
	postal  []string
	words   []string // what may be a name
	address bool     // a street was given: only what follows the postal code is a name
	cedex   bool
	guessed bool // the name was found by a near spelling
}

func (s *placeSearch) split(toks []token) {
	lex := answers()
	named := toks
	for i, t := range toks {
		s.address = s.address || lex.is("address", t.w)
		if t.num && len(t.w) == 5 {
			if !slices.Contains(s.postal, t.w) {
				s.postal = append(s.postal, t.w)
			}
			named = toks[i+1:]
		}
	}
	if !s.address {
		named = toks
	}
	kept := make([]token, 0, len(named))
	for i, t := range named {
		afterCedex := i > 0 && named[i-1].w == "cedex"
		if t.num && (len(t.w) == 5 || afterCedex) || t.w == "cedex" {
			continue
		}
		kept = append(kept, t)
	}
	s.words = placeWords(kept)
}

// readName reads a name without a postal code.
func (s *placeSearch) readName() Reading {
	if s.address && len(s.postal) == 0 {
		return unclear
	}
	found, away := s.named()
	if s.guessed {
		found = append(found, s.partial()...) // "villers" is near Évillers, and begins seven names
		slices.Sort(found)
		found = slices.Compact(found)
	}
	switch {
	case len(found) == 0 && away:
		return Reading{Status: Elsewhere}
	case len(found) == 1 && !s.ambiguous(found[0]):
		return read(s.g.places[found[0]].Code)
	case len(found) == 1:
		return s.ask(s.namesakes(found[0]))
	}
	if len(found) == 0 {
		found = s.partial()
	}
	return s.ask(found)
}

// readWithPostal reads a postal code, alone or with a name that must agree.
func (s *placeSearch) readWithPostal(code string) Reading {
	here := s.g.byPostal[code]
	silent := s.onlyLight(s.words) && strings.Join(s.words, "") != "doubs" // "25300 Doubs" is the commune
	if silent && len(here) == 1 {
		return read(s.g.places[here[0]].Code)
	}
	if silent && len(here) > 0 || s.address && len(s.words) == 0 {
		return s.ask(here)
	}
	if silent {
		return s.outside(code)
	}
	found, away := s.named()
	if len(found) == 0 && !away {
		found = s.partial()
	}
	var both []int
	for _, f := range found {
		if slices.Contains(here, f) {
			both = append(both, f)
		}
	}
	switch {
	case len(both) == 1:
		return read(s.g.places[both[0]].Code)
	case len(both) > 1:
		return s.ask(both)
	case len(found) > 0: // the name and the code disagree
		return s.ask(found)
	case len(here) == 0:
		return s.outside(code)
	case away:
		return unclear
	}
	return s.ask(here)
}

// outside judges a postal code that no commune of the territory has.
func (s *placeSearch) outside(code string) Reading {
	dept := code[:2]
	if dept == "25" || dept == "00" || dept == "96" || dept == "99" {
		return unclear
	}
	return Reading{Status: Elsewhere}
}

func (s *placeSearch) ask(places []int) Reading {
	if len(places) == 0 || len(places) > mostCandidates {
		return unclear
	}
	slices.Sort(places) // by name
	places = slices.Compact(places)
	r := Reading{Status: Ask, Candidates: make([]Option, 0, len(places))}
	for _, p := range places {
		r.Candidates = append(r.Candidates, Option{Value: s.g.places[p].Code, Label: s.g.places[p].Name})
	}
	return r
}

// named finds the communes that the words name, or says that they name a place
// elsewhere. It tries, in order: the exact name with light words around, names
// within the text, near spellings.
func (s *placeSearch) named() (found []int, away bool) {
	from, to := s.lightEnds()
	for i := 0; i <= from; i++ {
		for j := len(s.words); j >= to; j-- {
			if i >= j {
				continue
			}
			if found, away = s.exact(s.words[i:j]); len(found) > 0 || away {
				return found, away
			}
		}
	}
	if from >= to {
		return nil, false
	}
	if found, ok := s.within(); ok {
		return found, false
	}
	for _, end := range []int{len(s.words), to} { // "lisle sur le doubs", then "besanson doubs"
		for i := max(0, from-1); i <= from; i++ { // with its article, then without
			if found := s.near(strings.Join(s.words[i:end], "")); len(found) > 0 {
				s.guessed = true
				return found, false
			}
		}
	}
	return nil, nearElsewhere(strings.Join(s.words[from:to], " "))
}

// lightEnds gives where the words that may be a name begin and end.
func (s *placeSearch) lightEnds() (from, to int) {
	for from < len(s.words) && s.light(from) {
		from++
	}
	to = len(s.words)
	for to > from && (s.light(to-1) || isTerritory(s.words[to-1])) {
		to--
	}
	return from, to
}

// light says whether a word may stand beside a name: "I am in", not "I am busy".
func (s *placeSearch) light(i int) bool {
	w := s.words[i]
	if w == "am" || w == "m" {
		return i+1 < len(s.words) && (s.words[i+1] == "in" || s.words[i+1] == "at" || s.words[i+1] == "from" || s.words[i+1] == "living")
	}
	return answers().is("commune-light", w)
}

func (s *placeSearch) onlyLight(words []string) bool {
	for i, w := range words {
		if !s.light(i) && !isTerritory(w) {
			return false
		}
	}
	return true
}

// isTerritory recognises what follows a name to say where it is: "Besançon, Doubs, 25".
func isTerritory(w string) bool { return w == "doubs" || w == "25" || w == "france" || w == "fr" }

// exact finds a name written as it is, but for articles and hyphens.
func (s *placeSearch) exact(words []string) (found []int, away bool) {
	said := strings.Join(words, " ")
	if elsewhere[said] {
		return nil, true
	}
	if found := s.g.byFull[said]; len(found) > 0 {
		return found, false
	}
	if i, ok := s.g.byCode[nicknames[said]]; ok {
		return []int{i}, false
	}
	core := coreWords(words)
	return s.g.byCore[strings.Join(core, " ")], false
}

// within finds the names inside a longer text. ok says that there are some;
// the list is empty when something else was said besides.
func (s *placeSearch) within() (found []int, ok bool) {
	clean := true
	for i := 0; i < len(s.words); {
		n := s.nameAt(i, &found)
		if n == 0 {
			clean = clean && (s.light(i) || isTerritory(s.words[i]) || s.words[i] == "et" || s.words[i] == "ou" || s.words[i] == "and" || s.words[i] == "or")
			n = 1
		}
		i += n
	}
	if len(found) == 0 {
		return nil, false
	}
	if !clean {
		// "pas Besançon", "à 10 km de Pontarlier", or a longer name mistyped.
		return nil, len(s.near(strings.Join(s.words, ""))) == 0
	}
	return found, true
}

func (s *placeSearch) nameAt(i int, found *[]int) int {
	for n := min(longestPlace, len(s.words)-i); n > 0; n-- {
		said := strings.Join(s.words[i:i+n], " ")
		if n == 1 && isTerritory(said) {
			return 0
		}
		p := s.g.byFull[said]
		if i, ok := s.g.byCode[nicknames[said]]; ok && p == nil {
			p = []int{i}
		}
		for _, i := range p {
			if !slices.Contains(*found, i) {
				*found = append(*found, i)
			}
		}
		if len(p) > 0 {
			return n
		}
	}
	return 0
}

// near finds the closest spellings: one edit from five letters, two from eight.
func (s *placeSearch) near(said string) []int {
	limit := 0
	switch {
	case len(said) >= 8:
		limit = 2
	case len(said) >= 5:
		limit = 1
	}
	if limit == 0 || len(said) > maxTypoLen {
		return nil
	}
	mask := letters(said)
	var found []int
	best := limit + 1
	for n := len(said) - limit; n <= len(said)+limit; n++ {
		for _, i := range s.g.byLen[n] {
			name := s.g.names[i]
			if !mayBeNear(mask, name.mask, min(best, limit)) {
				continue
			}
			switch d := distance(said, name.glued, min(best, limit)); {
			case d < best:
				best, found = d, append(found[:0], name.place)
			case d == best && d <= limit && !slices.Contains(found, name.place):
				found = append(found, name.place)
			}
		}
	}
	return found
}

func nearElsewhere(said string) bool {
	if len(said) < 5 {
		return false
	}
	mask := letters(said)
	for name := range elsewhere {
		if len(name) >= 5 && mayBeNear(mask, letters(name), 1) && distance(said, name, 1) <= 1 {
			return true
		}
	}
	return false
}

// ambiguous: "Doubs" is the département too; "Courcelles" is a commune and how
// people of Courcelles-lès-Montbéliard call theirs.
func (s *placeSearch) ambiguous(p int) bool {
	return len(s.namesakes(p)) > 1 || s.g.places[p].Name == "Doubs" && slices.Contains(s.words, "doubs")
}

// namesakes are a commune, when its own name was said, and those whose longer
// name begins with it.
func (s *placeSearch) namesakes(p int) []int {
	out := []int{p}
	said := strings.Join(s.words, " ")
	if len(s.g.places[p].longer) == 0 || !strings.Contains(said, s.g.places[p].plain) {
		return out
	}
	for _, i := range s.g.places[p].longer {
		if !strings.Contains(said, s.g.places[i].plain) {
			out = append(out, i)
		}
	}
	return out
}

// partial finds the names that hold all the words said, those that begin with them first.
func (s *placeSearch) partial() []int {
	from, to := s.lightEnds()
	said := coreWords(s.words[from:to])
	if len(said) == 0 || len(strings.Join(said, "")) < 4 {
		return nil
	}
	var leading, holding []int
	for _, n := range s.g.names {
		switch {
		case len(n.core) >= len(said) && slices.Equal(n.core[:len(said)], said):
			leading = append(leading, n.place)
		case holdsAll(n.core, said):
			holding = append(holding, n.place)
		}
	}
	if len(leading) > 0 {
		return leading
	}
	return holding
}

func holdsAll(words, said []string) bool {
	for _, w := range said {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return true
}
