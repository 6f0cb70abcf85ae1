package understand

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRunes is how much of a text is looked at: a dozen SMS. It keeps a reading
// linear whatever is sent.
const maxRunes = 2000

// token is one word or one run of digits, folded: lower case, without accents.
type token struct {
	w   string
	gap string // what stood between the previous token and this one, dashes and apostrophes made plain
	num bool   // digits only
}

// doc is a text cut into tokens; tail is what followed the last one.
type doc struct {
	toks []token
	tail string
}

// asks says whether the text holds a question mark: a question is no answer.
func (d doc) asks() bool {
	if strings.Contains(d.tail, "?") {
		return true
	}
	for _, t := range d.toks {
		if strings.Contains(t.gap, "?") {
			return true
		}
	}
	return false
}

// Classes of folded runes.
const (
	isGap = iota
	isLetter
	isDigit
	isSign // a thumb or a tick: a token by itself
	isDropped
)

// parse folds a text once and cuts it into tokens. Letters and digits part
// ("34ans"), a letter typed three times or more counts once ("ouiii"), dotted
// letters join ("C.A.P."), and phone spellings are written out ("jsuis").
func parse(text string) doc {
	s := scanner{out: make([]byte, 0, min(len(text), 4*maxRunes)+8), marks: make([]mark, 0, 24)}
	n := 0
	for _, r := range text {
		if n++; n > maxRunes {
			break
		}
		s.add(r)
	}
	s.flush()
	folded := string(s.out)
	toks := make([]token, 0, len(s.marks)+4)
	prev := 0
	for _, m := range s.marks {
		toks = append(toks, token{w: folded[m.from:m.to], gap: folded[prev:m.from], num: m.class == isDigit})
		prev = m.to
	}
	return doc{toks: spellOut(joinDotted(toks)), tail: folded[prev:]}
}

type mark struct{ from, to, class int }

type scanner struct {
	out    []byte
	marks  []mark
	class  int // of the run being written
	from   int
	repeat byte // letter whose repetitions are being swallowed
}

func (s *scanner) add(r rune) {
	text, class := foldRune(r)
	if class == isDropped {
		return
	}
	if class != s.class || class == isSign {
		s.flush()
		s.class, s.from = class, len(s.out)
	}
	if class != isLetter || len(text) != 1 {
		s.repeat = 0
		s.out = append(s.out, text...)
		return
	}
	c := text[0]
	if c == s.repeat {
		return
	}
	s.repeat = 0
	if n := len(s.out); n-s.from >= 2 && s.out[n-1] == c && s.out[n-2] == c {
		s.out = s.out[:n-1]
		s.repeat = c
		return
	}
	s.out = append(s.out, c)
}

func (s *scanner) flush() {
	if s.class != isGap && len(s.out) > s.from {
		s.marks = append(s.marks, mark{s.from, len(s.out), s.class})
	}
	s.class, s.from, s.repeat = isGap, len(s.out), 0
}

// latin folds the letters up to U+024F and plain ASCII; an empty entry is a gap.
var latin = latinTable()

func latinTable() [0x250]string {
	var t [0x250]string
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = string(c), string(c)
	}
	for _, group := range []string{
		"aàáâãäåāăąǎ", "cçćĉċč", "dďđð", "eèéêëēĕėęě", "gĝğġģ", "hĥħ", "iìíîïĩīĭįıǐ", "jĵ", "kķ", "lĺļľŀł",
		"nñńņňŉ", "oòóôõöøōŏőǒ", "rŕŗř", "sśŝşšș", "tţťŧț", "uùúûüũūŭůűųǔ", "wŵ", "yýÿŷ", "zźżž",
	} {
		base := group[:1]
		for _, r := range group[1:] {
			t[r] = base
			if up := unicode.ToUpper(r); up < 0x250 {
				t[up] = base
			}
		}
	}
	t['œ'], t['Œ'], t['æ'], t['Æ'], t['ß'] = "oe", "oe", "ae", "ae", "ss"
	return t
}

// foldRune gives the folded text of a rune and its class.
func foldRune(r rune) (string, int) {
	switch {
	case r >= '0' && r <= '9':
		return "0123456789"[r-'0' : r-'0'+1], isDigit
	case r < 0x250 && latin[r] != "":
		return latin[r], isLetter
	case r < utf8.RuneSelf:
		return asciiGap(r), isGap
	}
	switch r {
	case '’', '‘', 'ʼ', '´', '′':
		return "'", isGap
	case '–', '—', '‑', '−', '‐':
		return "-", isGap
	case '？', '؟':
		return "?", isGap
	case '€', '£':
		return "€", isGap
	case '👍', '👌', '✅', '✔', '☑', '🆗':
		return "👍", isSign
	case '👎', '❌', '🚫', '✖':
		return "👎", isSign
	case 0xAD, 0xFEFF, 0x20E3:
		return "", isDropped
	}
	switch {
	case r >= 0x300 && r <= 0x36F, r >= 0x200B && r <= 0x200F, r >= 0xFE00 && r <= 0xFE0F, r >= 0x1F3FB && r <= 0x1F3FF:
		return "", isDropped // combining accents, joiners, variation selectors, skin tones
	case r >= '０' && r <= '９':
		return string('0' + r - '０'), isDigit
	case r >= '٠' && r <= '٩':
		return string('0' + r - '٠'), isDigit
	case unicode.IsLetter(r):
		return string(unicode.ToLower(r)), isLetter
	}
	return " ", isGap
}

