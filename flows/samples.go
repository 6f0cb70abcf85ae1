package flows

import "relais/flows/understand"

// Samples are the values that the names in texts may stand for: what the
// product puts in the place of {team} or {when}. The checker counts each text
// with the worst of them. What a flow saves needs no sample.
type Samples map[string][]string

// DefaultSamples gives values of the lengths and letters met in practice:
// names of teams and services as they are, every commune of the territory, the
// longest ways of writing a date.
func DefaultSamples() Samples {
	moments := []string{"mar. 24/11 à 10h", "mer. 30/12 à 14h30", "Wed 30/12 at 14:30"}
	places := []string{
		"CMS, 12 rue Exemple, BESANÇON", "lieu indiqué par le service", "lieu à demander au service",
		"France Travail, 3 avenue Exemple, MONTBELIARD",
	}
	communes := understand.CommuneNames()
	for i, name := range communes {
		communes[i] = Envelope(name)
	}
	return Samples{
		"service":    {"Doubs Emploi"},
		"territory":  {"Département du Doubs"},
		"team":       {"CMS de Planoise", "Mission locale"},
		"org":        {"Mission locale", "Département du Doubs", "France Travail"},
		"tel":        {"00 00 00 00 00"},
		"url":        {"relais.exemple.fr"},
		"deadline":   moments,
		"when":       moments,
		"sent":       {"20/11 à 18h12", "mer. 30/12 à 18h12"},
		"since":      {"20/11 à 18h12", "mer. 30/12 à 18h12"},
		"place":      places,
		"bring":      {"pièce d'identité, dernier courrier"},
		"first":      {"Samira", "Christophe"},
		"n":          {"5", "12"},
		"count":      {"14", "999"},
		"COMMUNE":    communes,
		"cp":         {"25000"},
		"scope":      {"vos réponses et cet échange"},
		"next":       {"RDV mar. 24/11 à 14h30"},
		"day_place":  {"accueil de jour, 5 rue Exemple"},
		"food_place": {"CCAS, 3 rue Exemple"},
		"amount":     {"une piste d'orientation, 2 RDV et 14 réponses", "199 réponse(s), 999 message(s)"},
	}
}
