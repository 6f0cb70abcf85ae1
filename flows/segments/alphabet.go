package segments

import "strings"

// The GSM 7-bit default alphabet in the order of its codes, and the ten letters
// reached by an escape septet (3GPP TS 23.038, §6.2.1 and §6.2.1.1). U+001B holds
// the place of the escape itself, which no text may contain.
const (
	alphabet = "@£$¥èéùìòÇ\nØø\rÅå" +
		"Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" +
		" !\"#¤%&'()*+,-./" +
		"0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNO" +
		"PQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmno" +
		"pqrstuvwxyzäöñüà"
	extension = "\f^{}\\[~]|€"
	escape    = '\x1b'
)

// septetsOf gives the septets of a letter: 1, 2, or 0 when GSM-7 lacks it.
func septetsOf(r rune) int {
	if uint32(r) < uint32(len(latin)) {
		return int(latin[r])
	}
	return lookup(r)
}

// latin answers for the letters below U+0100, nearly all of a French text.
// It is computed from the tables above and never changes.
var latin = func() (table [256]uint8) {
	for r := range table {
		table[r] = uint8(lookup(rune(r)))
	}
	return table
}()

func lookup(r rune) int {
	switch {
	case r == escape:
		return 0
	case strings.ContainsRune(alphabet, r):
		return 1
	case strings.ContainsRune(extension, r):
		return 2
	default:
		return 0
	}
}
