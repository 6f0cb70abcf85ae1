package walk

import (
	"regexp"
	"strings"

	"relais/flows"
	"relais/flows/segments"
)

// budget knows what each text may cost by SMS.
type budget []allowance

// allowance is one text as it may be read, and the segments it declares.
type allowance struct {
	form     *regexp.Regexp
	segments int
}

// newBudget reads the texts of a library.
func newBudget(library *flows.Library) budget {
	var b budget
	add := func(catalogue flows.Texts) {
		for _, text := range catalogue {
			b = append(b, allowance{formOf(text), max(1, text.Segments)})
		}
	}
	for _, catalogue := range library.Common {
		add(catalogue)
	}
	for _, flow := range library.Flows {
		for _, catalogue := range flow.Texts {
			add(catalogue)
		}
	}
	return b
}

var name = regexp.MustCompile(`\\\{[A-Za-z0-9_.]+\\\}`)

// formOf is what a text may look like: its {names} stand for anything, its
// choices follow, each on a line.
func formOf(text flows.Text) *regexp.Regexp {
	shape := func(s string) string { return name.ReplaceAllString(regexp.QuoteMeta(s), `(?s:.*)`) }
	form := shape(text.SMS)
	if len(text.Options) > 0 {
		form += `(?:\n?\d+ [^\n]+)*`
	}
	if text.Tail != "" {
		form += `\n` + shape(text.Tail)
	}
	return regexp.MustCompile(`^` + form + `$`)
}

var choicesAlone = regexp.MustCompile(`^1 [^\n]+(?:\n\d+ [^\n]+)*$`)

// check tells how many segments a text takes, and how many it may: 0 when it
// is no text of the library.
func (b budget) check(text string) (takes, may int) {
	takes = segments.Measure(text).Segments
	if choicesAlone.MatchString(text) {
		may = 2 // choices put again after a misunderstanding, without their question
	}
	for _, a := range b {
		if a.segments > may && a.form.MatchString(strings.TrimSpace(text)) {
			may = a.segments
		}
	}
	return takes, may
}
