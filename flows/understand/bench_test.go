package understand

import (
	"strings"
	"testing"
	"time"
)

// BenchmarkRead reads typical answers of each kind; the figure is for one reading.
func BenchmarkRead(b *testing.B) {
	transport := []Option{
		{Value: "car", Label: "Voiture, moto, scooter", Words: []string{"bagnole", "caisse"}}, {Value: "bus", Label: "Bus, train, tram"}, {Value: "lift", Label: "On m'emmène"},
		{Value: "bike", Label: "Vélo ou marche"}, {Value: "none", Label: "Je n'ai aucun moyen"},
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind    Kind
		options []Option
		texts   []string
	}{
		{YesNo, nil, []string{"oui", "non merci", "je pense que oui", "oui mais non"}},
		{Choice, transport, []string{"2", "le bus", "je n'ai pas de voiture", "vouture"}},
		{Choices, homeOptions, []string{"1 et 3", "logement, santé", "rien de tout ça", "je sais pas"}},
		{Number, nil, []string{"1990", "mille neuf cent quatre-vingt-dix", "34 ans"}},
		{Date, nil, []string{"12/03/1990", "le 12 mars 1990", "dans trois jours"}},
		{Commune, nil, []string{"Besançon", "25440", "j'habite à montbelliard", "zorglub sur mer"}},
		{Text, nil, []string{"Un courrier de la CAF est arrivé hier"}},
	} {
		b.Run(string(c.kind), func(b *testing.B) {
			q := Question{Kind: c.kind, Lang: French, Options: c.options, At: at}
			Read(q, c.texts[0])
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				Read(q, c.texts[i%len(c.texts)])
			}
		})
	}
}

func BenchmarkReadIntent(b *testing.B) {
	texts := []string{"STOP", "je voudrais parler à quelqu'un", "2", "Bonjour, je n'ai pas de voiture en ce moment"}
	ReadIntent(texts[0], French)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ReadIntent(texts[i%len(texts)], French)
	}
}

func BenchmarkReadCrisis(b *testing.B) {
	story := "Bonjour, je voudrais savoir où en est mon dossier, j'ai envoyé les papiers la semaine dernière et personne ne répond, "
	for _, c := range []struct{ name, text string }{
		{"answer", "le 2 svp"}, {"message", story}, {"longest", strings.Repeat(story, 20)},
	} {
		b.Run(c.name, func(b *testing.B) {
			ReadCrisis(c.text, French)
			b.ReportAllocs()
			for b.Loop() {
				ReadCrisis(c.text, French)
			}
		})
	}
}

func BenchmarkMaskNIR(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		MaskNIR("Bonjour, mon numéro est le 1 85 05 78 006 084 36, tel 06 12 34 56 78")
	}
}

// BenchmarkStart builds the vocabularies and the index of communes.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		for _, file := range []string{"data/answers.txt", "data/intents.txt", "data/crisis.txt"} {
			mustLexicon(file)
		}
		if _, err := loadGazetteer("data/communes-25.json", "data/communes-25-anciennes.json"); err != nil {
			b.Fatal(err)
		}
	}
}
