package understand

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed data
var data embed.FS

// The vocabularies, compiled when first used. A fault in one of these files is
// a fault of the program: the tests compile them all.
var (
	answers = sync.OnceValue(func() *lexicon { return mustLexicon("data/answers.txt") })
	intents = sync.OnceValue(func() *lexicon { return mustLexicon("data/intents.txt") })
	dangers = sync.OnceValue(func() *lexicon { return mustLexicon("data/crisis.txt") })
)

func mustLexicon(file string) *lexicon {
	text, err := data.ReadFile(file)
	if err != nil {
		panic(err)
	}
	l, err := compileLexicon(string(text))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", file, err))
	}
	return l
}

// lexicon is a compiled vocabulary: families of expressions over numbered
// words. data/README.md describes its text.
type lexicon struct {
	words    map[string]uint16
	stems    map[string]uint16
	byStem   map[string][]string    // stems by their first three letters, longest first
	barrier  wordSet                // [uncrossed]: words that a gap never steps over
	near     map[nearKey][]nearWord // words of six letters or more, for mistyped ones
	sections map[string]*section
}

type nearKey struct {
	first byte
	len   int
}

type nearWord struct {
	word string
	mask uint32
	id   uint16
}

type section struct {
	patterns []pattern
	starting [][]int // by word id: the patterns that may begin with it
	single   wordSet // the words that are an expression by themselves
}

type pattern []element

// element is one step of an expression.
type element struct {
	any      wordSet
	optional bool
	not      bool // zero width: the next word is none of these
	skip     int  // up to that many words, but for those in any
}

type wordSet []uint64

func (s wordSet) add(id uint16) { s[id/64] |= 1 << (id % 64) }
func (s wordSet) addAll(o wordSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s wordSet) has(t ids) bool {
	for _, id := range t {
		if id != 0 && s[id/64]&(1<<(id%64)) != 0 {
			return true
		}
	}
	return false
}

// ids are the numbers of what a token may be: a word, a stem, a word mistyped.
type ids [3]uint16

// Limits of a vocabulary.
const (
	maxWords     = 2048
	shortestStem = 3
)

func compileLexicon(text string) (*lexicon, error) {
	l := &lexicon{
		words: map[string]uint16{}, stems: map[string]uint16{}, byStem: map[string][]string{}, barrier: make(wordSet, maxWords/64),
		near: map[nearKey][]nearWord{}, sections: map[string]*section{},
	}
	classes := map[string][]string{}
	var current *section
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case strings.HasPrefix(fields[0], "["):
			name := strings.Trim(fields[0], "[]")
			if l.sections[name] == nil {
				l.sections[name] = &section{}
			}
			current = l.sections[name]
		case strings.HasPrefix(fields[0], "$") && len(fields) == 3 && fields[1] == "=":
			classes[fields[0]] = strings.Split(fields[2], "|")
		case current == nil:
			return nil, fmt.Errorf("line %d: before the first [section]", number)
		default:
			p, err := l.compilePattern(fields, classes)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			current.patterns = append(current.patterns, p)
			if current == l.sections["uncrossed"] {
				l.barrier.addAll(p[0].any)
			}
		}
	}
	for _, s := range l.sections {
		s.index(len(l.words) + len(l.stems))
	}
	l.indexNear()
	return l, nil
}

func (l *lexicon) compilePattern(fields []string, classes map[string][]string) (pattern, error) {
	var p pattern
	for _, f := range fields {
		var e element
		if n, ok := strings.CutPrefix(f, "_"); ok {
			skip, err := strconv.Atoi(n)
			if err != nil || len(p) == 0 {
				return nil, fmt.Errorf("%q: want a number after _, and a word before", f)
			}
			p = append(p, element{skip: skip, any: l.barrier})
			continue
		}
		f, e.not = strings.CutPrefix(f, "!")
		f, e.optional = strings.CutSuffix(f, "?")
		e.any = make(wordSet, maxWords/64)
		for w := range strings.SplitSeq(f, "|") {
			list := []string{w}
			if strings.HasPrefix(w, "$") {
				if list = classes[w]; list == nil {
					return nil, fmt.Errorf("unknown list %q", w)
				}
			}
			for _, w := range list {
				id, err := l.number(w)
				if err != nil {
					return nil, err
				}
				e.any.add(id)
			}
		}
		p = append(p, e)
	}
	if first := p[0]; first.not || first.skip > 0 {
		return nil, fmt.Errorf("an expression begins with a word")
	}
	return p, nil
}

