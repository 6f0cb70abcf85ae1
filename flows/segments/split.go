package segments

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Split cuts text into texts that cost at most limit segments each (1 when limit
// is lower). It cuts where a reader would pause: after a line break, else after a
// sentence, else between words, and inside a word or a link only when it is longer
// than a whole text; never inside a character, unless that one costs more than limit.
// White space stays at the end of the text it follows, so joining the result gives
// the very same bytes back. A text that fits, the empty one included, comes back
// alone.
func Split(text string, limit int) []string {
	limit = max(limit, 1)
	var texts []string
	for {
		cut := nextCut(text, limit)
		texts = append(texts, text[:cut])
		if cut == len(text) {
			return texts
		}
		text = text[cut:]
	}
}

// nextCut returns the length in bytes of the first text to send.
func nextCut(text string, limit int) int {
	m := newMeter()
	var last pauses
	end := 0
	for rest, state := text, -1; rest != ""; {
		var cluster string
		var bounds int
		cluster, rest, bounds, state = uniseg.StepString(rest, state)
		m.add(cluster)
		if m.count().Segments > limit {
			return last.best(end, cluster, limit)
		}
		end += len(cluster)
		last.note(text[:end], bounds)
	}
	return end
}

// pauses remembers the last places, in bytes, where a reader may pause.
type pauses struct{ line, sentence, word int }

// note looks at the end of what was read so far and at its Unicode boundaries.
func (p *pauses) note(read string, bounds int) {
	r, _ := utf8.DecodeLastRuneInString(read)
	if !unicode.IsSpace(r) || bounds&uniseg.MaskLine == uniseg.LineDontBreak {
		return // within a word or link, or before a space or mark that clings
	}
	p.word = len(read)
	if bounds&uniseg.MaskSentence != 0 && !endsWithInitial(read) {
		p.sentence = len(read)
	}
	if bounds&uniseg.MaskLine == uniseg.LineMustBreak {
		p.line = len(read)
	}
}

// best chooses the cut when only end bytes fit and cluster follows them. A line or
// a sentence is preferred only in the second half: a text of a few words costs as
// much as a full one.
func (p *pauses) best(end int, cluster string, limit int) int {
	switch {
	case end == 0:
		return divide(cluster, limit)
	case p.line > end/2:
		return p.line
	case p.sentence > end/2:
		return p.sentence
	case p.word > 0:
		return p.word
	default:
		return end
	}
}

// divide returns how many bytes fit of a cluster that costs more than limit alone.
func divide(cluster string, limit int) int {
	m := newMeter()
	for i, r := range cluster {
		m.add(string(r))
		if m.count().Segments > limit {
			return i
		}
	}
	return len(cluster)
}

// endsWithInitial recognises "M. " and "J. ", which Unicode takes for the end of a
// sentence.
func endsWithInitial(read string) bool {
	word, dotted := strings.CutSuffix(strings.TrimRightFunc(read, unicode.IsSpace), ".")
	if !dotted {
		return false
	}
	if space := strings.LastIndexFunc(word, unicode.IsSpace); space >= 0 {
		word = word[space:]
	}
	return utf8.RuneCountInString(strings.TrimSpace(word)) == 1
}
