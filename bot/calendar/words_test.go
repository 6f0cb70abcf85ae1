package calendar_test

import (
	"strings"
	"testing"
	"time"

	"relais/bot/calendar"
)

func TestWords(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	for _, tc := range []struct{ when, lang, short, long string }{
		{"2026-11-24 14:30", "fr", "mar. 24/11 à 14h30", "mardi 24 novembre 2026 à 14 h 30"},
		{"2026-11-24 10:00", "fr", "mar. 24/11 à 10h", "mardi 24 novembre 2026 à 10 h"},
		{"2026-12-01 09:05", "fr", "mar. 01/12 à 9h05", "mardi 1er décembre 2026 à 9 h 05"},
		{"2027-08-02 08:00", "fr", "lun. 02/08 à 8h", "lundi 2 août 2027 à 8 h"},
		{"2026-11-24 14:30", "en", "Tue 24/11 at 14:30", "Tuesday 24 November 2026 at 14:30"},
		{"2026-11-24 10:00", "en", "Tue 24/11 at 10:00", "Tuesday 24 November 2026 at 10:00"},
		{"2026-11-24 14:30", "ar", "mar. 24/11 à 14h30", "mardi 24 novembre 2026 à 14 h 30"},
	} {
		when := at(t, paris, tc.when)
		if got := calendar.Short(when, tc.lang); got != tc.short {
			t.Errorf("short %s in %s: %q, want %q", tc.when, tc.lang, got, tc.short)
		}
		if got := calendar.Long(when, tc.lang); got != tc.long {
			t.Errorf("long %s in %s: %q, want %q", tc.when, tc.lang, got, tc.long)
		}
	}
}

// One letter outside GSM-7 more than doubles the price of a message.
func TestShortIsGSM7AllYear(t *testing.T) {
	start := time.Date(2027, 1, 1, 12, 34, 0, 0, time.UTC)
	for day := range 365 {
		when := start.AddDate(0, 0, day)
		for _, lang := range []string{"fr", "en"} {
			text := calendar.Short(when, lang)
			for _, letter := range text {
				if letter > 'z' && letter != 'à' {
					t.Fatalf("%q has %q", text, letter)
				}
			}
			if len([]rune(text)) != 18 || !strings.Contains(text, when.Format("02/01")) {
				t.Errorf("%q is not a short date", text)
			}
		}
	}
}
