package understand

import (
	"slices"
	"strings"
)

// chooser reads one text against the options of a question.
//
// An option is named by its position, its label, a comma part of its label
// ("Bus, train, tram") or one of its words; and by a piece of its label when
// that piece is the whole answer and fits no other option ("moins de 2 ans").
// Nothing said may be left unexplained, and words that turn a meaning round
// (pas, moins, jamais…) must stand in both or in neither.
type chooser struct {
	lex     *lexicon
	q       Question
	d       doc
	toks    []token  // without fillers
	options []Option // those of q, prepared
}

// phrase is one way of naming an option.
type phrase struct {
	words    []string // content words, numbers as digits
	rank     rank
	sentence bool // "J'attends un enfant": its verb must be said too
}

type rank uint8

const (
	rankLabel rank = iota
	rankWord
	rankPart
)

func newChooser(q Question, d doc) *chooser {
	return &chooser{lex: answers(), q: q, d: d, toks: withoutFillers(d.toks), options: prepared(q.Options)}
}

// prepared are the options themselves when all of them were prepared, as those
// of a dialogue are.
func prepared(options []Option) []Option {
	if !slices.ContainsFunc(options, func(o Option) bool { return o.phrases == nil }) {
		return options
	}
	ready := make([]Option, len(options))
	for i, o := range options {
		if ready[i] = o; o.phrases == nil {
			ready[i] = Prepare(o)
		}
	}
	return ready
}

// phrases are all ways of naming an option, each with the option's place.
func (c *chooser) phrases(yield func(option int, p phrase) bool) {
	for i := range c.options {
		for _, p := range c.options[i].phrases {
			if !yield(i, p) {
				return
			}
		}
	}
}

// Prepare works out beforehand the ways of naming an option: reading an answer
// then costs a tenth. It changes nothing to what is read.
func Prepare(o Option) Option {
	lex := answers()
	o.phrases = make([]phrase, 0, len(o.Words)+2)
	add := func(toks []token, r rank) {
		words := lex.content(toks)
		if len(words) == 0 {
			return
		}
		first := toks[0].w
		o.phrases = append(o.phrases, phrase{words, r, first == "j" || first == "je" || first == "i"})
	}
	label := parse(o.Label).toks
	add(label, rankLabel)
	for _, w := range o.Words {
		add(parse(w).toks, rankWord)
	}
	for _, part := range parts(label) {
		add(part, rankPart)
	}
	return o
}

// parts cuts a label into the several things it lists ("Bus, train, tram",
// "Vélo ou marche"); one thing gives none.
func parts(label []token) [][]token {
	var out [][]token
	from := 0
	for i, t := range label {
		or := t.w == "ou" || t.w == "or"
		if !or && (i == 0 || !strings.ContainsAny(t.gap, ",/;()")) {
			continue
		}
		if i > from {
			out = append(out, label[from:i])
		}
		from = i
		if or {
			from++
		}
	}
	if out == nil {
		return nil
	}
	if from < len(label) {
		out = append(out, label[from:])
	}
	return out
}

func (c *chooser) content(toks []token) []string { return c.lex.content(toks) }

// content keeps the words that carry a meaning.
func (l *lexicon) content(toks []token) []string {
	out := make([]string, 0, len(toks))
	for i, t := range toks {
		switch {
		case t.num:
			out = append(out, t.w)
		case t.w == "personne" && i > 0 && isArticle(toks[i-1].w):
			out = append(out, "quelqu un") // "une personne" is somebody, "personne" nobody
		case l.is("light", t.w):
		default:
			if n, ok := smallNumber(t.w); ok {
				out = append(out, n)
				continue
			}
			out = append(out, t.w)
		}
	}
	return out
}

func isArticle(w string) bool {
	return w == "une" || w == "la" || w == "cette" || w == "des" || w == "vraie"
}

func readChoice(q Question, d doc) Reading {
	if len(q.Options) == 0 || d.asks() {
		return unclear
	}
	c := newChooser(q, d)
	if r := c.named(); r.Status != Unclear {
		return r
	}
	if picks, only := c.picks(true); only {
		return c.reading(picks)
	}
	if r := c.none(); r.Status != Unclear {
		return r
	}
	if s, ok := avoidance(c.toks); ok {
		return c.avoided(s)
	}
	if chosen, ok := c.segment(c.toks); ok {
		return c.reading(chosen)
	}
	if r := c.listed(); r.Status != Unclear {
		return r
	}
	return c.yesOrNo()
}

// named reads a text that is one option's number, label or word and nothing
// more. It is all that questions of other kinds accept from their options.
func (c *chooser) named() Reading {
	said := c.content(c.toks)
	if chosen, ok := c.whole(said, rankPart); ok {
		return c.reading(chosen)
	}
	if c.q.Kind != Choice && c.q.Kind != Choices && len(c.q.Options) > 1 {
		if picks, only := c.picks(false); only {
			return c.reading(picks)
		}
	}
	return unclear
}

// reading turns chosen options into an answer.
func (c *chooser) reading(chosen []int) Reading {
	slices.Sort(chosen)
	chosen = slices.Compact(chosen)
	if len(chosen) == 0 || len(chosen) > 1 && c.q.Kind != Choices {
		return unclear
	}
	values := make([]string, 0, len(chosen))
	for _, i := range chosen {
		if len(chosen) > 1 && c.meansNone(i) {
			return unclear
		}
		values = append(values, c.q.Options[i].Value)
	}
	return read(values...)
}

