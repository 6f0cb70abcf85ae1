package calendar_test

import (
	"encoding/json"
	"os"
	"testing"

	"relais/bot/calendar"
)

func TestHolidaysOfThreeYears(t *testing.T) {
	file, err := os.ReadFile("testdata/jours-feries-metropole.json")
	if err != nil {
		t.Fatal(err)
	}
	var listed map[string]string
	if err := json.Unmarshal(file, &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed) != 33 {
		t.Fatalf("%d days listed, want 11 for each of three years", len(listed))
	}
	last := calendar.Date{Year: 2028, Month: 12, Day: 31}
	for day := (calendar.Date{Year: 2026, Month: 1, Day: 1}); day.Compare(last) <= 0; day = day.AddDays(1) {
		name, ok := calendar.Holiday(day)
		if want := listed[day.String()]; name != want || ok != (want != "") {
			t.Errorf("%s: %q, %t, want %q", day, name, ok, want)
		}
	}
}

// Easter Sundays as the church's tables give them, with the two earliest and
// latest cases and the ones that the 29- and 28-day corrections are for.
func TestEasterMondays(t *testing.T) {
	for _, sunday := range []string{
		"1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2008-03-23", "2019-04-21",
		"2026-04-05", "2027-03-28", "2028-04-16", "2029-04-01", "2030-04-21", "2031-04-13",
		"2032-03-28", "2033-04-17", "2034-04-09", "2035-03-25", "2036-04-13", "2038-04-25", "2049-04-18", "2076-04-19",
	} {
		day, err := calendar.ParseDate(sunday)
		if err != nil {
			t.Fatal(err)
		}
		for days, want := range map[int]string{1: "Lundi de Pâques", 50: "Lundi de Pentecôte"} {
			if got, _ := calendar.Holiday(day.AddDays(days)); got != want {
				t.Errorf("%d days after Easter %s is %q, want %q", days, sunday, got, want)
			}
		}
	}
}

// In 2008 Ascension fell on 1 May: one day off, one name.
func TestTwoHolidaysOnOneDay(t *testing.T) {
	if name, ok := calendar.Holiday(calendar.Date{Year: 2008, Month: 5, Day: 1}); !ok || name != "Fête du Travail" {
		t.Errorf("1 May 2008 is %q, %t", name, ok)
	}
}
