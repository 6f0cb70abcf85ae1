package understand

import "strings"

// Intent is what a word that acts everywhere asks for.
type Intent string

// The intents, in the order in which they are looked for but for NoIntent and
// InDanger. The caller puts ReadCrisis first; InDanger is only a value of the
// `relais understand` command, never returned by ReadIntent.
const (
	NoIntent Intent = "none"
	Stop     Intent = "stop"
	Start    Intent = "start"
	Language Intent = "language"
	Human    Intent = "human"
	Call     Intent = "call" // "call me"
	Privacy  Intent = "privacy"
	Pause    Intent = "pause"
	Restart  Intent = "restart"
	Back     Intent = "back"
	Skip     Intent = "skip"
	Help     Intent = "help"
	InDanger Intent = "crisis"
)

// longestIntent is how many words an order may have; a longer text tells a story.
const longestIntent = 14

// inOrder is the order of DESIGN §2: a refusal wins over everything.
var inOrder = []struct {
	section string
	intent  Intent
	lang    Lang
}{
	{"stop", Stop, ""}, {"start", Start, ""}, {"language-en", Language, English}, {"language-fr", Language, French},
	{"human", Human, ""}, {"call", Call, ""}, {"privacy", Privacy, ""}, {"pause", Pause, ""},
	{"restart", Restart, ""}, {"back", Back, ""}, {"skip", Skip, ""}, {"help", Help, ""},
}

// ReadIntent reads a word that acts everywhere when it is the whole message,
// but for greetings and thanks. The second result is the language asked for
// (Language only). The third is true when the message is a word that SMS
// operators take as an opt-out by themselves: they have then already answered
// and blocked the sender. Words of every language are known whatever lang is.
func ReadIntent(text string, _ Lang) (Intent, Lang, bool) {
	if isOperatorStop(text) {
		return Stop, "", true
	}
	if len(text) > 40*longestIntent {
		return NoIntent, "", false
	}
	d := parse(text)
	if len(d.toks) == 0 {
		if strings.Contains(d.tail, "?") {
			return Help, "", false
		}
		return NoIntent, "", false
	}
	toks, number := withoutNumber(joinSpelled(withoutFillers(d.toks)))
	if len(toks) == 0 || len(toks) > longestIntent {
		return NoIntent, "", false
	}
	lex := intents()
	t := lex.ids(toks)
	for _, o := range inOrder {
		if number && o.intent != Stop && o.intent != Call {
			continue
		}
		if lex.covers(o.section, t) {
			return o.intent, o.lang, false
		}
	}
	return NoIntent, "", false
}

// isOperatorStop tells the opt-out words that long-code operators handle by
// default: the whole body, in any case, nothing around.
func isOperatorStop(text string) bool {
	text = strings.TrimSpace(text)
	for _, w := range []string{"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"} {
		if strings.EqualFold(text, w) {
			return true
		}
	}
	return false
}

// joinSpelled makes one word of a text spelt letter by letter: "S T O P".
func joinSpelled(toks []token) []token {
	if len(toks) < 3 {
		return toks
	}
	var word strings.Builder
	for _, t := range toks {
		if len(t.w) != 1 || t.num {
			return toks
		}
		word.WriteString(t.w)
	}
	return []token{{w: word.String()}}
}

// withoutNumber takes a phone number off the end: "STOP 36105", which French
// operators teach, and "appelez-moi au 06 12 34 56 78". Fewer than four digits
// are no phone number.
func withoutNumber(toks []token) (rest []token, found bool) {
	end, digits := len(toks), 0
	for end > 0 && toks[end-1].num {
		end--
		digits += len(toks[end].w)
	}
	if digits < 4 {
		return toks, false
	}
	return toks[:end], true
}

// Courtesy tells whether a text only greets or thanks: it answers nothing, and
// is no misunderstanding either.
func Courtesy(text string) bool {
	toks := parse(text).toks
	return len(toks) > 0 && len(withoutFillers(toks)) == 0
}
