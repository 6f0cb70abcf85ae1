package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"relais/bot"
	"relais/bot/calendar"
)

// typeset puts the spaces that French keeps on one line.
var typeset = strings.NewReplacer(" :", "\u00a0:", " ?", "\u00a0?", " !", "\u00a0!", " ;", "\u00a0;", " h ", "\u00a0h\u00a0", " min", "\u00a0min").Replace

// reasons say why a conversation came to people.
var reasons = map[string]string{
	"asked":            "Demande à parler à une personne",
	"call":             "Demande à être appelée",
	"not_understood":   "L'assistant n'a pas compris trois fois",
	"answers":          "A répondu aux questions",
	"loop":             "Échange en boucle, assistant arrêté",
	"flow_fault":       "L'assistant n'a pas pu continuer",
	"appointment_move": "Veut déplacer un rendez-vous",
	"urgent_housing":   "Urgence : ne sait pas où dormir",
	"urgent_food":      "Urgence : n'a rien à manger",
	"urgent_leaving":   "Urgence : doit quitter son logement",
	"urgent_safety":    "Urgence : n'est pas en sécurité",
	"data_correction":  "Veut corriger ses données",
	"data_question":    "Question sur ses données",
	"crisis_suicide":   "Parle de mourir",
	"crisis_soft":      "Message inquiétant",
	"crisis_violence":  "Violences ou danger",
	"crisis_child":     "Un enfant est peut-être en danger",
	"crisis_homeless":  "Sans toit cette nuit",
	"crisis_food":      "N'a rien à manger",
	"crisis_threat":    "Menace envers quelqu'un",
}

func reasonWords(reason string) string {
	if words, ok := reasons[reason]; ok {
		return typeset(words)
	}
	if strings.HasPrefix(reason, "crisis_") {
		return "Message inquiétant"
	}
	return "Demande transmise par l'assistant"
}

// askedBy say who wanted a person in.
var askedBy = map[bot.From]string{
	bot.FromPerson:    "demandé par la personne",
	bot.FromAssistant: "transmis par l'assistant",
	bot.FromSystem:    "transmis par une règle de sécurité",
}

// outcome is one way a hand-off ends.
type outcome struct{ Value, Words string }

var outcomes = []outcome{
	{"repondu", "Réponse donnée"},
	{"rdv_pris", "Rendez-vous pris"},
	{"oriente", "Orientée vers un autre service"},
	{"sans_suite", "Sans suite"},
	{"injoignable", "Injoignable"},
	{"autre", "Autre"},
}

func outcomeWords(value string) string {
	for _, o := range outcomes {
		if o.Value == value {
			return o.Words
		}
	}
	return value
}

func knownOutcome(value string) bool {
	for _, o := range outcomes {
		if o.Value == value {
			return true
		}
	}
	return false
}

// items say what a work item asks of the organisation.
var items = map[string]string{
	"appointment_declined": "Ne peut pas venir à un rendez-vous",
	"appointment_move":     "Veut déplacer un rendez-vous",
	"appointment_late":     "Sera en retard à un rendez-vous",
	"wrong_person":         "Un rappel est arrivé à une autre personne",
	"undelivered":          "Un message n'a pas pu être remis",
	"promise_missed":       "Une promesse de réponse n'a pas été tenue",
	"erasure":              "Demande l'effacement de ses données",
	"copy":                 "Demande une copie de ses données",
	"call":                 "Demande à être appelée",
}

func itemWords(kind string) string {
	if words, ok := items[kind]; ok {
		return words
	}
	return "À traiter"
}

// subjectWords names what a work item is about, when that helps to find it.
func subjectWords(i bot.Item) string {
	if parts := strings.Split(i.Subject, "|"); len(parts) == 3 {
		return "Rendez-vous " + parts[1]
	}
	return ""
}

var channels = map[bot.Channel]string{bot.SMS: "SMS", bot.Web: "Discussion sur le site"}

var languages = map[string]string{"fr": "français", "en": "anglais", "ar": "arabe", "es": "espagnol", "pt": "portugais",
	"tr": "turc", "ru": "russe", "uk": "ukrainien", "fa": "persan", "ps": "pachto", "so": "somali", "ti": "tigrigna"}

func languageWords(lang string) string {
	if words, ok := languages[lang]; ok {
		return words
	}
	return lang
}

// states say how far one of our SMS got.
var states = map[bot.Delivery]string{
	bot.Pending: "en attente d'envoi", bot.Begun: "envoi en cours", bot.Accepted: "remis à l'opérateur",
	bot.Sent: "envoyé", bot.Delivered: "distribué", bot.Read: "lu",
	bot.Failed: "échec : la personne ne l'a pas reçu", bot.Cancelled: "retiré avant l'envoi",
}

