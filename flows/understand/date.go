package understand

import (
	"slices"
	"strings"
	"time"
)

// Years that a person may mean; outside, a number is no year.
const (
	firstYear = 1900
	lastYear  = 2100
)

// longestAround is how many words that carry no date may stand around one.
const longestAround = 8

// dateItem is a number, a month's name or another word of a text.
type dateItem struct {
	kind   dateItemKind
	val    int
	digits int
	gap    string
	w      string
}

type dateItemKind uint8

const (
	plainWord dateItemKind = iota
	aNumber
	aMonth
)

// readDate reads the one date of a text. Day, month and year must be said, the
// year in full; relative days need q.At. In English a date that could be read
// either way ("03/04/1990") is unclear; in French the day comes first.
func readDate(q Question, d doc) Reading {
	toks := withoutFillers(d.toks)
	items := dateItems(toks)
	var found []time.Time
	var rest []dateItem
	for i := 0; i < len(items); {
		date, n, ok := dateAt(q.Lang, items[i:])
		if n > 0 && !ok {
			return unclear // it has the shape of a date, and no sense
		}
		if n == 0 {
			rest = append(rest, items[i])
			i++
			continue
		}
		found = append(found, date)
		i += n
	}
	rest = withoutHours(rest)
	if len(found) == 0 && !q.At.IsZero() {
		return relativeDate(q, toks)
	}
	if len(found) != 1 || len(rest) > longestAround || !agrees(found[0], rest) {
		return unclear
	}
	return read(found[0].Format(time.DateOnly))
}

func dateItems(toks []token) []dateItem {
	spans := numbersIn(toks)
	items := make([]dateItem, 0, len(toks))
	for i := 0; i < len(toks); {
		it := dateItem{gap: toks[i].gap, w: toks[i].w}
		if len(spans) > 0 && spans[0].from == i {
			s := spans[0]
			spans = spans[1:]
			it.kind, it.val, it.digits = aNumber, s.val, s.digits
			items = append(items, it)
			i = s.to
			continue
		}
		if m := month(it.w); m != 0 {
			it.kind, it.val = aMonth, m
		} else if it.w == "premier" || it.w == "first" {
			it.kind, it.val = aNumber, 1
		}
		items = append(items, it)
		i++
	}
	return items
}

// dateAt reads the date at the head of items: how many it takes, and whether
// it exists in the calendar. 0 items: there is no date here.
func dateAt(lang Lang, items []dateItem) (time.Time, int, bool) {
	if len(items) == 0 || items[0].kind == plainWord {
		return time.Time{}, 0, false
	}
	if items[0].digits == 8 {
		date, ok := compactDate(items[0].val)
		return date, 1, ok
	}
	// Steps over "er" of "1er", "de" of "12 de mars", "th" and "of".
	var parts []dateItem
	n := 0
	for n < len(items) && len(parts) < 3 {
		it := items[n]
		n++
		if it.kind != plainWord {
			parts = append(parts, it)
			continue
		}
		switch it.w {
		case "er", "de", "du", "d", "of", "st", "nd", "rd", "th", "the", "en", "l", "an":
		default:
			return time.Time{}, 0, false
		}
	}
	if len(parts) < 3 {
		return time.Time{}, 0, false
	}
	date, ok, shaped := assemble(lang, parts[0], parts[1], parts[2])
	if !shaped {
		return time.Time{}, 0, false
	}
	return date, n, ok
}

// assemble orders three parts. shaped is false when they are no date at all.
func assemble(lang Lang, a, b, c dateItem) (date time.Time, ok, shaped bool) {
	switch {
	case a.kind == aNumber && b.kind == aMonth && c.kind == aNumber:
		date, ok = civil(c, b.val, a.val)
	case a.kind == aMonth && b.kind == aNumber && c.kind == aNumber:
		date, ok = civil(c, a.val, b.val)
	case a.kind != aNumber || b.kind != aNumber || c.kind != aNumber:
		return time.Time{}, false, false
	case a.digits == 4 && isYear(a) && c.digits <= 2:
		date, ok = civil(a, b.val, c.val)
	case a.digits > 2 || b.digits > 2 || a.digits == 0 || b.digits == 0:
		return time.Time{}, false, false
	case lang == English && b.val > 12:
		date, ok = civil(c, a.val, b.val)
	case lang == English && a.val <= 12 && a.val != b.val:
		return time.Time{}, false, true
	default:
		date, ok = civil(c, b.val, a.val)
	}
	return date, ok, true
}

