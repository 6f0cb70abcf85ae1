package understand

import "math/bits"

// maxTypoLen bounds the words that are compared letter by letter.
const maxTypoLen = 40

// distance counts the edits (a letter missing, added, changed, or two
// neighbours swapped) between two words, up to limit; beyond, limit+1.
func distance(a, b string, limit int) int {
	if a == b {
		return 0
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > limit || len(b) > maxTypoLen {
		return limit + 1
	}
	var rows [3][maxTypoLen + 1]uint8
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint8(i)
		best := row[0]
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d = min(d, before[j-2]+1)
				}
			}
			d = min(d, last[j]+1, row[j-1]+1)
			row[j] = d
			best = min(best, d)
		}
		if int(best) > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(int(last[len(b)]), limit+1)
}

// letters is a set of the letters of a word: words that differ by more than
// two letters per edit need not be compared.
func letters(w string) uint32 {
	var m uint32
	for i := range len(w) {
		m |= 1 << (w[i] & 31)
	}
	return m
}

func mayBeNear(a, b uint32, limit int) bool { return bits.OnesCount32(a^b) <= 2*limit }

// sameWord compares a word somebody wrote with one of ours: equal, the same
// but for a plural ending, or one mistyped letter in five (two in nine).
// typo is false when nothing had to be forgiven.
func sameWord(said, ours string) (same, typo bool) {
	if said == ours || singular(said) == singular(ours) {
		return true, false
	}
	limit := 0
	switch n := min(len(said), len(ours)); {
	case n >= 9:
		limit = 2
	case n >= 5:
		limit = 1
	case n == 4 && len(ours) >= 5:
		limit = 1
	}
	if limit == 0 || isDigits(said) || isDigits(ours) {
		return false, false
	}
	return distance(said, ours, limit) <= limit, true
}

func singular(w string) string {
	if n := len(w); n > 3 && (w[n-1] == 's' || w[n-1] == 'x') {
		return w[:n-1]
	}
	return w
}

func isDigits(w string) bool { return w != "" && w[0] >= '0' && w[0] <= '9' }
