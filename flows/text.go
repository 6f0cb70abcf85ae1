package flows

import (
	"strconv"
	"strings"

	"relais/flows/understand"
)

// Text is what is said under one key, in one language. {names} in it stand
// for values known when it is said.
type Text struct {
	SMS      string // the head of the message: choices and Tail follow it
	Web      string // when the page may say it at more length; empty: as by SMS
	Tail     string // after the numbered choices, by SMS only
	Segments int    // the most it may cost by SMS, with the longest values
	Options  map[string]OptionText

	Line, Column int // of the key in its catalogue
}

// OptionText is one option of a question in one language.
type OptionText struct {
	Label string
	Web   string   // the label on the page, when it may be longer
	Words []string // what else people write for it
}

// Texts is one catalogue: texts by key.
type Texts map[string]Text

// Render writes the text as the person reads it. By SMS the options follow as
// numbered lines, then the tail; on the page choices are buttons and only the
// text is given. An option without a label is not listed: people reach it by
// its words. A name that value does not know leaves nothing behind.
func (t Text) Render(sms bool, options []understand.Option, value func(string) (string, bool)) string {
	var b strings.Builder
	b.Grow(256)
	if !sms {
		fill(&b, t.onPage(), value)
		return b.String()
	}
	fill(&b, t.SMS, value)
	number := 0
	for _, o := range options {
		if o.Label == "" {
			continue
		}
		number++
		newLine(&b)
		b.WriteString(strconv.Itoa(number))
		b.WriteByte(' ')
		b.WriteString(o.Label)
	}
	if t.Tail != "" {
		newLine(&b)
		fill(&b, t.Tail, value)
	}
	return b.String()
}

func (t Text) onPage() string {
	if t.Web != "" {
		return t.Web
	}
	return t.SMS
}

func newLine(b *strings.Builder) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
}

func fill(b *strings.Builder, text string, value func(string) (string, bool)) {
	for part := range parts(text) {
		if part.name == "" {
			b.WriteString(part.text)
		} else if v, ok := value(part.name); ok {
			b.WriteString(v)
		}
	}
}

// part is a stretch of a text: letters as they are, or the name of a value.
type part struct {
	text string // as written, braces included
	name string
}

// parts cuts a text at its {names}. A brace that opens no name is a letter
// like any other; the checker refuses it.
func parts(text string) func(yield func(part) bool) {
	return func(yield func(part) bool) {
		for text != "" {
			open := strings.IndexByte(text, '{')
			size := 0
			if open >= 0 {
				size = nameIn(text[open:])
			}
			switch {
			case open < 0:
				yield(part{text: text})
				return
			case size == 0:
				open++ // past the stray brace
				if !yield(part{text: text[:open]}) {
					return
				}
				text = text[open:]
				continue
			case open > 0 && !yield(part{text: text[:open]}):
				return
			}
			whole := text[open : open+size]
			if !yield(part{text: whole, name: whole[1 : size-1]}) {
				return
			}
			text = text[open+size:]
		}
	}
}

// nameIn gives the length of the {name} that text begins with, or 0.
func nameIn(text string) int {
	for i := 1; i < len(text) && i < 66; i++ {
		switch c := text[i]; {
		case c == '}' && i > 1:
			return i + 1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.':
		default:
			return 0
		}
	}
	return 0
}