// number gives a word or a stem its id; ids begin at 1.
func (l *lexicon) number(w string) (uint16, error) {
	into := l.words
	if stem, ok := strings.CutSuffix(w, "~"); ok {
		w, into = stem, l.stems
		if len(stem) < shortestStem {
			return 0, fmt.Errorf("%q is too short for a beginning", stem)
		}
	}
	if w == "" || strings.ContainsAny(w, "~?!$_'") {
		return 0, fmt.Errorf("bad word %q", w)
	}
	if id, ok := into[w]; ok {
		return id, nil
	}
	if toks := parse(w).toks; len(toks) != 1 || toks[0].w != w {
		return 0, fmt.Errorf("%q never stands in a folded text: lower case, no accent, written in full", w)
	}
	id := uint16(len(l.words) + len(l.stems) + 1)
	if id >= maxWords {
		return 0, fmt.Errorf("more than %d words", maxWords)
	}
	into[w] = id
	return id, nil
}

func (s *section) index(words int) {
	s.starting = make([][]int, words+1)
	s.single = make(wordSet, maxWords/64)
	for i, p := range s.patterns {
		if len(p) == 1 {
			s.single.addAll(p[0].any)
		}
		for _, e := range p {
			for id := range s.starting {
				if e.any.has(ids{uint16(id)}) && !slices.Contains(s.starting[id], i) {
					s.starting[id] = append(s.starting[id], i)
				}
			}
			if !e.optional {
				break
			}
		}
	}
}

func (l *lexicon) indexNear() {
	for w, id := range l.words {
		if len(w) < 6 {
			continue
		}
		for n := len(w) - 1; n <= len(w)+1; n++ {
			k := nearKey{w[0], n}
			l.near[k] = append(l.near[k], nearWord{w, letters(w), id})
		}
	}
	for _, list := range l.near {
		slices.SortFunc(list, func(a, b nearWord) int { return strings.Compare(a.word, b.word) })
	}
	for stem := range l.stems {
		l.byStem[stem[:shortestStem]] = append(l.byStem[stem[:shortestStem]], stem)
	}
	for _, list := range l.byStem {
		slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	}
}

// ids numbers the tokens of a text.
func (l *lexicon) ids(toks []token) []ids {
	out := make([]ids, len(toks))
	for i, t := range toks {
		out[i] = l.idsOf(t.w)
	}
	return out
}

func (l *lexicon) idsOf(w string) ids {
	var t ids
	t[0] = l.words[w]
	if len(w) > shortestStem && len(l.stems) > 0 {
		for _, stem := range l.byStem[w[:shortestStem]] {
			if strings.HasPrefix(w, stem) {
				t[1] = l.stems[stem]
				break
			}
		}
	}
	if t[0] != 0 || t[1] != 0 || len(w) < 5 {
		return t
	}
	mask := letters(w)
	for _, c := range l.near[nearKey{w[0], len(w)}] {
		if mayBeNear(mask, c.mask, 1) && distance(w, c.word, 1) <= 1 {
			t[2] = c.id
			break
		}
	}
	return t
}

// match gives where an expression that begins at i ends.
func (p pattern) match(t []ids, i int) (int, bool) {
	for n, e := range p {
		switch {
		case e.skip > 0:
			rest := p[n+1:]
			for k := 0; k <= e.skip; k++ {
				if end, ok := rest.match(t, i+k); ok {
					return end, true
				}
				if i+k < len(t) && e.any.has(t[i+k]) {
					break
				}
			}
			return 0, false
		case e.not:
			if i < len(t) && e.any.has(t[i]) {
				return 0, false
			}
		case i < len(t) && e.any.has(t[i]):
			i++
		case !e.optional:
			return 0, false
		}
	}
	return i, i <= len(t)
}

// at gives the end of the longest expression of a section that begins at i, or i.
func (s *section) at(t []ids, i int) int {
	end := i
	for _, id := range t[i] {
		if id == 0 {
			continue
		}
		for _, n := range s.starting[id] {
			if e, ok := s.patterns[n].match(t, i); ok && e > end {
				end = e
			}
		}
	}
	return end
}

// covers says whether a text is nothing but expressions of a section, with what
// its "+" section adds to them.
func (l *lexicon) covers(name string, t []ids) bool {
	s, more := l.sections[name], l.sections[name+"+"]
	said := false
	for i := 0; i < len(t); {
		if end := s.at(t, i); end > i {
			said, i = true, end
			continue
		}
		if more == nil || more.at(t, i) == i {
			return false
		}
		i = more.at(t, i)
	}
	return said
}

// is says whether a word, exactly, stands alone in a section.
func (l *lexicon) is(name, w string) bool {
	id := l.words[w]
	return id != 0 && l.sections[name].single.has(ids{id})
}

// withoutFillers drops greetings, thanks and hesitations.
func withoutFillers(toks []token) []token {
	lex := answers()
	t := lex.ids(toks)
	fillers := lex.sections["filler"]
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); {
		if end := fillers.at(t, i); end > i {
			i = end
			continue
		}
		out = append(out, toks[i])
		i++
	}
	return out
}
