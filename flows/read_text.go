package flows

import (
	"strings"
	"unicode/utf8"
)

const (
	maxText     = 1600 // characters of one text
	maxLabel    = 80   // characters of a label or a word
	maxWords    = 400  // words of all the options of a question
	maxSegments = 10
)

// readTexts reads one catalogue.
func (d *decoder) readTexts() Texts {
	out := Texts{}
	if d.root == nil {
		return out
	}
	for e := range d.entries(d.root) {
		if !varForm.MatchString(e.key) || len(e.key) > 128 {
			d.fault(e.pos, "%q is not a text key", e.key)
			continue
		}
		out[e.key] = d.message(e)
	}
	return out
}

func (d *decoder) message(e entry) Text {
	t := Text{Segments: 1, Line: e.line, Column: e.column}
	if e.value.kind != isMapping {
		t.SMS = d.sentence(e.value)
		return t
	}
	for key, value := range d.fields(e.value, textKeys) {
		switch key {
		case "sms":
			t.SMS = d.sentence(value)
		case "web":
			t.Web = d.sentence(value)
		case "tail":
			t.Tail = d.sentence(value)
		case "segments":
			t.Segments = max(1, d.whole(value, 1, maxSegments))
		case "options":
			t.Options = d.labels(value)
		}
	}
	if e.value.child("sms") == nil {
		d.fault(e.pos, "the text %q says nothing by SMS", e.key)
	}
	return t
}

// sentence reads words that people will see.
func (d *decoder) sentence(n *node) string {
	s := d.text(n)
	if utf8.RuneCountInString(s) > maxText {
		d.fault(n.pos, "a text has %d characters at most, this one %d", maxText, utf8.RuneCountInString(s))
		return ""
	}
	for part := range parts(s) {
		if part.name == "" && strings.ContainsAny(part.text, "{}") {
			d.fault(n.pos, "a brace in this text opens or closes no {name}")
			break
		}
	}
	return s
}

func (d *decoder) labels(n *node) map[string]OptionText {
	out, words := map[string]OptionText{}, 0
	for e := range d.entries(n) {
		o := d.label(e.value)
		if words += len(o.Words); words > maxWords {
			d.fault(e.pos, "the options of a question have %d words at most", maxWords)
			o.Words = nil
		}
		if e.value.kind == isMapping && e.value.child("label") == nil && e.value.child("words") == nil {
			d.fault(e.pos, "the option %q has neither a label nor a word", e.key)
		}
		out[e.key] = o
	}
	return out
}

func (d *decoder) label(n *node) OptionText {
	var o OptionText
	if n.kind != isMapping {
		o.Label = d.short(n)
		return o
	}
	for key, value := range d.fields(n, labelKeys) {
		switch key {
		case "label":
			o.Label = d.short(value)
		case "web":
			o.Web = d.short(value)
		case "words":
			for _, item := range d.list(value) {
				if w := d.short(item); w != "" {
					o.Words = append(o.Words, w)
				}
			}
		}
	}
	return o
}

func (d *decoder) short(n *node) string {
	s := d.text(n)
	if utf8.RuneCountInString(s) > maxLabel {
		d.fault(n.pos, "a label or a word has %d characters at most", maxLabel)
		return ""
	}
	if strings.ContainsAny(s, "{}\n") {
		d.fault(n.pos, "a label or a word stands on one line and holds no {name}")
		return ""
	}
	return s
}