// failures say what an operator's code means for somebody who must decide what
// to do next.
var failures = map[int]string{
	21211: "numéro invalide", 21214: "numéro invalide", 21217: "numéro invalide", 21610: "la personne refuse nos SMS",
	21612: "numéro qui ne reçoit pas de SMS", 21614: "numéro qui ne reçoit pas de SMS",
	30003: "téléphone éteint ou hors réseau", 30004: "bloqué par l'opérateur", 30005: "numéro inconnu",
	30006: "ligne fixe ou injoignable", 30007: "filtré par l'opérateur", 30008: "cause inconnue",
}

// undeliveredWords reads "permanent 30005".
func undeliveredWords(detail string) string {
	kind, code, _ := strings.Cut(detail, " ")
	n, _ := strconv.Atoi(code)
	if words, ok := failures[n]; ok {
		return words
	}
	switch kind {
	case "opted_out":
		return "la personne refuse nos SMS"
	case "configuration":
		return "réglage du service, prévenez l'équipe technique"
	}
	return "cause inconnue"
}

// sentences tell what happened; {} stands for the detail the line carries.
var sentences = map[string]string{
	"handoff_offered":   "Transmis à l'équipe : {}.",
	"handoff_urgent":    "La demande devient urgente : {}.",
	"handoff_cancelled": "La personne n'a plus besoin qu'on lui réponde : la demande est retirée.",
	"handoff_returned":  "Rendu à l'assistant.",
	"handoff_closed":    "Échange terminé : {}.",
	"claimed":           "{} a pris la conversation.",
	"claim_expired":     "{} n'a pas répondu à temps : la conversation est revenue dans la file.",
	"promise_missed":    "La réponse promise n'est pas venue à temps ({}).",
	"crisis_alert":      "Alerte : personne n'a encore confirmé l'avoir vue ({}).",
	"acknowledged":      "{} a vu l'alerte.",
	"opt_out":           "La personne ne veut plus recevoir de SMS (STOP).",
	"opt_in":            "La personne accepte de nouveau les SMS.",
	"undelivered":       "Un SMS n'est pas arrivé : {}.",
}

// sentence tells what a system line stands for.
func sentence(l bot.Line) string {
	detail := string(l.Text)
	switch l.Class {
	case "handoff_offered", "handoff_urgent":
		detail = lowerFirst(reasonWords(detail))
	case "handoff_closed":
		detail = lowerFirst(outcomeWords(detail))
	case "promise_missed", "crisis_alert":
		detail += ordinal(detail) + " fois"
	case "undelivered":
		detail = undeliveredWords(detail)
	}
	text, ok := sentences[l.Class]
	if !ok {
		return typeset("Événement : " + l.Class)
	}
	return typeset(strings.Replace(text, "{}", detail, 1))
}

// ordinal ends "1re fois", "2e fois".
func ordinal(n string) string {
	if n == "1" {
		return "re"
	}
	return "e"
}

func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[size:]
}

// moment is a time as a page shows it: for machines, in full, and in short.
type moment struct{ ISO, Full, Short string }

func momentOf(t time.Time, zone *time.Location) moment {
	if t.IsZero() {
		return moment{}
	}
	t = t.In(zone)
	return moment{ISO: t.Format(time.RFC3339), Full: calendar.Long(t, "fr"), Short: calendar.Short(t, "fr")}
}

// lasting says how long something has lasted, or will.
func lasting(d time.Duration) string {
	minutes := int(d / time.Minute)
	switch {
	case minutes < 1:
		return typeset("moins d'1 min")
	case minutes < 60:
		return typeset(fmt.Sprintf("%d min", minutes))
	case minutes < 24*60:
		return typeset(fmt.Sprintf("%d h %02d", minutes/60, minutes%60))
	case minutes < 48*60:
		return "1\u00a0jour"
	}
	return fmt.Sprintf("%d\u00a0jours", minutes/(24*60))
}

// promise says what the person was told, and whether it still holds.
type promise struct {
	Words string
	Late  bool
}

func promiseOf(deadline, now time.Time, zone *time.Location) promise {
	switch {
	case deadline.IsZero():
		return promise{Words: "aucun horaire promis"}
	case now.After(deadline):
		return promise{Words: typeset("promesse dépassée de " + lasting(now.Sub(deadline))), Late: true}
	case calendar.DateOf(deadline.In(zone)) == calendar.DateOf(now.In(zone)):
		return promise{Words: typeset("réponse promise avant " + hour(deadline.In(zone)))}
	}
	return promise{Words: "réponse promise avant " + calendar.Short(deadline.In(zone), "fr")}
}

// hour writes 15 h 30.
func hour(t time.Time) string {
	if t.Minute() == 0 {
		return fmt.Sprintf("%d h", t.Hour())
	}
	return fmt.Sprintf("%d h %02d", t.Hour(), t.Minute())
}

// reference is what colleagues call a conversation among themselves. The end
// of an id is its random part.
func reference(id bot.ID) string {
	s := id.String()
	return strings.ToUpper(s[len(s)-4:])
}

func isCrisis(reason string) bool { return strings.HasPrefix(reason, "crisis_") }
