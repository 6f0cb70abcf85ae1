package understand

import (
	"strconv"
	"strings"
)

// span is a number found in a text, written in digits or in words.
type span struct {
	from, to int // tokens
	val      int
	digits   int  // how many digits were written; 0 for words
	article  bool // "un", "une", "one" alone
}

type numberWord struct {
	val  int
	kind numberKind
}

type numberKind uint8

const (
	unit numberKind = iota + 1
	ten
	hundred
	thousand
)

// numberWords are French (with those of neighbouring Switzerland) and English.
var numberWords = map[string]numberWord{
	"zero": {0, unit}, "un": {1, unit}, "une": {1, unit}, "deux": {2, unit}, "trois": {3, unit}, "quatre": {4, unit}, "catre": {4, unit},
	"cinq": {5, unit}, "six": {6, unit}, "sept": {7, unit}, "huit": {8, unit}, "neuf": {9, unit}, "dix": {10, unit}, "onze": {11, unit},
	"douze": {12, unit}, "treize": {13, unit}, "quatorze": {14, unit}, "quinze": {15, unit}, "seize": {16, unit},
	"vingt": {20, ten}, "vingts": {20, ten}, "vint": {20, ten}, "trente": {30, ten}, "trante": {30, ten}, "quarante": {40, ten},
	"cinquante": {50, ten}, "soixante": {60, ten}, "soisante": {60, ten}, "septante": {70, ten}, "huitante": {80, ten}, "octante": {80, ten}, "nonante": {90, ten},
	"cent": {100, hundred}, "cents": {100, hundred}, "mille": {1000, thousand}, "mil": {1000, thousand},
	"one": {1, unit}, "two": {2, unit}, "three": {3, unit}, "four": {4, unit}, "five": {5, unit}, "seven": {7, unit}, "eight": {8, unit},
	"nine": {9, unit}, "ten": {10, unit}, "eleven": {11, unit}, "twelve": {12, unit}, "thirteen": {13, unit}, "fourteen": {14, unit},
	"fifteen": {15, unit}, "sixteen": {16, unit}, "seventeen": {17, unit}, "eighteen": {18, unit}, "nineteen": {19, unit},
	"twenty": {20, ten}, "thirty": {30, ten}, "forty": {40, ten}, "fifty": {50, ten}, "sixty": {60, ten}, "seventy": {70, ten},
	"eighty": {80, ten}, "ninety": {90, ten}, "hundred": {100, hundred}, "thousand": {1000, thousand},
}

// smallNumber gives the digits of a number word up to 20, articles left out.
func smallNumber(w string) (string, bool) {
	n, ok := numberWords[w]
	if !ok || n.kind > ten || n.val > 20 || n.val == 0 || n.val == 1 {
		return "", false
	}
	return strconv.Itoa(n.val), true
}

// numbersIn finds every number of a text, in order.
func numbersIn(toks []token) []span {
	var out []span
	for i := 0; i < len(toks); {
		if toks[i].num {
			s := span{from: i, to: i + 1, val: -1, digits: len(toks[i].w)}
			if n, err := strconv.Atoi(toks[i].w); err == nil && s.digits <= 9 {
				s.val = n
			}
			out = append(out, s)
			i++
			continue
		}
		r := numberRun{toks: toks, at: i}
		if val, ok := r.read(); ok {
			w := toks[i].w
			out = append(out, span{from: i, to: r.at, val: val, article: r.at == i+1 && (w == "un" || w == "une" || w == "one")})
			i = r.at
			continue
		}
		i++
	}
	return out
}

// numberRun reads one number written in words, as far as it goes.
type numberRun struct {
	toks []token
	at   int
}

func (r *numberRun) word() (numberWord, bool) {
	if r.at >= len(r.toks) {
		return numberWord{}, false
	}
	if r.at > 0 && strings.ContainsAny(r.toks[r.at].gap, ",;.\n/") {
		return numberWord{}, false
	}
	n, ok := numberWords[r.toks[r.at].w]
	return n, ok
}

func (r *numberRun) first() (numberWord, bool) {
	if r.at >= len(r.toks) {
		return numberWord{}, false
	}
	n, ok := numberWords[r.toks[r.at].w]
	return n, ok
}

// read reads thousands and what follows them.
func (r *numberRun) read() (int, bool) {
	w, ok := r.first()
	if !ok {
		return 0, false
	}
	total := 1
	if w.kind != thousand {
		start := r.at
		n, ok := r.below1000()
		if !ok {
			return 0, false
		}
		if n >= 18 && n <= 20 && r.at == start+1 { // "nineteen ninety"
			if year, ok := r.century(n); ok {
				return year, true
			}
		}
		total = n
		if w, ok = r.word(); !ok || w.kind != thousand {
			return total, true
		}
	}
	r.at++
	total *= 1000
	r.and()
	if w, ok := r.word(); ok && w.kind != thousand {
		n, ok := r.below1000()
		if ok {
			total += n
		}
	}
	return total, true
}

// century reads the second half of an English year. French never says it so:
// "vingt dix" is left to the person.
func (r *numberRun) century(n int) (int, bool) {
	switch r.toks[r.at-1].w {
	case "eighteen", "nineteen", "twenty":
	default:
		return 0, false
	}
	save := r.at
	w, ok := r.word()
	if !ok || w.kind == hundred || w.kind == thousand || w.kind == unit && w.val < 10 {
		return 0, false
	}
	rest, ok := r.below100()
	if !ok || rest < 10 {
		r.at = save
		return 0, false
	}
	return n*100 + rest, true
}

