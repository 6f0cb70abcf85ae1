package console

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"relais/bot"
	"relais/flows"
)

// A flow that hands over for a new reason must be readable here too.
func TestEveryReasonOfTheFlowsHasWords(t *testing.T) {
	found := 0
	for name, flow := range library().Flows {
		for state, s := range flow.States {
			for _, action := range s.Do {
				if action.Kind != flows.DoHandOff {
					continue
				}
				found++
				if reasons[action.Reason] == "" {
					t.Errorf("%s/%s hands over for %q, which the console cannot say", name, state, action.Reason)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no flow hands over: the test looks in the wrong place")
	}
}

func TestWhatHappenedReadsAsASentence(t *testing.T) {
	for _, c := range []struct{ class, detail, want string }{
		{"handoff_offered", "asked", "Transmis à l'équipe : demande à parler à une personne."},
		{"handoff_offered", "not_understood", "Transmis à l'équipe : l'assistant n'a pas compris trois fois."},
		{"handoff_offered", "a_reason_of_tomorrow", "Transmis à l'équipe : demande transmise par l'assistant."},
		{"handoff_urgent", "crisis_violence", "La demande devient urgente : violences ou danger."},
		{"handoff_cancelled", "", "La personne n'a plus besoin qu'on lui réponde : la demande est retirée."},
		{"handoff_returned", "", "Rendu à l'assistant."},
		{"handoff_closed", "rdv_pris", "Échange terminé : rendez-vous pris."},
		{"claimed", "Samira", "Samira a pris la conversation."},
		{"claim_expired", "Samira", "Samira n'a pas répondu à temps : la conversation est revenue dans la file."},
		{"promise_missed", "1", "La réponse promise n'est pas venue à temps (1re fois)."},
		{"crisis_alert", "3", "Alerte : personne n'a encore confirmé l'avoir vue (3e fois)."},
		{"acknowledged", "Paul", "Paul a vu l'alerte."},
		{"opt_out", "", "La personne ne veut plus recevoir de SMS (STOP)."},
		{"opt_in", "", "La personne accepte de nouveau les SMS."},
		{"undelivered", "permanent 30005", "Un SMS n'est pas arrivé : numéro inconnu."},
		{"undelivered", "opted_out 0", "Un SMS n'est pas arrivé : la personne refuse nos SMS."},
		{"undelivered", "", "Un SMS n'est pas arrivé : cause inconnue."},
		{"something_new", "x", "Événement : something_new"},
	} {
		got := sentence(bot.Line{From: bot.FromSystem, Class: c.class, Text: bot.Text(c.detail)})
		if plain := strings.ReplaceAll(got, "\u00a0", " "); plain != c.want {
			t.Errorf("%s %q reads %q, want %q", c.class, c.detail, plain, c.want)
		}
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	fallback := refusalWords(bot.Refuse{})
	for _, why := range []bot.Refusal{
		bot.RefusedTaken, bot.RefusedNotYours, bot.RefusedStale, bot.RefusedNoQueue, bot.RefusedEmpty,
		bot.RefusedTooLong, bot.RefusedOptedOut, quietHours,
	} {
		if text := refusalWords(bot.Refuse{Why: why, Who: "Samira"}); text == fallback {
			t.Errorf("%s has no words of its own", why)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Minute: "moins d'1 min", 0: "moins d'1 min", 59 * time.Second: "moins d'1 min", time.Minute: "1 min",
		59 * time.Minute: "59 min", 60 * time.Minute: "1 h 00", 65 * time.Minute: "1 h 05",
		23*time.Hour + 59*time.Minute: "23 h 59", 24 * time.Hour: "1 jour", 47 * time.Hour: "1 jour", 72 * time.Hour: "3 jours",
	} {
		if got := strings.ReplaceAll(lasting(d), "\u00a0", " "); got != want {
			t.Errorf("lasting(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPromises(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		deadline time.Time
		want     promise
	}{
		{time.Time{}, promise{Words: "aucun horaire promis"}},
		{monday.Add(90 * time.Minute), promise{Words: "réponse promise avant 11 h 30"}},
		{monday.Add(2 * time.Hour), promise{Words: "réponse promise avant 12 h"}},
		{monday.Add(24 * time.Hour), promise{Words: "réponse promise avant mar. 03/03 à 10h"}},
		{monday.Add(-5 * time.Minute), promise{Words: "promesse dépassée de 5 min", Late: true}},
	} {
		got := promiseOf(c.deadline, monday, paris)
		got.Words = strings.ReplaceAll(got.Words, "\u00a0", " ")
		if got != c.want {
			t.Errorf("promiseOf(%v) = %+v, want %+v", c.deadline, got, c.want)
		}
	}
}

func TestWhatAPersonIsOwed(t *testing.T) {
	since, deadline := monday.Add(-time.Hour), monday.Add(time.Hour)
	promised := promiseOf(deadline, monday, time.UTC)
	for _, c := range []struct {
		name    string
		owner   bot.OwnerKind
		waiting time.Time
		promise promise
		wait    string
	}{
		{"in the queue", bot.Queue, since, promised, ""},
		{"claimed, no answer yet", bot.Adviser, since, promised, lasting(time.Hour)},
		{"answered", bot.Adviser, time.Time{}, promise{Words: "réponse donnée"}, ""},
		{"answered, and wrote again", bot.Adviser, monday.Add(-time.Minute), promise{}, lasting(time.Minute)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, wait := owed(c.owner, since, c.waiting, deadline, monday, time.UTC)
			if p != c.promise || wait != c.wait {
				t.Errorf("owed = %+v, %q, want %+v, %q", p, wait, c.promise, c.wait)
			}
		})
	}
}

// Not asked, not named, does not know and would rather talk are four things.
func TestSilencesAreToldApart(t *testing.T) {
	c := New(Config{
		Asked:    []string{"rsa", "housing", "health", "work", "licence"},
		Question: func(key string) string { return "?" + key },
		Label:    func(_, key, value string) string { return map[string]string{"rsa yes": "Oui"}[key+" "+value] },
	})
	given, missing := c.answersOf([]bot.Answer{
		{Key: "note", Values: []string{"libre"}, Words: "libre"},
		{Key: "work", Values: []string{"declined"}, Words: "je préfère en parler"},
		{Key: "health", Values: []string{"unknown"}, Words: "?"},
		{Key: "housing", Values: []string{"not_named"}},
		{Key: "rsa", Values: []string{"yes"}, Words: "oui", Codes: []string{"ft brsa=true"}, By: bot.SMS},
	}, time.UTC)
	var read []string
	for _, a := range given {
		read = append(read, a.Question+" "+a.Values)
	}
	want := []string{"?rsa Oui", "?housing n'a pas nommé", "?health ne sait pas", "?work préfère en parler", "?note libre"}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"?licence"}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if given[0].Words != "" || given[0].Codes != "ft brsa=true" || given[0].By != "SMS" {
		t.Errorf("the first answer is %+v", given[0])
	}
	if _, missing := c.answersOf(nil, time.UTC); missing != nil {
		t.Errorf("without any answer, %v is said to be missing", missing)
	}
}

func TestPhoneNumbersReadAloud(t *testing.T) {
	for e164, want := range map[string]string{"+33639980001": "06 39 98 00 01", "+262639980001": "+262639980001", "": ""} {
		if got := strings.ReplaceAll(phoneWords(e164), "\u00a0", " "); got != want {
			t.Errorf("phoneWords(%q) = %q, want %q", e164, got, want)
		}
	}
}
