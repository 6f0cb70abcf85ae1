package understand

import (
	"slices"
	"strings"
)

// How the words somebody wrote are compared with those of the options.

// whole finds the options that the words name from end to end, the best rank
// first and exact spelling before typos. Two options at the same rank: none.
func (c *chooser) whole(said []string, worst rank) ([]int, bool) {
	if len(said) == 0 {
		return nil, false
	}
	for _, forgiving := range []bool{false, true} {
		for r := rankLabel; r <= worst; r++ {
			var found []int
			for option, p := range c.phrases {
				if p.rank == r && len(p.words) == len(said) && c.begins(said, p.words, forgiving) && !slices.Contains(found, option) {
					found = append(found, option)
				}
			}
			if len(found) == 1 {
				return found, true
			}
			if len(found) > 1 {
				return nil, false
			}
		}
	}
	return nil, false
}

// begins says whether said starts with these words.
func (c *chooser) begins(said, words []string, forgiving bool) bool {
	if len(words) > len(said) {
		return false
	}
	for i, w := range words {
		if !c.same(said[i], w, forgiving) {
			return false
		}
	}
	return true
}

// same compares a word; one that is spelt like a word of any option, or that
// turns meanings round, is never taken for another.
func (c *chooser) same(said, ours string, forgiving bool) bool {
	same, typo := sameWord(said, ours)
	if !same || !typo {
		return same
	}
	return forgiving && !c.lex.is("polar", said) && !c.lex.is("polar", ours) && !c.ours(said)
}

func (c *chooser) ours(w string) bool {
	for _, p := range c.phrases {
		if holds(p.words, w) {
			return true
		}
	}
	return false
}

// holds looks a word up, singular or plural.
func holds(words []string, w string) bool {
	return slices.ContainsFunc(words, func(o string) bool { return singular(o) == singular(w) })
}

// covered reads options named among words of use ("je prends le bus").
func (c *chooser) covered(said []string) ([]int, bool) {
	var chosen []int
	wants := false
	for i := 0; i < len(said); {
		option, p, ok := c.longest(said[i:])
		switch {
		case ok && (!wants || isInfinitive(p.words[0])):
			chosen = append(chosen, option)
			i += len(p.words)
			wants = false
		case !ok && c.lex.is("want", said[i]):
			wants = true
			i++
		case !ok && c.lex.is("use", said[i]):
			i++
		default:
			return nil, false
		}
	}
	return chosen, len(chosen) > 0
}

func isInfinitive(w string) bool {
	for _, end := range []string{"er", "ir", "dre", "ire", "tre"} {
		if strings.HasSuffix(w, end) {
			return true
		}
	}
	return false
}

// longest gives the phrase that names one option at the head of said, and that
// option; a tie between options gives none.
func (c *chooser) longest(said []string) (named int, best phrase, ok bool) {
	for _, forgiving := range []bool{false, true} {
		tie := false
		for option, p := range c.phrases {
			if len(p.words) < len(best.words) || !c.begins(said, p.words, forgiving) {
				continue
			}
			tie = len(p.words) == len(best.words) && option != named && p.rank == best.rank
			if len(p.words) > len(best.words) || p.rank < best.rank {
				named, best = option, p
			}
		}
		if len(best.words) > 0 {
			return named, best, !tie
		}
	}
	return 0, phrase{}, false
}

// piece reads a part of one label that is the whole answer.
func (c *chooser) piece(said []string) ([]int, bool) {
	found := -1
	for option, p := range c.phrases {
		if option == found || !c.isPiece(said, option, p) {
			continue
		}
		if found >= 0 {
			return nil, false
		}
		found = option
	}
	return []int{found}, found >= 0
}

// isPiece says whether the words said are, in order, words of a phrase. The
// end must be among them, which carries the sense ("étranger", not "permis"),
// or the verb of a sentence; so must all words that turn a meaning round.
func (c *chooser) isPiece(said []string, option int, p phrase) bool {
	if len(said) == 1 && c.lex.is("strong", said[0]) {
		return p.sentence && slices.Contains(p.words, said[0]) // "jamais" for "Je n'ai jamais travaillé"
	}
	next, telling, digits := 0, false, false
	needed := len(p.words) - 1
	if p.sentence && !c.lex.is("auxiliary", p.words[0]) {
		needed = 0
	}
	for i, w := range p.words {
		digits = digits || isDigits(w)
		if next < len(said) && c.same(said[next], w, true) {
			telling = telling || c.telling(w, option, said)
			next++
			continue
		}
		if i == needed || c.lex.is("polar", w) || p.sentence && needed > 0 && i > 0 {
			return false
		}
	}
	return next == len(said) && telling && (!digits || slices.ContainsFunc(said, isDigits))
}

// telling says whether a word sets an option apart from those whose turning
// words were said as well.
func (c *chooser) telling(w string, option int, said []string) bool {
	polar := c.lex.is("polar", w)
	if isDigits(w) || c.lex.is("auxiliary", w) || polar && len(said) < 2 {
		return false
	}
	for other, p := range c.phrases {
		if other != option && holds(p.words, w) && (polar || c.turnsLike(p, said)) {
			return false
		}
	}
	return true
}

func (c *chooser) turnsLike(p phrase, said []string) bool {
	for _, w := range p.words {
		if c.lex.is("polar", w) && !slices.Contains(said, w) {
			return false
		}
	}
	return true
}
