package walk

import (
	"strconv"
	"time"

	"pgregory.net/rapid"

	"relais/bot"
	"relais/flows"
	"relais/flows/understand"
)

// Things people write, whatever they were asked.
var (
	words = []string{
		"CONSEILLER", "APPEL", "MES DONNÉES", "PAUSE", "RECOMMENCER", "RETOUR", "RETOUR", "PASSER", "AIDE", "?", "MES RDV",
		"ENGLISH", "FRANÇAIS", "START", "ADVISER", "BACK", "SKIP", "HELP", "MY DATA", "OUI", "NON", "YES", "NO", "merci", "bonjour",
	}
	refusals = []string{"STOP", "ARRÊT", "stop"}
	dangers  = []string{
		"je veux mourir", "j'en ai marre de tout", "mon mari me frappe", "je dors dehors ce soir", "mes enfants n'ont rien mangé",
		"je vais tout casser chez vous", "i want to die", "on a frappé mon fils",
	}
	nonsense = []string{
		"turlututu", "ffff", "12", "0", "le ciel est bleu", "1 90 03 25 056 123 45", "😀", "a", "1,2,3", "je sais pas", "j'en parlerai", "...",
		"Une longue histoire qui commence mal et dont personne ne connaît la fin, avec des virgules, des points. Et des questions ?",
	}
	communes = []string{"Besançon", "25300", "Pontarlier", "Lyon", "SANS", "Doubs", "montbeliard", "75001", "25000", "Les Fins"}
	years    = []string{"1990", "2012", "1950", "90", "19990"}
	dates    = []string{"25/03/2026", "demain", "3 avril 2026", "hier"}
	outcomes = []string{"repondu", "rdv", "sans suite"}
)

// pick draws one of a list.
func pick[T any](t *rapid.T, list []T, label string) T { return rapid.SampledFrom(list).Draw(t, label) }

// answer draws what somebody of good will writes to the open question.
func answer(t *rapid.T, q understand.Question) bot.Text {
	var listed []understand.Option
	for _, o := range q.Options {
		if o.Label != "" {
			listed = append(listed, o)
		}
	}
	if len(listed) > 0 {
		return bot.Text(choice(t, q.Kind, listed))
	}
	list := map[understand.Kind][]string{
		understand.YesNo: {"oui", "oui", "non", "yes", "no"}, understand.Commune: communes, understand.Number: years, understand.Date: dates,
		understand.Text: {"Sam Martin 12/03/1990", "demain après 14h", "06 39 98 00 01"},
	}[q.Kind]
	return bot.Text(pick(t, append(list, "oui"), "answer"))
}

func choice(t *rapid.T, kind understand.Kind, options []understand.Option) string {
	i := rapid.IntRange(0, len(options)-1).Draw(t, "option")
	o := options[i]
	switch way := rapid.IntRange(0, 3).Draw(t, "way"); {
	case way == 0:
		return o.Label
	case way == 1 && len(o.Words) > 0:
		return pick(t, o.Words, "word")
	case way == 2 && kind == understand.Choices:
		return strconv.Itoa(i+1) + " et " + strconv.Itoa(rapid.IntRange(1, len(options)).Draw(t, "second"))
	}
	return strconv.Itoa(i + 1)
}

// pauses are how long people, and clocks, let things wait.
var pauses = []time.Duration{
	2 * time.Minute, 16 * time.Minute, 40 * time.Minute, 3 * time.Hour, 26 * time.Hour, 73 * time.Hour, 8 * 24 * time.Hour,
}

// question is the open one of a conversation, false when there is none.
func question(lib bot.Library, c *bot.Conversation, channel bot.Channel) (understand.Question, bool) {
	f := c.Top()
	if f == nil || f.Asked == 0 {
		return understand.Question{}, false
	}
	flow := lib.Pinned(f.Flow, f.Hash)
	if flow == nil {
		return understand.Question{}, false
	}
	return flow.Question(f.At, c.Lang, flows.Facts{Vars: map[string]string{"channel": string(channel)}})
}
