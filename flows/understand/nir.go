package understand

import "strings"

// nirMask stands where a social security number stood.
const nirMask = "[numéro masqué]"

// MaskNIR hides what looks like a French social security number (NIR): 13
// digits, or 15 with the key, spaces, dots or dashes between them, 2A and 2B
// for Corsica. In doubt, mask: a wrong key does not save a number. A phone number or a
// date is never masked. Masking twice changes nothing.
func MaskNIR(text string) (masked string, found bool) {
	var out strings.Builder
	done := 0
	for i := 0; i < len(text); {
		if !isDigitByte(text[i]) || i > 0 && isDigitByte(text[i-1]) {
			i++
			continue
		}
		end, ok := nirAt(text, i)
		if !ok {
			i++
			continue
		}
		out.WriteString(text[done:i])
		out.WriteString(nirMask)
		done, i, found = end, end, true
	}
	if !found {
		return text, false
	}
	out.WriteString(text[done:])
	return out.String(), true
}

func isDigitByte(b byte) bool { return b >= '0' && b <= '9' }

// digitRun is a stretch of digits that may be one number: the digits, and how
// many of them each group adds up to.
type digitRun struct {
	digits [16]byte
	n      int
	groups [16]int // digits seen at the end of each group
	ends   [16]int // byte offsets of these ends
	count  int
	dotted bool
}

// nirAt gives the end of the number that begins at i.
func nirAt(text string, i int) (int, bool) {
	var run digitRun
	run.read(text, i)
	for _, want := range []int{15, 13} {
		for g := range run.count {
			if run.groups[g] == want && run.looksNIR(g+1, want) {
				return run.ends[g], true
			}
		}
	}
	return 0, false
}

func (r *digitRun) read(text string, i int) {
	for i < len(text) {
		start := r.n
		for i < len(text) && (isDigitByte(text[i]) || r.corsica(text, i)) {
			if r.n == len(r.digits) {
				return // longer than any NIR: this group does not count
			}
			r.digits[r.n] = text[i]
			r.n++
			i++
		}
		if r.n == start || r.count == len(r.groups) {
			return
		}
		r.groups[r.count], r.ends[r.count] = r.n, i
		r.count++
		gap := gapLen(text[i:])
		if gap == 0 {
			return
		}
		r.dotted = r.dotted || text[i] == '.'
		i += gap
	}
}

// corsica accepts the letter of 2A and 2B where the department stands.
func (r *digitRun) corsica(text string, i int) bool {
	c := text[i] | 0x20
	return r.n == 6 && r.digits[5] == '2' && (c == 'a' || c == 'b')
}

// gapLen measures what may part two groups: up to three spaces, dots or dashes.
func gapLen(s string) int {
	n := 0
	for range 3 {
		switch rest := s[n:]; {
		case rest == "":
			return n
		case rest[0] == ' ' || rest[0] == '.' || rest[0] == '-' || rest[0] == '\t':
			n++
		case strings.HasPrefix(rest, "\u00a0"):
			n += len("\u00a0")
		case strings.HasPrefix(rest, "\u202f"):
			n += len("\u202f")
		default:
			return n
		}
	}
	return n
}

// looksNIR judges the first n digits, written in the first count groups. One
// block, four groups cut where a NIR is cut, or a key that holds need a sex
// digit only; other groupings need a possible month, and be no phone number.
func (r *digitRun) looksNIR(count, n int) bool {
	switch r.digits[0] {
	case '1', '2', '3', '4', '7', '8':
	default:
		return false
	}
	switch {
	case count == 1, n == 15 && r.keyHolds():
		return true
	case r.hasPhone(count):
		return false
	case r.usualGroups(count):
		return count >= 4 || r.month(true)
	}
	return !r.dotted && r.month(false) && r.department()
}

// keyHolds checks the two last digits: 97 less the rest of the others divided by 97.
func (r *digitRun) keyHolds() bool {
	number, shift := 0, 0
	for i, c := range r.digits[:13] {
		switch {
		case isDigitByte(c):
			number = number*10 + int(c-'0')
		case i == 6: // 2A counts as 19, 2B as 18
			number, shift = number*10, 1_000_000*(1+int(c|0x20-'a'))
		}
	}
	key := int(r.digits[13]-'0')*10 + int(r.digits[14]-'0')
	return 97-(number-shift)%97 == key
}

func (r *digitRun) usualGroups(count int) bool {
	for _, at := range r.groups[:count] {
		switch at {
		case 1, 3, 5, 7, 10, 13, 15:
		default:
			return false
		}
	}
	return true
}

// month accepts 1 to 12, and where lenient the codes given when the month is unknown.
func (r *digitRun) month(lenient bool) bool {
	m := int(r.digits[3]-'0')*10 + int(r.digits[4]-'0')
	return m >= 1 && m <= 12 || m >= 20 && m <= 42 || lenient && m >= 50
}

func (r *digitRun) department() bool {
	if !isDigitByte(r.digits[6]) {
		return true
	}
	d := int(r.digits[5]-'0')*10 + int(r.digits[6]-'0')
	return d >= 1 && d != 96
}

// hasPhone sees ten digits from a 0 in one group, or in five pairs at the head
// of the run (an option's number may come first).
func (r *digitRun) hasPhone(count int) bool {
	begin, pairs := 0, 0
	for g, end := range r.groups[:count] {
		size := end - begin
		zero := r.digits[begin] == '0'
		if size == 10 && zero {
			return true
		}
		switch {
		case size == 2 && (pairs > 0 || zero && g <= 1):
			if pairs++; pairs == 5 {
				return true
			}
		default:
			pairs = 0
		}
		begin = end
	}
	return false
}