func (r *numberRun) below1000() (int, bool) {
	total := 1
	if w, ok := r.first(); ok && w.kind != hundred {
		n, ok := r.below100()
		if !ok {
			return 0, false
		}
		total = n
		if w, ok = r.word(); !ok || w.kind != hundred || n == 0 || n > 19 {
			return total, true
		}
	}
	r.at++
	total *= 100
	r.and()
	if w, ok := r.word(); ok && w.kind < hundred {
		n, ok := r.below100()
		if ok {
			total += n
		}
	}
	return total, true
}

// and steps over the "and" of "two hundred and five".
func (r *numberRun) and() {
	if r.at+1 < len(r.toks) && r.toks[r.at].w == "and" {
		if w, ok := numberWords[r.toks[r.at+1].w]; ok && w.kind < hundred {
			r.at++
		}
	}
}

func (r *numberRun) below100() (int, bool) {
	w, ok := r.first()
	if !ok || w.kind > ten {
		return 0, false
	}
	r.at++
	if w.kind == unit {
		return r.afterUnit(w.val), true
	}
	return w.val + r.afterTen(w.val), true
}

// afterUnit reads "dix-sept" and "quatre-vingt-dix".
func (r *numberRun) afterUnit(n int) int {
	next, ok := r.word()
	switch {
	case ok && n == 10 && next.kind == unit && next.val >= 7 && next.val <= 9:
		r.at++
		return 10 + next.val
	case ok && n == 4 && next.kind == ten && next.val == 20:
		r.at++
		return 80 + r.afterTen(80)
	}
	return n
}

// afterTen reads what completes a ten: "vingt et un", "soixante-dix-huit".
func (r *numberRun) afterTen(n int) int {
	save := r.at
	if r.at < len(r.toks) && r.toks[r.at].w == "et" {
		r.at++
	}
	next, ok := r.word()
	top := 9
	if n == 60 || n == 80 {
		top = 19
	}
	if !ok || next.kind != unit || next.val < 1 || next.val > top || r.at > save && next.val != 1 && next.val != 11 {
		r.at = save
		return 0
	}
	r.at++
	if next.val == 10 {
		return r.afterUnit(10)
	}
	return next.val
}

// readNumber reads the one number of a text within the bounds of the question.
// A full date answers a question about a year.
func readNumber(q Question, d doc) Reading {
	toks := withoutFillers(d.toks)
	n, ok := soleNumber(q, doc{toks: toks, tail: d.tail})
	if !ok && q.Min >= 1000 {
		if date := readDate(Question{Kind: Date, Lang: q.Lang}, d); date.Status == Understood {
			n, ok = atoi(date.Values[0][:4])
		}
	}
	if !ok || (q.Min != 0 || q.Max != 0) && (n < q.Min || n > q.Max) {
		return unclear
	}
	return read(strconv.Itoa(n))
}

func atoi(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func soleNumber(q Question, d doc) (int, bool) {
	toks := d.toks
	lex := answers()
	if len(toks) == 1 {
		switch toks[0].w {
		case "aucun", "aucune", "none":
			return 0, true
		}
	}
	spans := withoutArticles(thousands(q.Lang, toks, numbersIn(toks)))
	if len(spans) != 1 || spans[0].val < 0 {
		return 0, false
	}
	s := spans[0]
	if s.digits > 2 && toks[s.from].w[0] == '0' || signed(toks, s) || strings.Contains(d.tail, "%") {
		return 0, false
	}
	for i, t := range toks {
		if i >= s.from && i < s.to {
			continue
		}
		if !lex.is("number-light", t.w) || lex.is("doubt-number", t.w) || strings.ContainsAny(t.gap, "%") {
			return 0, false
		}
	}
	return s.val, true
}

// signed sees a minus sign in front of a number, or a decimal comma beside it.
func signed(toks []token, s span) bool {
	gap := toks[s.from].gap
	return s.digits > 0 && strings.HasSuffix(gap, "-")
}

// withoutArticles drops "un" and "une" when a real number is there.
func withoutArticles(spans []span) []span {
	out := make([]span, 0, len(spans))
	for _, s := range spans {
		if !s.article {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return spans
	}
	return out
}

// thousands joins "1 500" (and "1.500" in French, "1,500" in English).
func thousands(lang Lang, toks []token, spans []span) []span {
	out := make([]span, 0, len(spans))
	for _, s := range spans {
		n := len(out)
		if n == 0 || s.digits != 3 || out[n-1].digits == 0 || out[n-1].to != s.from || out[n-1].val == 0 ||
			!groups(lang, toks[s.from].gap) || len(toks[out[n-1].to-1].w) > 3 || out[n-1].val > 999_999 {
			out = append(out, s)
			continue
		}
		p := &out[n-1]
		p.val, p.to, p.digits = p.val*1000+s.val, s.to, p.digits+3
	}
	return out
}

func groups(lang Lang, gap string) bool {
	return gap == " " || gap == "." && lang != English || gap == "," && lang == English
}
