// Package understand reads answers as people write them: short messages, old
// phones, typos, no accents, French first and English second.
//
// It is pure and total: no clock, no I/O, no error, the same answer for the
// same text. In doubt it reads [Unclear]: asking again is cheap, misreading
// somebody is not. An answer is read only when everything that was said is
// explained by it; a word too many ("pas", "mais", "avant") makes it unclear.
//
// Three readings exist side by side. [ReadCrisis] looks for someone in danger
// anywhere in the text, [ReadIntent] for the words that act everywhere (STOP,
// CONSEILLER, RETOUR…), and [Read] for the answer to one question. The caller
// asks them in that order.
package understand

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lang is a language spoken by the assistant.
type Lang string

// The languages of the assistant.
const (
	French  Lang = "fr"
	English Lang = "en"
)

// Kind is what a question expects. Its values are those of `relais understand --kind`.
type Kind string

// The kinds of questions.
const (
	YesNo   Kind = "yes_no"
	Choice  Kind = "choice"  // one of the options
	Choices Kind = "choices" // several options allowed
	Number  Kind = "number"
	Date    Kind = "date"
	Commune Kind = "commune"
	Text    Kind = "text"
)

// Option is one answer that the question offers. People name it by its
// position from 1, by its label or a part of it, or by one of its Words.
type Option struct {
	Value string   `json:"value"`
	Label string   `json:"label"`
	Words []string `json:"words,omitempty"` // further words people use for it

	phrases []phrase // see Prepare; nil until then
}

// Question is what was asked. Options are for Choice and Choices; on the other
// kinds they come first when the text names one ("SANS" to a commune, several
// communes to choose from), and are picked by number only when there are two
// or more.
type Question struct {
	Kind     Kind
	Options  []Option
	Lang     Lang
	At       time.Time // when it is answered, in the person's zone; zero: relative dates are not read
	Min, Max int       // bounds of a Number, inclusive; both 0: none
}

// Status says how far a text was understood.
type Status string

// The statuses of a reading.
const (
	Understood Status = "read"      // Values hold the answer
	Unknown    Status = "unknown"   // "je ne sais pas"
	Declined   Status = "declined"  // "je préfère ne pas dire", "passer", "j'en parlerai"
	Ask        Status = "ask"       // one or several fit, the person chooses among Candidates
	Elsewhere  Status = "elsewhere" // a commune outside the territory
	Unclear    Status = "unclear"
)

// Reading is what a text answers to a question.
type Reading struct {
	Status Status
	// Values holds one value when Understood (several for Choices, in the order
	// of the options): "yes" or "no", the value of an option, a decimal integer,
	// a date as YYYY-MM-DD, an INSEE code, or the text itself for Text.
	Values     []string
	Candidates []Option // for Ask: communes, by name; Value is the INSEE code
}

// Read reads text as the answer to q. Only the first 2,000 characters are
// looked at. A whole answer that avoids the question ("je ne sais pas",
// "passer") reads as Unknown or Declined, unless an option of the question
// says just that.
func Read(q Question, text string) Reading {
	d := parse(text)
	if len(d.toks) == 0 {
		return unclear
	}
	switch q.Kind {
	case YesNo:
		return readYesNoQuestion(q, d)
	case Choice, Choices:
		return readChoice(q, d)
	case Number:
		return orOptions(q, d, readNumber)
	case Date:
		return orOptions(q, d, readDate)
	case Commune:
		return orOptions(q, d, readCommune)
	case Text:
		return orOptions(q, d, func(Question, doc) Reading { return read(strings.TrimSpace(text)) })
	}
	return unclear
}

// JSONValue gives what `relais understand` prints as "value" for a reading:
// a string, an integer, an array of strings, or nil when nothing was read with
// confidence. "unknown" and "declined" exist for yes_no and choice only.
func JSONValue(k Kind, r Reading) any {
	switch {
	case r.Status == Understood && k == Choices:
		return slices.Clone(r.Values)
	case r.Status == Understood && k == Number:
		if n, err := strconv.Atoi(r.Values[0]); err == nil {
			return n
		}
		return r.Values[0] // an option of the question
	case r.Status == Understood:
		return r.Values[0]
	case r.Status == Ask:
		return "ask"
	case (r.Status == Unknown || r.Status == Declined) && (k == YesNo || k == Choice):
		return string(r.Status)
	}
	return nil
}

var unclear = Reading{Status: Unclear}

func read(values ...string) Reading { return Reading{Status: Understood, Values: values} }

// orOptions gives the options of a question of another kind the first word,
// then lets the kind read, then looks for an answer that avoids the question.
func orOptions(q Question, d doc, kind func(Question, doc) Reading) Reading {
	if len(q.Options) > 0 {
		if r := newChooser(q, d).named(); r.Status == Understood {
			return r
		}
	}
	toks := withoutFillers(d.toks)
	if s, ok := avoidance(toks); ok {
		return Reading{Status: s}
	}
	return kind(q, d)
}

// avoidance recognises a whole text that declines to answer or does not know.
func avoidance(toks []token) (Status, bool) {
	lex := answers()
	ids := lex.ids(toks)
	switch {
	case lex.covers("unknown", ids):
		return Unknown, true
	case lex.covers("declined", ids), lex.covers("later", ids):
		return Declined, true
	}
	return "", false
}
