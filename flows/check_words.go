package flows

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"relais/flows/understand"
)

// operatorWords are what SMS operators take as an opt-out by themselves,
// before the text reaches us: they answer it and block the sender.
var operatorWords = []string{"stop", "cancel", "end", "quit", "unsubscribe", "revoke", "optout", "stopall"}

// words checks that each way of naming an option names that one only, and is
// not taken by something that is read before the question.
func (c *flowCheck) words(d *decoder, lang string, s *State) {
	text := c.f.Texts[lang][s.Ask]
	q := c.f.question(s, lang, false)
	shared := sharedWords(q)
	owners := map[string]string{}
	for i, o := range s.Options {
		said := text.Options[o.Value]
		for j, word := range append([]string{said.Label, said.Web}, said.Words...) {
			if word == "" {
				continue
			}
			at := wordAt(d.root, s.Ask, o.Value, j)
			if wrong := c.taken(s, o, i, word); wrong != "" {
				d.fault(at, "%s", wrong)
				continue
			}
			plain := plainWord(word)
			if owner, twice := owners[plain]; twice && owner != o.Value {
				d.fault(at, "two edges for one answer: %q also names the option %q", word, owner)
				continue
			}
			owners[plain] = o.Value
			if !doubtful(plain, shared) {
				continue
			}
			if other := misread(q, o.Value, word); other != "" {
				d.fault(at, "%q is read as the option %q, not as %q", word, other, o.Value)
			}
		}
	}
}

// wordAt gives the place of the j-th way of naming an option: its label, its
// label on the page, then its words.
func wordAt(root *node, key, value string, j int) pos {
	path := []any{key, "options", value}
	switch j {
	case 0:
		return root.at(append(path, "label")...)
	case 1:
		return root.at(append(path, "web")...)
	}
	return root.at(append(path, "words", j-2)...)
}

// taken says what else a word means, before the question is looked at.
func (c *flowCheck) taken(s *State, o Option, i int, word string) string {
	plain := plainWord(word)
	if slices.Contains(operatorWords, strings.ReplaceAll(plain, " ", "")) {
		return strconv.Quote(word) + " is an opt-out for SMS operators: it never reaches us"
	}
	if n, err := strconv.Atoi(plain); err == nil && n >= 1 && n <= len(s.Options) && n != i+1 {
		return strconv.Quote(word) + " is the number of another option"
	}
	switch intent, _, _ := understand.ReadIntent(word, ""); {
	case intent == understand.NoIntent:
	case !s.Words && intent != understand.Stop && intent != understand.Start && intent != understand.Language:
	case intent == understand.Skip && o.Value == s.Skip:
	case (intent == understand.Human || intent == understand.Call) && c.handsOver(o):
	default:
		return strconv.Quote(word) + " is read everywhere as " + strings.ToUpper(string(intent)) + ", before the question"
	}
	return ""
}

// handsOver tells whether choosing an option asks for a human anyway.
func (c *flowCheck) handsOver(o Option) bool {
	to := c.f.States[o.To]
	return to != nil && slices.ContainsFunc(to.Do, func(a Action) bool { return a.Kind == DoHandOff })
}

// sharedWords gives the single words that stand in what names several options.
func sharedWords(q understand.Question) map[string]bool {
	shared, owner := map[string]bool{}, map[string]int{}
	for i, o := range q.Options {
		for _, phrase := range append([]string{o.Label}, o.Words...) {
			for word := range strings.FieldsSeq(plainWord(phrase)) {
				if first, known := owner[word]; known && first != i {
					shared[word] = true
				}
				owner[word] = i
			}
		}
	}
	return shared
}

// doubtful tells whether the reader could take a phrase for another option:
// it holds a number, or a word of another one. Reading all of them would be
// most of the time that starting takes.
func doubtful(plain string, shared map[string]bool) bool {
	for word := range strings.FieldsSeq(plain) {
		if shared[word] || word[0] >= '0' && word[0] <= '9' {
			return true
		}
	}
	return false
}

// misread gives the other option that a word is read as, "" when it is read as
// its own or asked again.
func misread(q understand.Question, value, word string) string {
	r := understand.Read(q, word)
	if r.Status != understand.Understood || slices.Contains(r.Values, value) {
		return ""
	}
	if slices.ContainsFunc(q.Options, func(o understand.Option) bool { return o.Value == r.Values[0] }) {
		return r.Values[0]
	}
	return ""
}

// plainWord writes a word as everybody types it: small letters, no accents.
func plainWord(word string) string {
	word = norm.NFD.String(strings.ToLower(word))
	fields := strings.FieldsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	})
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, strings.Join(fields, " "))
}

// common checks the texts that belong to no flow: those that the product says
// are all there, in every language, and no others.
func (c *checker) common() {
	for _, lang := range c.languages {
		d := c.loader.texts[lang][commonTexts]
		if d == nil {
			c.faults.add(textsFile(lang, commonTexts), pos{}, "there is no such file: the assistant's own texts are missing in %q", lang)
			continue
		}
		if d.root == nil {
			continue
		}
		catalogue := c.catalogue[lang][commonTexts]
		for _, key := range CommonKeys {
			if _, ok := catalogue[key]; !ok {
				d.fault(d.root.pos, "the text %q is missing", key)
			}
		}
		for key, text := range catalogue {
			if !slices.Contains(CommonKeys, key) {
				d.fault(pos{text.Line, text.Column}, "the assistant never says the text %q%s", key, suggest(key, CommonKeys))
				continue
			}
			for name := range namesIn(text) {
				if _, ok := c.samples[name]; !ok {
					d.fault(d.root.at(key), "unknown name {%s} in the text %q%s", name, key, suggest(name, slices.Collect(maps.Keys(c.samples))))
				}
			}
			d.price(key, text, listedOptions(d.root.child(key), text), c.product)
		}
	}
}

// listedOptions gives the options of a text in the order of its file.
func listedOptions(n *node, t Text) []understand.Option {
	var out []understand.Option
	if options := n.child("options"); options != nil {
		for _, e := range options.entries {
			out = append(out, understand.Option{Value: e.key, Label: t.Options[e.key].Label})
		}
	}
	return out
}
