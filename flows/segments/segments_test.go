package segments_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"relais/flows/segments"
)

const (
	flag     = "\U0001F3F3\uFE0F\u200D\U0001F308" // rainbow flag: one character, 6 units
	twoMarks = "e\u0301\u0302"                    // one character, 3 units
)

func TestMeasure(t *testing.T) {
	x := strings.Repeat
	tests := []struct {
		name string
		text string
		want segments.Count
	}{
		{"empty", "", segments.Count{segments.GSM7, 0, 1}},
		{"French letters of GSM-7", "éèàùìòÉÇäöüñ", segments.Count{segments.GSM7, 12, 1}},
		{"line breaks", "a\r\nb\nc", segments.Count{segments.GSM7, 6, 1}},
		{"two-septet letters", "\f^{}\\[~]|€", segments.Count{segments.GSM7, 20, 1}},
		{"circumflex", "fenêtre", segments.Count{segments.UCS2, 7, 1}},
		{"tab", "\t", segments.Count{segments.UCS2, 1, 1}},
		{"escape", "\x1b", segments.Count{segments.UCS2, 1, 1}},
		{"broken UTF-8", "a\xff\xfe", segments.Count{segments.UCS2, 3, 1}},

		{"160 digits", x("1", 160), segments.Count{segments.GSM7, 160, 1}},
		{"161 digits", x("1", 161), segments.Count{segments.GSM7, 161, 2}},
		{"306 digits", x("1", 306), segments.Count{segments.GSM7, 306, 2}},
		{"307 digits", x("1", 307), segments.Count{segments.GSM7, 307, 3}},
		{"euro as septets 159 and 160", x("a", 158) + "€", segments.Count{segments.GSM7, 160, 1}},
		{"euro over the end", x("a", 159) + "€", segments.Count{segments.GSM7, 161, 2}},
		{"euro moves whole, room left", x("a", 152) + "€" + x("b", 151), segments.Count{segments.GSM7, 305, 2}},
		{"euro moves whole, no room left", x("a", 152) + "€" + x("b", 152), segments.Count{segments.GSM7, 306, 3}},

		{"70 units", "ê" + x("a", 69), segments.Count{segments.UCS2, 70, 1}},
		{"71 units", "ê" + x("a", 70), segments.Count{segments.UCS2, 71, 2}},
		{"134 units", "ê" + x("a", 133), segments.Count{segments.UCS2, 134, 2}},
		{"135 units", "ê" + x("a", 134), segments.Count{segments.UCS2, 135, 3}},
		{"emoji + 68", "😜" + x("a", 68), segments.Count{segments.UCS2, 70, 1}},
		{"emoji + 69", "😜" + x("a", 69), segments.Count{segments.UCS2, 71, 2}},
		{"emoji + 133", "😜" + x("a", 133), segments.Count{segments.UCS2, 135, 3}},
		{"brackets take one unit in UCS-2", "😀" + x("]", 68), segments.Count{segments.UCS2, 70, 1}},
		{"flag + 64", flag + x("a", 64), segments.Count{segments.UCS2, 70, 1}},
		{"flag + 65", flag + x("a", 65), segments.Count{segments.UCS2, 71, 2}},
		{"emoji across unit 67 moves", x("a", 66) + "😀" + x("b", 66), segments.Count{segments.UCS2, 134, 3}},
		{"flag across unit 67 moves", x("a", 64) + flag + x("b", 62), segments.Count{segments.UCS2, 132, 3}},
		{"flag fits before unit 67", x("a", 61) + flag + x("b", 67), segments.Count{segments.UCS2, 134, 2}},
		{"accents across unit 67 move", x("a", 65) + twoMarks + x("b", 65), segments.Count{segments.UCS2, 133, 3}},
		{"CR LF may be divided", "ê" + x("a", 65) + "\r\n" + x("b", 66), segments.Count{segments.UCS2, 134, 2}},
		{"a character of 67 units moves", x("a", 60) + "e" + x("\u0301", 66) + "zz", segments.Count{segments.UCS2, 129, 3}},
		{"a longer one is divided where it stands", x("a", 60) + "e" + x("\u0301", 70), segments.Count{segments.UCS2, 131, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := segments.Measure(tt.text); got != tt.want {
				t.Errorf("Measure(%q) = %+v, want %+v", tt.text, got, tt.want)
			}
		})
	}
}

