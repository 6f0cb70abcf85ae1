package simulator

import "strings"

// The GSM 03.38 default alphabet, and its extension table, whose characters
// take two septets. Source: 3GPP TS 23.038.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// countSegments gives the number of SMS that carry a text: one of 160 septets or
// 70 UTF-16 units, or several of 153 or 67. A character's two halves never fall
// in two SMS. The empty text takes one.
func countSegments(text string) int {
	widths, gsm := gsmWidths(text)
	single, part := 160, 153
	if !gsm {
		widths, single, part = utf16Widths(text), 70, 67
	}
	if sum(widths) <= single {
		return 1
	}
	segments, used := 1, 0
	for _, w := range widths {
		if used+w > part {
			segments, used = segments+1, 0
		}
		used += w
	}
	return segments
}

// gsmWidths gives each character's septets; ok is false when one has none.
func gsmWidths(text string) (widths []int, ok bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(gsmExtended, r):
			widths = append(widths, 2)
		default:
			return nil, false
		}
	}
	return widths, true
}

func utf16Widths(text string) []int {
	var widths []int
	for _, r := range text {
		widths = append(widths, utf16Units(string(r)))
	}
	return widths
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