func isYear(it dateItem) bool {
	return it.val >= firstYear && it.val <= lastYear && (it.digits == 4 || it.digits == 0)
}

// civil makes a date that exists: no 31 February, no year in two digits.
func civil(year dateItem, m, day int) (time.Time, bool) {
	if !isYear(year) || m < 1 || m > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	date := time.Date(year.val, time.Month(m), day, 0, 0, 0, 0, time.UTC)
	return date, date.Day() == day
}

// compactDate reads 12031990 and 19900312; no eight digits are both.
func compactDate(n int) (time.Time, bool) {
	year := func(y int) dateItem { return dateItem{val: y, digits: 4} }
	if date, ok := civil(year(n%10000), n/10000%100, n/1000000); ok {
		return date, true
	}
	return civil(year(n/10000), n/100%100, n%100)
}

// withoutHours drops "à 14h30", which a date may carry.
func withoutHours(items []dateItem) []dateItem {
	var out []dateItem
	for i := 0; i < len(items); i++ {
		it := items[i]
		if it.kind != aNumber || it.digits > 2 || i+1 >= len(items) {
			out = append(out, it)
			continue
		}
		next := items[i+1]
		switch {
		case next.w == "h" || next.w == "heures" || next.w == "heure" || next.w == "am" || next.w == "pm":
			i++
			if i+1 < len(items) && items[i+1].kind == aNumber && items[i+1].digits == 2 {
				i++
			}
		case next.kind == aNumber && next.gap == ":":
			i++
		default:
			out = append(out, it)
		}
	}
	return out
}

// agrees checks what stands around a date: its weekday must be the right one,
// and nothing may limit or deny it.
func agrees(date time.Time, rest []dateItem) bool {
	lex := answers()
	for i, it := range rest {
		if day, ok := weekdays[it.w]; ok {
			if day != date.Weekday() {
				return false
			}
			continue
		}
		if it.kind != plainWord || lex.is("doubt-date", it.w) && !afternoon(rest, i) {
			return false
		}
	}
	return true
}

func afternoon(rest []dateItem, i int) bool {
	return rest[i].w == "apres" && i+1 < len(rest) && rest[i+1].w == "midi"
}

var monthNames = [12][]string{
	{"janvier", "january", "janv", "jan"}, {"fevrier", "february", "fevr", "fev", "feb"}, {"mars", "march", "mar"},
	{"avril", "april", "avr", "apr"}, {"mai", "may"}, {"juin", "june", "jun"}, {"juillet", "july", "juil", "jul"},
	{"aout", "august", "aug", "aou"}, {"septembre", "september", "sept", "sep"}, {"octobre", "october", "oct"},
	{"novembre", "november", "nov"}, {"decembre", "december", "dec"},
}

// month gives 1 to 12 for a month's name, mistyped by a letter when it is long.
func month(w string) int {
	if len(w) < 3 || len(w) > 10 {
		return 0
	}
	for i, names := range monthNames {
		if slices.Contains(names, w) {
			return i + 1
		}
	}
	if _, ok := weekdays[w]; ok || len(w) < 5 {
		return 0
	}
	for i, names := range monthNames {
		for _, name := range names {
			if len(name) >= 5 && distance(w, name, 1) <= 1 {
				return i + 1
			}
		}
	}
	return 0
}

var weekdays = map[string]time.Weekday{
	"lundi": 1, "mardi": 2, "mercredi": 3, "jeudi": 4, "vendredi": 5, "samedi": 6, "dimanche": 0,
	"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 0,
}