// The alphabet is given here a second time, by the letters of a French text that
// have it wrong most often.
func TestForeign(t *testing.T) {
	in := "é è à ù ì ò É Ç ä ö ü ñ å æ ø ß Ä Ö Ü Ñ Å Æ Ø € [ ] { } \\ | ~ ^ \f § ¿ ¡ ¤ £ ¥ @ Δ Ω"
	if got := segments.Foreign(in); got != nil {
		t.Errorf("Foreign calls %q foreign", got)
	}
	out := "êëçâîïôûÿœŒÀÂÈÊËÎÔÛÙ«»’…–—•°²½\u00a0\u202f`\t\x1b"
	if got := string(segments.Foreign(out)); got != out {
		t.Errorf("Foreign(%q) = %q", out, got)
	}
	if got := string(segments.Foreign("forêt, prêt, çà et là")); got != "êç" {
		t.Errorf("each once, in order: got %q", got)
	}
}

func TestSplit(t *testing.T) {
	x := strings.Repeat
	word := x("a", 9) + " " // 10 units
	tests := []struct {
		name  string
		text  string
		limit int
		want  []string
	}{
		{"empty", "", 1, []string{""}},
		{"fits", "Bonjour.", 1, []string{"Bonjour."}},
		{"limit below one", x(word, 17), 0, []string{x(word, 16), word}},
		{"words", x(word, 17), 1, []string{x(word, 16), word}},
		{"two segments", x(word, 31), 2, []string{x(word, 30), word}},
		{"a space that does not fit follows", x("a", 160) + " b", 1, []string{x("a", 160), " b"}},
		{"a long word", x("a", 170), 1, []string{x("a", 160), x("a", 10)}},
		{"sentence before word", x(word, 9) + "fini. Puis " + x(word, 9), 1,
			[]string{x(word, 9) + "fini. ", "Puis " + x(word, 9)}},
		{"sentence too early to be worth it", "Oui. Puis " + x(word, 17), 1,
			[]string{"Oui. Puis " + x(word, 15), x(word, 2)}},
		{"an initial ends no sentence", x(word, 9) + "avec M. Durand " + x(word, 9), 1,
			[]string{x(word, 9) + "avec M. Durand " + x(word, 5), x(word, 4)}},
		{"line before sentence", x(word, 9) + "\nFini. Puis " + x(word, 9), 1,
			[]string{x(word, 9) + "\n", "Fini. Puis " + x(word, 9)}},
		{"line too early to be worth it", "Oui,\n" + x(word, 17), 1,
			[]string{"Oui,\n" + x(word, 15), x(word, 2)}},
		{"a link stays whole", x(word, 15) + "https://exemple.fr/a-b/c " + word, 1,
			[]string{x(word, 15), "https://exemple.fr/a-b/c " + word}},
		{"a compound word stays whole", x(word, 15) + "rendez-vous " + word, 1,
			[]string{x(word, 15), "rendez-vous " + word}},
		{"the mark stays with its word", x(word, 15) + "Venez-lui ? " + word, 1,
			[]string{x(word, 15), "Venez-lui ? " + word}},
		{"a foreign letter shortens its own text only", x(word, 16) + "la forêt", 1,
			[]string{x(word, 16), "la forêt"}},
		{"a flag stays whole", "ê" + x("a", 64) + flag, 1, []string{"ê" + x("a", 64), flag}},
		{"a monstrous character is divided", "e" + x("\u0301", 100), 1,
			[]string{"e" + x("\u0301", 69), x("\u0301", 31)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := segments.Split(tt.text, tt.limit)
			if !slices.Equal(got, tt.want) {
				t.Errorf("Split = %q\nwant    %q", got, tt.want)
			}
		})
	}
}

