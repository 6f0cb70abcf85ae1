package appointments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"relais/bot/calendar"
)

const (
	maxText    = 200     // letters of a cell
	maxMinutes = 24 * 60 // of an appointment
	firstYear  = 2000
	lastYear   = 2100
)

var statuses = []Status{Planned, Cancelled, Seen, Excused, NoShow}

// cells reads the columns of one row and gathers what is wrong with them.
type cells struct {
	places map[string]int
	fields []string
	faults []Fault
}

func (c *cells) fault(column, problem string) {
	c.faults = append(c.faults, Fault{column, problem})
}

// text is what a column holds, on one line; empty when the file has no such
// column.
func (c *cells) text(column string) string {
	i, ok := c.places[column]
	if !ok {
		return ""
	}
	s := oneLine(c.fields[i])
	if utf8.RuneCountInString(s) > maxText {
		c.fault(column, fmt.Sprintf("%d caractères au plus", maxText))
		return ""
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		c.fault(column, "caractère de contrôle interdit")
		return ""
	}
	return s
}

// needed is the text of a column that cannot be empty.
func (c *cells) needed(column string) string {
	before := len(c.faults)
	s := c.text(column)
	if s == "" && len(c.faults) == before {
		c.fault(column, "obligatoire")
	}
	return s
}

func (c *cells) phone(column string) string {
	s := c.needed(column)
	if s == "" {
		return ""
	}
	e164, err := ParseMobile(s)
	if err != nil {
		c.fault(column, err.Error())
	}
	return e164
}

// moment reads RFC 3339, or "2026-11-24 14:30" on the clocks of zone.
func (c *cells) moment(column string, zone *time.Location) time.Time {
	s := c.needed(column)
	if s == "" {
		return time.Time{}
	}
	t, problem := parseMoment(s, zone)
	if problem == "" && (t.Year() < firstYear || t.Year() > lastYear) {
		problem = fmt.Sprintf("année attendue entre %d et %d", firstYear, lastYear)
	}
	if problem != "" {
		c.fault(column, problem)
	}
	return t
}

func parseMoment(s string, zone *time.Location) (t time.Time, problem string) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), ""
	}
	date, hour, _ := strings.Cut(s, " ")
	day, badDay := calendar.ParseDate(date)
	clock, badHour := calendar.ParseClock(hour)
	if badDay != nil || badHour != nil {
		return time.Time{}, "date et heure attendues, comme 2026-11-24 14:30 ou 2026-11-24T14:30:00+01:00"
	}
	t = day.At(clock, zone)
	if calendar.ClockOf(t) != clock || calendar.DateOf(t) != day {
		return time.Time{}, fmt.Sprintf("« %s %s » n'existe pas : les horloges avancent à ce moment-là", day, clock)
	}
	return t.UTC(), ""
}

func (c *cells) minutes(column string, otherwise time.Duration) time.Duration {
	s := c.text(column)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxMinutes {
		c.fault(column, fmt.Sprintf("nombre de minutes attendu, de 1 à %d", maxMinutes))
		return 0
	}
	return time.Duration(n) * time.Minute
}

func (c *cells) status(column string) Status {
	s := Status(strings.ToLower(c.text(column)))
	if s == "" {
		return Planned
	}
	if !slices.Contains(statuses, s) {
		c.fault(column, fmt.Sprintf("attendu : %s, %s, %s, %s ou %s", Planned, Cancelled, Seen, Excused, NoShow))
	}
	return s
}

func (c *cells) lang(column string) string {
	s := strings.ToLower(c.text(column))
	if s == "" {
		return "fr"
	}
	notLower := func(r rune) bool { return r < 'a' || r > 'z' }
	if len(s) < 2 || len(s) > 3 || strings.ContainsFunc(s, notLower) {
		c.fault(column, "code de langue attendu, comme fr ou en")
	}
	return s
}

// oneLine makes every blank one plain space, and drops the marks without a
// shape that contact lists and spreadsheets leave around numbers and names.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
