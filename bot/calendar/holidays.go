package calendar

import "time"

// Holiday gives the French name of the public holiday that falls on d, if one
// does: the eleven days of Code du travail, article L3133-1, as observed in
// metropolitan France. Alsace-Moselle's two more days and the overseas ones
// are not in it. The list holds from 1982 on.
func Holiday(d Date) (name string, ok bool) {
	switch (Date{Month: d.Month, Day: d.Day}) {
	case Date{Month: time.January, Day: 1}:
		return "Jour de l'an", true
	case Date{Month: time.May, Day: 1}:
		return "Fête du Travail", true
	case Date{Month: time.May, Day: 8}:
		return "Victoire 1945", true
	case Date{Month: time.July, Day: 14}:
		return "Fête nationale", true
	case Date{Month: time.August, Day: 15}:
		return "Assomption", true
	case Date{Month: time.November, Day: 1}:
		return "Toussaint", true
	case Date{Month: time.November, Day: 11}:
		return "Armistice 1918", true
	case Date{Month: time.December, Day: 25}:
		return "Noël", true
	}

	sunday := easter(d.Year)
	switch d {
	case sunday.AddDays(1):
		return "Lundi de Pâques", true
	case sunday.AddDays(39):
		return "Ascension", true
	case sunday.AddDays(50):
		return "Lundi de Pentecôte", true
	}
	return "", false
}

// easter is the Sunday after the ecclesiastical full moon that falls on or
// after 21 March (Gregorian computus).
func easter(year int) Date {
	century := year / 100
	moonYear := year % 19 // place in the 19-year cycle of the moon

	skippedLeaps := century - century/4
	moonDrift := (8*century + 13) / 25
	days := (skippedLeaps - moonDrift + 19*moonYear + 15) % 30 // from 21 March to the full moon
	if days == 29 || (days == 28 && moonYear > 10) {
		days-- // the tables never place the moon on 19 April, nor twice on the 18th in one cycle
	}

	moon := Date{year, time.March, 21}.AddDays(days)
	return moon.AddDays(7 - int(moon.Weekday()))
}