// checkSplit holds what is true of every text: nothing is lost, no text costs more
// than the limit, none is empty, and no character of valid UTF-8 is broken.
func checkSplit(t *testing.T, text string, limit int) {
	t.Helper()
	texts := segments.Split(text, limit)
	if joined := strings.Join(texts, ""); joined != text {
		t.Fatalf("joined texts differ from the original:\n%q\n%q", joined, text)
	}
	for _, part := range texts {
		if n := segments.Measure(part).Segments; n > max(limit, 1) {
			t.Fatalf("%d segments, limit %d: %q", n, limit, part)
		}
		if part == "" && text != "" {
			t.Fatalf("an empty text among %q", texts)
		}
		if utf8.ValidString(text) && !utf8.ValidString(part) {
			t.Fatalf("a letter is broken in %q", part)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("Bonjour, votre rendez-vous est mar. 24/11 à 14h30. Répondez OUI ou NON.", 1)
	f.Add(strings.Repeat("forêt 😀 ", 40), 1)
	f.Add(strings.Repeat(flag+twoMarks, 40), 2)
	f.Add("e"+strings.Repeat("\u0301", 300)+"\r\n\xff€", 1)
	f.Add(strings.Repeat("a", 159)+"€"+strings.Repeat("\r\n", 90), 1)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if len(text) > 4096 {
			return
		}
		checkSplit(t, text, limit%5)
	})
}

// FuzzMeasure compares with the bounds that hold whatever the packing.
func FuzzMeasure(f *testing.F) {
	f.Add(strings.Repeat("a", 152)+"€", "é")
	f.Add(strings.Repeat("😀", 35), flag)
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return // two broken halves may make one letter
		}
		whole, part := segments.Measure(a+b), segments.Measure(a)
		if whole.Segments < part.Segments || whole.Units < part.Units && whole.Encoding == part.Encoding {
			t.Fatalf("a longer text costs less: %+v, then %+v", part, whole)
		}
		if foreign := segments.Foreign(a) != nil; foreign != (part.Encoding == segments.UCS2) {
			t.Fatalf("Foreign and Measure disagree on %q", a)
		}
		room := map[segments.Encoding]int{segments.GSM7: 160, segments.UCS2: 70}[part.Encoding]
		if (part.Units <= room) != (part.Segments == 1) {
			t.Fatalf("%+v for %q", part, a)
		}
	})
}

func TestMeasureAllocatesNothing(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("Rendez-vous à Besançon le 24/11. ", 12),
		strings.Repeat("Réservé € [] {} ", 30),
		strings.Repeat("forêt 😀 ", 40),
	} {
		if n := testing.AllocsPerRun(100, func() { segments.Measure(text) }); n != 0 {
			t.Errorf("Measure allocates %v times for %q", n, text[:16])
		}
	}
}

func BenchmarkMeasure(b *testing.B) {
	texts := map[string]string{
		"gsm-1-part":  "Bonjour, votre rendez-vous est mar. 24/11 à 14h30 à BESANCON. Répondez OUI, ou NON si vous ne pouvez pas venir.",
		"gsm-4-parts": strings.Repeat("Répondez OUI, ou NON si vous ne pouvez pas. ", 12),
		"ucs-4-parts": strings.Repeat("Êtes-vous prêt à venir ? ", 10),
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				segments.Measure(text)
			}
		})
	}
}

func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat("Êtes-vous prêt à venir ? Répondez OUI ou NON.\n", 40)
	b.ReportAllocs()
	for b.Loop() {
		segments.Split(text, 2)
	}
}
