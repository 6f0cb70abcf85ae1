package console

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"relais/bot"
)

// answer is one thing a person declared, as an adviser reads it.
type answer struct {
	Question string
	Values   string
	Words    bot.Text // what the person wrote, when it says more than the values
	At       moment
	By       string
	Codes    string
}

// silences are the values that are not an answer to the question, each told
// apart from the others.
var silences = map[string]string{
	"unknown":   "ne sait pas",
	"declined":  "préfère en parler",
	"not_named": "n'a pas nommé",
}

// answersOf puts answers in the order of the questionnaire, and names the
// questions without one.
func (c *Console) answersOf(found []bot.Answer, zone *time.Location) (given []answer, missing []string) {
	sorted := slices.Clone(found)
	place := func(key string) int {
		if i := slices.Index(c.Asked, key); i >= 0 {
			return i
		}
		return len(c.Asked)
	}
	slices.SortStableFunc(sorted, func(a, b bot.Answer) int { return place(a.Key) - place(b.Key) })
	for _, a := range sorted {
		given = append(given, c.answerOf(a, zone))
	}
	if len(found) == 0 {
		return nil, nil
	}
	for _, key := range c.Asked {
		if !slices.ContainsFunc(found, func(a bot.Answer) bool { return a.Key == key }) {
			missing = append(missing, c.Question(key))
		}
	}
	return given, missing
}

func (c *Console) answerOf(a bot.Answer, zone *time.Location) answer {
	names := make([]string, 0, len(a.Values))
	for _, value := range a.Values {
		names = append(names, c.valueWords(a.Key, value))
	}
	shown := answer{
		Question: c.Question(a.Key), Values: strings.Join(names, " · "), At: momentOf(a.At, zone),
		By: channels[a.By], Codes: strings.Join(a.Codes, ", "),
	}
	if saysMore(string(a.Words), shown.Values) {
		shown.Words = a.Words
	}
	return shown
}

// saysMore tells whether somebody's own words add to the value they were read
// as: "2" and "oui" do not.
func saysMore(words, values string) bool {
	words = strings.TrimSpace(words)
	return utf8.RuneCountInString(words) > 3 && !strings.EqualFold(words, values)
}

func (c *Console) valueWords(key, value string) string {
	if words, ok := silences[value]; ok {
		return words
	}
	if label := c.Label("fr", key, value); label != "" {
		return label
	}
	return value
}
