package calendar

import (
	"fmt"
	"time"
)

var (
	shortDays = [7]string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."}
	longDays  = [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	months    = [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet",
		"août", "septembre", "octobre", "novembre", "décembre"}
)

// Short writes a moment for an SMS: "mar. 24/11 à 14h30", "mar. 24/11 à 10h",
// and for lang "en" "Tue 24/11 at 14:30". t is read in its own location; any
// other language gets French. Every letter is in GSM-7, and the day is always
// named: "tomorrow" would lie in a message that was moved or read late.
func Short(t time.Time, lang string) string {
	if lang == "en" {
		return t.Format("Mon 02/01 at 15:04")
	}
	text := fmt.Sprintf("%s %s à %dh", shortDays[t.Weekday()], t.Format("02/01"), t.Hour())
	if t.Minute() != 0 {
		text += t.Format("04")
	}
	return text
}

// Long writes a moment for a page: "mardi 24 novembre 2026 à 14 h 30", and for
// lang "en" "Tuesday 24 November 2026 at 14:30". t is read in its own
// location; any other language gets French.
func Long(t time.Time, lang string) string {
	if lang == "en" {
		return t.Format("Monday 2 January 2006 at 15:04")
	}
	day := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	text := fmt.Sprintf("%s %s %s %d à %d h", longDays[t.Weekday()], day, months[t.Month()-1], t.Year(), t.Hour())
	if t.Minute() != 0 {
		text += t.Format(" 04")
	}
	return text
}