// relativeDate reads "demain", "dans trois jours", "mardi prochain" from q.At,
// in its zone. What people mean by a weekday that is today or tomorrow, or by
// "dans 8 jours", differs from one to the next: unclear.
func relativeDate(q Question, toks []token) Reading {
	words := make([]string, 0, len(toks))
	for _, t := range toks {
		if n, ok := smallNumber(t.w); ok {
			words = append(words, n)
			continue
		}
		words = append(words, t.w)
	}
	words = trimDateLight(words)
	days, ok := relativeDays(q, words)
	if !ok {
		return unclear
	}
	y, m, d := q.At.Date()
	return read(time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// trimDateLight drops what carries no date at both ends.
func trimDateLight(words []string) []string {
	lex := answers()
	light := func(w string) bool {
		return lex.is("date-light", w) && w != "apres" && w != "soir" && w != "a" && w != "ce"
	}
	for len(words) > 0 && light(words[0]) {
		words = words[1:]
	}
	for len(words) > 1 && lex.is("date-light", words[len(words)-1]) {
		if last := words[len(words)-2]; last == "ce" || last == "cet" || last == "this" {
			break
		}
		words = words[:len(words)-1]
	}
	return words
}

func relativeDays(q Question, words []string) (int, bool) {
	said := strings.Join(words, " ")
	if n, ok := nearDays[said]; ok {
		return n, true
	}
	if n, ok := countedDays(words); ok {
		return n, true
	}
	return weekdayAhead(q, words)
}

var nearDays = map[string]int{
	"aujourd hui": 0, "today": 0, "ce jour": 0, "ce": 0, "ce soir": 0, "ce matin": 0, "tonight": 0,
	"demain": 1, "tomorrow": 1, "apres demain": 2, "the day after tomorrow": 2, "day after tomorrow": 2,
	"hier": -1, "yesterday": -1, "avant hier": -2, "the day before yesterday": -2, "day before yesterday": -2,
}

// countedDays reads "dans 3 jours", "il y a deux semaines", "in two days", "3 days ago".
func countedDays(words []string) (int, bool) {
	sign, count := 0, words
	switch {
	case len(words) == 3 && (words[0] == "dans" || words[0] == "in"):
		sign, count = 1, words[1:]
	case len(words) == 3 && words[2] == "ago":
		sign, count = -1, words[:2]
	case len(words) == 3 && words[0] == "a": // "il y" has been trimmed
		sign, count = -1, words[1:]
	case len(words) == 5 && words[0] == "il" && words[1] == "y" && words[2] == "a", len(words) == 4 && words[0] == "y" && words[1] == "a":
		sign, count = -1, words[len(words)-2:]
	default:
		return 0, false
	}
	n, ok := atoi(count[0])
	if count[0] == "un" || count[0] == "une" || count[0] == "one" || count[0] == "a" {
		n, ok = 1, true
	}
	if !ok || n < 1 || n > 99 {
		return 0, false
	}
	switch count[1] {
	case "jour", "jours", "j", "day", "days":
		if count[1][0] == 'j' && (n == 8 || n == 15) { // a week, a fortnight
			return 0, false
		}
		return sign * n, true
	case "semaine", "semaines", "week", "weeks":
		return sign * 7 * n, true
	}
	return 0, false
}

// weekdayAhead reads "mardi", "mardi prochain", "next tuesday".
func weekdayAhead(q Question, words []string) (int, bool) {
	next := false
	switch {
	case len(words) == 2 && (words[1] == "prochain" || words[1] == "prochains"):
		words, next = words[:1], true
	case len(words) == 2 && words[0] == "next":
		words, next = words[1:], true
	case len(words) == 2 && (words[0] == "ce" || words[0] == "this"):
		words = words[1:]
	}
	if len(words) != 1 {
		return 0, false
	}
	day, ok := weekdays[words[0]]
	if !ok {
		return 0, false
	}
	ahead := (int(day) - int(q.At.Weekday()) + 7) % 7
	if ahead == 0 || next && ahead == 1 {
		return 0, false
	}
	monday := func(d time.Weekday) int { return (int(d) + 6) % 7 }
	if next && q.Lang == English && monday(day) > monday(q.At.Weekday()) {
		return 0, false // "next Friday" said on Monday: this week's or the other
	}
	return ahead, true
}
