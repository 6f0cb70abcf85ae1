package understand

import (
	"slices"
	"strconv"
	"strings"
)

// position gives the index of the option that a number names.
func (c *chooser) position(w string) (int, bool) {
	n, err := strconv.Atoi(w)
	if err != nil || n < 1 || n > len(c.q.Options) || len(w) > 2 {
		return 0, false
	}
	return n - 1, true
}

// picks reads a text made of positions only: "2", "le 2", "n°2", "la
// deuxième", "1 et 3", "1,3". only says that there is nothing else in it; the
// list is then empty when it names no option for sure ("12", "1-3" which may be
// a range, "2 ou 3"). ordinals lets "la dernière" in.
func (c *chooser) picks(ordinals bool) (chosen []int, only bool) {
	seen, unsure := 0, false
	for i := range c.toks {
		w, isNumber := c.pickWord(i, ordinals)
		if !isNumber {
			if !c.picksAround(i) {
				return nil, false
			}
			continue
		}
		seen++
		if n, ok := c.position(w); ok {
			chosen = append(chosen, n)
		} else {
			unsure = true
		}
		if c.q.Kind != Choices && seen > 1 {
			unsure = true
		}
	}
	if seen == 0 {
		return nil, false
	}
	if unsure || len(chosen) == 0 || c.measured() {
		return nil, true
	}
	return c.ranges(chosen), true
}

// pickWord gives the number that a token names as digits.
func (c *chooser) pickWord(i int, ordinals bool) (string, bool) {
	t := c.toks[i]
	if t.num {
		return strings.TrimPrefix(t.w, "0"), true
	}
	if n, ok := smallNumber(t.w); ok {
		return n, true
	}
	if t.w == "un" || t.w == "une" || t.w == "one" {
		return "1", !c.otherNumber(i)
	}
	if !ordinals {
		return "", false
	}
	if t.w == "derniere" || t.w == "dernier" || t.w == "last" {
		return strconv.Itoa(len(c.q.Options)), true
	}
	n, ok := ordinalWords[t.w]
	return n, ok
}

// otherNumber says whether "un" is an article: a number follows it at once, or
// comes just before ("the second one").
func (c *chooser) otherNumber(i int) bool {
	if i > 0 {
		if _, ok := ordinalWords[c.toks[i-1].w]; ok {
			return true
		}
	}
	return i+1 < len(c.toks) && c.toks[i+1].num && !strings.ContainsAny(c.toks[i+1].gap, ",;/+&.")
}

// measured sees a percentage or a price.
func (c *chooser) measured() bool {
	if strings.ContainsAny(c.d.tail, "%€$=") {
		return true
	}
	return slices.ContainsFunc(c.toks, func(t token) bool { return strings.ContainsAny(t.gap, "%€$=<>") })
}

// picksAround says whether a word may stand beside a position.
func (c *chooser) picksAround(i int) bool {
	t := c.toks[i]
	switch t.w {
	case "no", "n", "nr":
		return i+1 < len(c.toks) && c.toks[i+1].num && !strings.Contains(c.toks[i+1].gap, ",")
	case "et", "and", "puis", "aussi":
		return true
	case "e", "eme", "ieme": // "la 3ème"; "3ème" alone may be a class at school
		return i > 1 && c.toks[i-1].num && (c.toks[i-2].w == "la" || c.toks[i-2].w == "le")
	case "ou", "or", "ne", "ai":
		return false
	}
	return c.lex.is("light", t.w) || c.lex.is("pick", t.w)
}

// ranges settles what a dash or "à" between two numbers means: "1-2" and "3-1"
// can only be a list, "1 à 3" is a range, "1-3" could be either.
func (c *chooser) ranges(chosen []int) []int {
	if len(chosen) != 2 || c.q.Kind != Choices {
		return chosen
	}
	joint := ""
	after := false
	for i, t := range c.toks {
		if _, isNumber := c.pickWord(i, true); isNumber {
			if after {
				joint += t.gap
				break
			}
			after = true
			continue
		}
		if after {
			joint += t.gap + t.w
		}
	}
	first, last := chosen[0], chosen[1]
	switch joint = strings.TrimSpace(joint); {
	case (joint == "a" || joint == "to") && first < last:
		out := make([]int, 0, last-first+1)
		for n := first; n <= last; n++ {
			out = append(out, n)
		}
		return out
	case strings.Contains(joint, "-") && last > first+1:
		return nil
	case joint == "a" || joint == "to" || joint == "de":
		return nil
	}
	return slices.Clone(chosen)
}

var ordinalWords = map[string]string{
	"premier": "1", "premiere": "1", "first": "1", "deuxieme": "2", "second": "2", "seconde": "2",
	"troisieme": "3", "third": "3", "quatrieme": "4", "fourth": "4", "cinquieme": "5", "fifth": "5",
	"sixieme": "6", "sixth": "6", "septieme": "7", "seventh": "7", "huitieme": "8", "eighth": "8", "neuvieme": "9", "ninth": "9",
}
