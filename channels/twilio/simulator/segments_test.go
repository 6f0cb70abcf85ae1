package simulator

import (
	"strings"
	"testing"
)

func TestCountSegments(t *testing.T) {
	x := strings.Repeat
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"empty", "", 1},
		{"160 digits", x("1", 160), 1},
		{"161 digits", x("1", 161), 2},
		{"306 digits", x("1", 306), 2},
		{"307 digits", x("1", 307), 3},
		{"French letters of GSM-7", x("éèàùÇ", 32), 1},
		{"80 euros", x("€", 80), 1},
		{"81 euros", x("€", 81), 2},
		{"an escape pair is not cut", x("1", 152) + "€" + x("1", 152), 3},
		{"one ç among 70", x("1", 69) + "ç", 1},
		{"one ç among 71", x("1", 70) + "ç", 2},
		{"typographic apostrophe", x("1", 70) + "’", 2},
		{"emoji and 68", "😜" + x("1", 68), 1},
		{"emoji and 69", "😜" + x("1", 69), 2},
		{"emoji and 133", "😜" + x("1", 133), 3},
		{"a surrogate pair is not cut", x("1", 66) + "😜" + x("1", 66), 3},
		{"backquote is not GSM-7", x("1", 70) + "`", 2},
	} {
		if got := countSegments(c.text); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestGSMAlphabetIsWhole(t *testing.T) {
	if basic, extended := len([]rune(gsmBasic)), len([]rune(gsmExtended)); basic != 127 || extended != 10 {
		t.Errorf("%d basic characters, %d extended; want 127 (128 with the escape) and 10", basic, extended)
	}
}
