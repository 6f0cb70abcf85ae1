package webchat

import (
	"time"

	"relais/bot"
	"relais/bot/calendar"
)

// code names what went wrong, for programs.
type code string

const (
	tooLarge       code = "too_large"
	rateLimited    code = "rate_limited"
	badFrame       code = "bad_frame"
	unavailable    code = "unavailable"
	sessionUnknown code = "session_unknown"
)

// words are the few texts that the chat itself says, in one language.
type words struct {
	lang                           string
	failures                       map[code]string
	assistant, queued, queuedUntil string
	adviser, adviserNamed          string
}

var french = words{
	lang: "fr",
	failures: map[code]string{
		tooLarge:       "Ce message est trop long. Envoyez-le en plusieurs fois.",
		rateLimited:    "Beaucoup de messages en peu de temps. Le vôtre partira dans quelques secondes.",
		badFrame:       "Ce message n'a pas pu être lu.",
		unavailable:    "Un souci technique nous retarde. Nouvel essai dans quelques secondes. Urgence\u00a0: 15, 17 ou 112, par SMS 114.",
		sessionUnknown: "Cette conversation n'est plus connue ici. Vous pouvez en commencer une nouvelle.",
	},
	assistant:    "L'assistant automatique vous répond.",
	queued:       "Une personne de l'équipe va vous répondre.",
	queuedUntil:  "Une personne vous répond avant ",
	adviser:      "Une personne de l'équipe vous répond.",
	adviserNamed: " vous répond. C'est une personne de l'équipe.",
}

var english = words{
	lang: "en",
	failures: map[code]string{
		tooLarge:       "This message is too long. Please send it in several parts.",
		rateLimited:    "Many messages in a short time. Yours will go in a few seconds.",
		badFrame:       "This message could not be read.",
		unavailable:    "A technical problem is slowing us down. We try again in a few seconds. Emergency: 15, 17 or 112, by SMS 114.",
		sessionUnknown: "This conversation is no longer known here. You can start a new one.",
	},
	assistant:    "The automatic assistant answers you.",
	queued:       "A person of the team will answer you.",
	queuedUntil:  "A person answers you before ",
	adviser:      "A person of the team answers you.",
	adviserNamed: " answers you, a person of the team.",
}

// wordsIn returns the texts in a language; any other gets French.
func wordsIn(lang string) *words {
	if len(lang) >= 2 && lang[:2] == "en" {
		return &english
	}
	return &french
}

// owner says who answers. now decides whether a promise still stands: one that
// has passed is not repeated.
func (w *words) owner(o standing, zone *time.Location, now time.Time) string {
	switch {
	case o.kind == bot.Adviser && o.name != "":
		return o.name + w.adviserNamed
	case o.kind == bot.Adviser:
		return w.adviser
	case o.kind == bot.Queue && o.promise.After(now):
		return w.queuedUntil + calendar.Long(o.promise.In(zone), w.lang) + "."
	case o.kind == bot.Queue:
		return w.queued
	}
	return w.assistant
}