func asciiGap(r rune) string {
	if r < ' ' && r != '\n' {
		return " "
	}
	const printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	if r == '\n' {
		return "\n"
	}
	if i := int(r - ' '); i < len(printable) {
		return printable[i : i+1]
	}
	return " "
}

// joinDotted makes one word of single letters parted by dots: "r.s.a" is "rsa".
func joinDotted(toks []token) []token {
	out := toks[:0]
	joining := false
	for i, t := range toks {
		single := len(t.w) == 1 && !t.num
		if single && i > 0 && t.gap == "." && (joining || len(out[len(out)-1].w) == 1 && !out[len(out)-1].num) {
			out[len(out)-1].w += t.w
			joining = true
			continue
		}
		joining = false
		out = append(out, t)
	}
	return out
}

// spellOut writes phone spellings in full, so that the vocabularies need not
// list them everywhere.
func spellOut(toks []token) []token {
	changed := false
	for i, t := range toks {
		if spelling(toks, i, t) != "" {
			changed = true
			break
		}
	}
	if !changed {
		return toks
	}
	out := make([]token, 0, len(toks)+8)
	for i, t := range toks {
		full := spelling(toks, i, t)
		if full == "" {
			out = append(out, t)
			continue
		}
		gap := t.gap
		for w := range strings.SplitSeq(full, " ") {
			out = append(out, token{w: w, gap: gap})
			gap = " "
		}
	}
	return out
}

func spelling(toks []token, i int, t token) string {
	if t.num || len(t.w) > 12 {
		return ""
	}
	if len(t.w) == 1 {
		if i+1 == len(toks) || strings.Contains(toks[i+1].gap, "'") || toks[i+1].num {
			return ""
		}
		switch t.w { // "g faim", "c ça"; "c'est" has its apostrophe
		case "g":
			return "j ai"
		case "c":
			return "c est"
		case "u":
			return "you"
		}
		return ""
	}
	return spellings[t.w]
}

// spellings are words run together or clipped on a phone keyboard.
var spellings = map[string]string{
	"jai": "j ai", "jsuis": "je suis", "jsui": "je suis", "chui": "je suis", "chuis": "je suis", "jss": "je suis", "jetais": "j etais",
	"jveux": "je veux", "jveu": "je veux", "jve": "je veux", "jvx": "je veux", "veu": "veux", "vx": "veux", "jvoudrais": "je voudrais",
	"jvais": "je vais", "jvai": "je vais", "jv": "je vais", "vai": "vais", "jpeux": "je peux", "jpeu": "je peux",
	"jen": "j en", "jme": "je me", "jte": "je te", "jle": "je le", "jla": "je la", "jy": "j y", "dmourir": "de mourir", "dvivre": "de vivre", "dcrever": "de crever", "jdois": "je dois", "jdors": "je dors",
	"nai": "n ai", "nest": "n est", "nen": "n en", "ya": "y a", "yan": "y en", "cest": "c est", "sest": "s est",
	"jsais": "je sais", "jsai": "je sais", "jc": "je sais", "chai": "je sais", "chais": "je sais", "jspas": "je sais pas", "jsp": "je sais pas",
	"jsaispas": "je sais pas", "jsaipas": "je sais pas", "chepa": "je sais pas", "chepas": "je sais pas", "chaipas": "je sais pas", "saispas": "sais pas",
	"pa": "pas", "plu": "plus", "ke": "que", "ki": "qui", "koi": "quoi", "tt": "tout", "bcp": "beaucoup", "ds": "dans", "avc": "avec", "pr": "pour",
	"qqn": "quelqu un", "qqun": "quelqu un", "quelquun": "quelqu un", "kelkun": "quelqu un", "qlqun": "quelqu un", "quelqun": "quelqu un",
	"daccord": "d accord", "dacord": "d accord", "daccor": "d accord", "dacor": "d accord", "aujourdhui": "aujourd hui", "ojourdhui": "aujourd hui", "auj": "aujourd hui",
	"jhabite": "j habite", "jabite": "j habite", "habit": "habite", "biensur": "bien sur", "vs": "vous", "silvousplait": "s il vous plait", "silvouplait": "s il vous plait",
	"mappeler": "m appeler", "mappelle": "m appelle", "mecrire": "m ecrire", "mecrivez": "m ecrivez", "lair": "l air", "mare": "marre",
	"im": "i m", "ive": "i ve", "cant": "can t", "wont": "won t", "didnt": "didn t", "doesnt": "doesn t", "isnt": "isn t",
	"wanna": "want to", "gonna": "going to",
}
