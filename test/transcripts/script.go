package transcripts

import (
	"fmt"
	"strings"
	"time"

	"relais/bot"
	"relais/bot/appointments"
	"relais/channels/terminal"
)

// entry is one line of a transcript that is kept as it stands: something that
// happens, a comment, or an empty line (act is then nil).
type entry struct {
	number int
	text   string
	act    act
}

// act is something that happens: one of the types below.
type act interface{ act() }

type (
	clockAct  struct{ at time.Time }
	personAct struct {
		address bot.Address
		said    bot.Said
	}
	adviserAct struct{ name, verb, text string }
	bookAct    struct{ booked bot.Booked }
)

func (clockAct) act()   {}
func (personAct) act()  {}
func (adviserAct) act() {}
func (bookAct) act()    {}

// The two addresses of a transcript's person, in ranges kept for fiction. The
// service knows them as two people.
var (
	Phone = bot.Address{Channel: bot.SMS, Value: "+33639980001"}
	Page  = bot.Address{Channel: bot.Web, Value: "transcript-page"}
)

// parse reads a transcript, without what it expects.
func parse(text string, zone *time.Location) ([]entry, error) {
	var entries []entry
	number, began := 0, false
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		number++
		if isExpected(line) {
			continue
		}
		act, err := parseLine(line, zone)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if _, isClock := act.(clockAct); act != nil && !began && !isClock {
			return nil, fmt.Errorf("line %d: a transcript begins with its time: @ 2026-03-02 09:00", number)
		}
		began = began || act != nil
		entries = append(entries, entry{number, line, act})
	}
	return entries, nil
}

func isExpected(line string) bool {
	return strings.HasPrefix(line, "<") || strings.HasPrefix(line, "!") || strings.HasPrefix(line, "  ")
}

func parseLine(line string, zone *time.Location) (act, error) {
	if line == "" {
		return nil, nil
	}
	rest := strings.TrimSpace(line[1:])
	switch line[0] {
	case '#':
		return nil, nil
	case '@':
		at, err := terminal.ParseTime(rest, zone)
		return clockAct{at}, err
	case '>':
		return parsePerson(line[1:]), nil
	case '=':
		return parseAdviser(rest)
	case '+':
		return parseBooking(rest, zone)
	}
	return nil, fmt.Errorf("%q: a line begins with one of # @ > = + < ! or two spaces", line)
}

func parsePerson(text string) personAct {
	p := personAct{address: Phone}
	if onPage, ok := strings.CutPrefix(text, "web "); ok {
		p.address, text = Page, onPage
	}
	text = strings.TrimSpace(text)
	value, isButton := strings.CutPrefix(text, "[")
	switch {
	case text == "[photo]":
		p.said.Media = 1
	case isButton:
		p.said.Choice = strings.TrimSuffix(value, "]")
	default:
		p.said.Text = bot.Text(text)
	}
	return p
}

// verbs are what advisers do; those in need take the rest of the line.
var verbs = []string{"claims", "writes", "notes", "acknowledges", "gives back", "closes"}

func parseAdviser(text string) (act, error) {
	name, rest, _ := strings.Cut(text, " ")
	if _, known := advisers[name]; !known {
		return nil, fmt.Errorf("%q is no adviser of the transcripts", name)
	}
	for _, verb := range verbs {
		if after, ok := strings.CutPrefix(rest, verb); ok {
			return adviserAct{name, verb, strings.TrimSpace(after)}, nil
		}
	}
	return nil, fmt.Errorf("%q: an adviser %s", rest, strings.Join(verbs, ", "))
}

// parseBooking reads "ID STATUS DATE TIME; name value; …".
func parseBooking(text string, zone *time.Location) (act, error) {
	head, details, _ := strings.Cut(text, ";")
	words := strings.Fields(head)
	if len(words) != 4 {
		return nil, fmt.Errorf("%q: write rdv-1 planned 2026-03-05 14:30", head)
	}
	at, err := terminal.ParseTime(words[2]+" "+words[3], zone)
	if err != nil {
		return nil, err
	}
	a := appointments.Appointment{
		Key:   appointments.Key{Source: "file", ExternalID: words[0], Participant: "1"},
		Start: bot.Microseconds(at), Duration: 45 * time.Minute, Status: appointments.Status(words[1]),
		Organisation: "departement", Place: "CMS de Planoise", Address: "12 rue Exemple, BESANCON",
	}
	for detail := range strings.SplitSeq(details, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(detail), " ")
		switch name {
		case "":
		case "place":
			a.Place, a.Address = value, ""
		case "organisation":
			a.Organisation = value
		case "lang":
			a.Lang = value
		case "sensitive":
			a.Sensitive = true
		default:
			return nil, fmt.Errorf("an appointment has no %q: place, organisation, lang, sensitive", name)
		}
	}
	return bookAct{bot.Booked{Appointment: a, Lang: a.Lang}}, nil
}