// segment reads one stretch of text: the words of an option, its number then
// its words, words of use around it, or a telling piece of a label.
func (c *chooser) segment(toks []token) ([]int, bool) {
	said := c.content(toks)
	if len(said) == 0 {
		return nil, false
	}
	if chosen, ok := c.whole(said, rankPart); ok {
		return chosen, true
	}
	if n, ok := c.position(said[0]); ok && len(said) > 1 && toks[0].num {
		chosen, ok := c.whole(said[1:], rankPart)
		return chosen, ok && chosen[0] == n
	}
	if chosen, ok := c.covered(said); ok {
		return chosen, true
	}
	return c.piece(said)
}

// listed reads an answer given in several stretches: "logement et argent",
// "2, le bus". Choice wants them to agree.
func (c *chooser) listed() Reading {
	var chosen []int
	from, or := 0, false
	for i := 0; i <= len(c.toks); i++ {
		joint := i < len(c.toks) && isJoint(c.toks[i].w)
		or = or || joint && (c.toks[i].w == "ou" || c.toks[i].w == "or")
		if i < len(c.toks) && !joint && !(i > from && strings.ContainsAny(c.toks[i].gap, ",;/+&\n.")) {
			continue
		}
		if i > from {
			some, ok := c.stretch(c.toks[from:i])
			if !ok {
				return unclear
			}
			chosen = append(chosen, some...)
		}
		from = i
		if joint {
			from++
		}
	}
	slices.Sort(chosen)
	if chosen = slices.Compact(chosen); or && len(chosen) > 1 {
		return unclear
	}
	return c.reading(chosen)
}

func isJoint(w string) bool {
	return w == "et" || w == "and" || w == "puis" || w == "ou" || w == "or"
}

func (c *chooser) stretch(toks []token) ([]int, bool) {
	if n, ok := c.position(toks[0].w); ok && len(toks) == 1 && toks[0].num {
		return []int{n}, true
	}
	return c.segment(toks)
}

// none reads "rien de tout cela" and "tout" against what the options offer.
func (c *chooser) none() Reading {
	t := c.lex.ids(c.toks)
	if c.lex.covers("none", t) || len(t) == 1 && c.lex.is("no-head", c.toks[0].w) && c.yesOrNo().Status == Unclear {
		if i, ok := c.only(c.meansNone); ok {
			return c.reading([]int{i})
		}
		return unclear
	}
	if c.q.Kind == Choices && c.lex.covers("all", t) {
		var chosen []int
		for i := range c.q.Options {
			if !c.meansNone(i) && c.avoids(i) == "" {
				chosen = append(chosen, i)
			}
		}
		return c.reading(chosen)
	}
	return unclear
}

// avoided prefers the question's own "Je ne sais pas" or "J'en parlerai".
func (c *chooser) avoided(s Status) Reading {
	later := c.lex.covers("later", c.lex.ids(c.toks))
	i, ok := c.only(func(i int) bool {
		if c.q.Options[i].Value == string(s) {
			return true
		}
		return c.avoids(i) == s && (s == Unknown || later)
	})
	if ok {
		return c.reading([]int{i})
	}
	return Reading{Status: s}
}

// only gives the option that satisfies f when there is exactly one.
func (c *chooser) only(f func(int) bool) (int, bool) {
	found := -1
	for i := range c.q.Options {
		if !f(i) {
			continue
		}
		if found >= 0 {
			return 0, false
		}
		found = i
	}
	return found, found >= 0
}

func (c *chooser) meansNone(i int) bool {
	o := c.q.Options[i]
	if o.Value == "none" {
		return true
	}
	toks := withoutFillers(parse(o.Label).toks)
	t := c.lex.ids(toks)
	return c.lex.covers("none", t) || len(toks) == 1 && (toks[0].w == "personne" || toks[0].w == "nobody") ||
		len(toks) > 0 && (toks[0].w == "rien" || toks[0].w == "none") || len(toks) == 1 && c.lex.is("no-head", toks[0].w)
}

// avoids says whether an option is itself a way of not answering, or ends with one.
func (c *chooser) avoids(i int) Status {
	label := parse(c.q.Options[i].Label).toks
	for _, toks := range append(parts(label), label) {
		if s, ok := avoidance(withoutFillers(toks)); ok {
			return s
		}
	}
	return ""
}

// yesOrNo reads "ouais" or "oui je le touche" against options that begin with
// yes or no, unless a word of another option was said too.
func (c *chooser) yesOrNo() Reading {
	a, s := readYesNo(c.d, c.q.Lang)
	if s != Understood {
		return unclear
	}
	head := "yes-head"
	if a == "no" {
		head = "no-head"
	}
	i, ok := c.only(func(i int) bool {
		toks := parse(c.q.Options[i].Label).toks
		return len(toks) == 1 && c.lex.is(head, toks[0].w)
	})
	if !ok {
		i, ok = c.only(func(i int) bool {
			toks := parse(c.q.Options[i].Label).toks
			return len(toks) > 0 && c.lex.is(head, toks[0].w)
		})
	}
	if !ok || c.mentionsOther(i) {
		return unclear
	}
	return c.reading([]int{i})
}

func (c *chooser) mentionsOther(option int) bool {
	for _, w := range c.content(c.toks) {
		for other, p := range c.phrases {
			if other != option && holds(p.words, w) && c.telling(w, other, []string{w}) {
				return true
			}
		}
	}
	return false
}
