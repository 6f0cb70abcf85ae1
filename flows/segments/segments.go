// Package segments counts what a text costs as SMS and cuts long texts into
// several that read well.
//
// An SMS carries 140 octets: 160 letters of the GSM-7 alphabet (3GPP TS 23.038),
// or 70 UTF-16 code units as soon as one letter is outside it. A longer text
// travels in parts, each giving up six octets to a header: 153 or 67 units a part.
// Operators bill parts, so one "ê" or one typographic apostrophe can double the
// price of a text.
//
// The package is pure and depends on nothing of the product: the flow checker
// counts texts with it, and so does the SMS channel.
package segments

import (
	"slices"

	"github.com/rivo/uniseg"
)

// Encoding names the alphabet an SMS is sent in.
type Encoding string

// The two encodings an operator chooses between.
const (
	GSM7 Encoding = "GSM-7"
	UCS2 Encoding = "UCS-2"
)

// Capacities, in units: alone in one SMS, and in each part of several.
const (
	gsmAlone, gsmPart = 160, 153
	ucsAlone, ucsPart = 70, 67
)

// Count is what a text costs.
type Count struct {
	Encoding Encoding `json:"encoding"`
	// Units are septets in GSM-7 (letters of the extension table take two) and
	// UTF-16 code units in UCS-2.
	Units int `json:"units"`
	// Segments are the SMS parts billed; an empty text counts for one.
	Segments int `json:"segments"`
}

// Measure counts text. Nothing that a person reads as one character is divided
// between two parts: a two-septet letter, a surrogate pair or a grapheme cluster
// that does not fit moves to the next part as a whole. A cluster longer than a
// part is divided between its code points. Each byte of broken UTF-8 counts as
// one U+FFFD.
func Measure(text string) Count {
	if count, ok := measureGSM(text); ok {
		return count
	}
	m := newMeter()
	for rest, state := text, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		m.add(cluster)
	}
	return m.count()
}

// measureGSM needs no clusters, as GSM-7 has no combining letters. It reports
// false when a letter is foreign.
func measureGSM(text string) (Count, bool) {
	sum := tally{part: gsmPart}
	for _, r := range text {
		n := septetsOf(r)
		if n == 0 {
			return Count{}, false
		}
		sum.add(n)
	}
	return Count{GSM7, sum.units, sum.segments(gsmAlone)}, true
}

// Foreign returns the characters of text that GSM-7 lacks, each once, in order of
// appearance; nil when there is none.
func Foreign(text string) []rune {
	var foreign []rune
	for _, r := range text {
		if septetsOf(r) == 0 && !slices.Contains(foreign, r) {
			foreign = append(foreign, r)
		}
	}
	return foreign
}

// meter measures a text that grows by one cluster at a time, in both encodings,
// since the next letter may change the one that counts.
type meter struct {
	foreign  bool
	gsm, ucs tally
}

func newMeter() meter {
	return meter{gsm: tally{part: gsmPart}, ucs: tally{part: ucsPart}}
}

func (m *meter) add(cluster string) {
	for _, r := range cluster {
		n := septetsOf(r)
		m.foreign = m.foreign || n == 0
		m.gsm.add(n)
	}
	m.ucs.addCluster(cluster)
}

func (m *meter) count() Count {
	if m.foreign {
		return Count{UCS2, m.ucs.units, m.ucs.segments(ucsAlone)}
	}
	return Count{GSM7, m.gsm.units, m.gsm.segments(gsmAlone)}
}

// tally packs units into parts of a fixed size, in order.
type tally struct {
	part  int // units a part holds
	units int // units in all
	full  int // parts that take no more
	used  int // units in the part being filled
}

// add places n units that stay together; n is at most one part.
func (t *tally) add(n int) {
	if t.used+n > t.part {
		t.full++
		t.used = 0
	}
	t.used += n
	t.units += n
}

// addCluster places one grapheme cluster in UTF-16. CR LF is one cluster to
// Unicode and two characters to an operator.
func (t *tally) addCluster(cluster string) {
	if n := utf16Len(cluster); n <= t.part && cluster != "\r\n" {
		t.add(n)
		return
	}
	for _, r := range cluster {
		t.add(utf16Units(r))
	}
}

// segments is 1 for what fits in a single SMS, which has no part header.
func (t *tally) segments(alone int) int {
	if t.units <= alone {
		return 1
	}
	return t.full + 1
}

func utf16Len(text string) int {
	n := 0
	for _, r := range text {
		n += utf16Units(r)
	}
	return n
}

func utf16Units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}
