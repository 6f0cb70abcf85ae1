package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/appointments"
)

// due runs a job of the conversation as if its time had come.
func (k *talk) due(kind bot.JobKind) {
	k.happen(bot.Due{Job: bot.Job{Kind: kind, Conversation: k.c.ID, Due: k.w.Now, Revision: k.c.Epoch}})
}

// book gives the person an appointment, as its source tells it.
func (k *talk) book(a appointments.Appointment) {
	a.Key = appointments.Key{Source: "csv", ExternalID: "A1"}
	a.Status, a.Revision = appointments.Planned, 1
	k.w.Booked = append(k.w.Booked, a)
	k.c.Booked = len(k.w.Booked)
}

// remind sends the reminder of the first appointment.
func (k *talk) remind() {
	key := bot.AppointmentKey(k.w.Booked[0].Key)
	k.happen(bot.Due{Job: bot.Job{Kind: bot.JobReminder, Key: "reminder:x:" + key + "#d1", Subject: key, Due: k.w.Now, Revision: 1, Conversation: k.c.ID}})
}

func (k *talk) tasks() (kinds, organisations []string) {
	for _, e := range k.effects {
		if task, ok := e.(bot.Task); ok {
			kinds, organisations = append(kinds, task.Item.Kind), append(organisations, task.Item.Organisation)
		}
	}
	return kinds, organisations
}

func TestADoubtIsWatchedWhateverHappens(t *testing.T) {
	for _, between := range []string{"PAUSE", "STOP", "RECOMMENCER", "MES DONNÉES", "CONSEILLER"} {
		k := newTalk(t)
		k.say("bonjour")
		k.say("marre de tout")
		if said := k.said(); len(said) != 1 || !strings.HasPrefix(said[0], "3114") {
			t.Fatalf("the person reads %q", said)
		}
		k.say(between)
		k.w.Now = k.w.Now.Add(15 * time.Minute)
		k.due(bot.JobDoubt)
		if h := k.c.HandOff; h == nil || !h.Urgent || !strings.HasPrefix(h.Reason, "crisis_") {
			t.Errorf("%s, then silence: the hand-off is %+v", between, h)
		}
	}
}

func TestADoubtIsAnsweredAfterAnOptOut(t *testing.T) {
	k := newTalk(t)
	k.say("bonjour")
	k.say("STOP")
	k.say("marre de tout")
	if said := k.said(); len(said) != 1 || !strings.HasPrefix(said[0], "3114") {
		t.Errorf("the person reads %q, want the line", said)
	}
}

func TestACrisisIsNotWithdrawnByAWord(t *testing.T) {
	k := newTalk(t)
	k.say("je veux mourir")
	k.say("RETOUR")
	if k.c.HandOff == nil || k.c.Owner.Kind != bot.Queue {
		t.Error("whoever holds the phone took the alert back")
	}
	k = newTalk(t)
	k.say("CONSEILLER")
	k.say("RETOUR")
	if k.c.HandOff != nil || k.c.Owner.Kind != bot.Assistant {
		t.Error("an ordinary request cannot be taken back")
	}
}

func TestACrisisShowsOnAnUrgentHandOff(t *testing.T) {
	k := newTalk(t)
	for _, text := range []string{"bonjour", "oui", "4"} {
		k.say(text)
	}
	k.say("je veux mourir")
	if got := k.c.HandOff.Reason; got != "crisis_suicide" {
		t.Errorf("the reason is still %q", got)
	}
}

func TestAnswersAboutAnAppointmentGoToItsOrganisation(t *testing.T) {
	k := newTalk(t)
	k.say("CONSEILLER") // the département's, open
	k.book(appointments.Appointment{Start: k.w.Now.Add(26 * time.Hour), Organisation: "mission-locale", Place: "Mission locale"})
	k.remind()
	for _, text := range []string{"non", "1", "6"} {
		k.say(text)
	}
	kinds, organisations := k.tasks()
	if !slices.Equal(kinds, []string{"appointment_declined"}) || !slices.Equal(organisations, []string{"mission-locale"}) {
		t.Errorf("tasks %q for %q, want one for the mission locale", kinds, organisations)
	}
}

func TestAPromiseIsNeverInThePast(t *testing.T) {
	k := newTalk(t)
	k.say("CONSEILLER")
	deadline := k.c.HandOff.Deadline
	k.due(bot.JobPromise)
	if got := k.c.HandOff.Missed; got != 0 {
		t.Errorf("missed %d times before its time", got)
	}
	for range 3 {
		k.w.Now = k.c.HandOff.Deadline.Add(time.Minute)
		k.due(bot.JobPromise)
	}
	if said := k.said(); len(said) != 0 || !k.c.HandOff.Deadline.After(deadline) {
		t.Errorf("after the second miss the person reads %q, deadline %s", said, k.c.HandOff.Deadline)
	}
}

func TestAnswersNotToBeSentGoOnlyIfTheyStillAre(t *testing.T) {
	k := newTalk(t)
	for _, text := range []string{"bonjour", "oui", "5"} {
		k.say(text)
	}
	k.c.Withheld = true
	k.say("RECOMMENCER")
	k.say("5")
	k.happen(bot.Due{Job: bot.Job{Kind: bot.JobErase, Subject: "answers", Conversation: k.c.ID}})
	if k.c.Step != "prediagnostic/q02" {
		t.Errorf("the new questionnaire was erased: the dialogue stands at %q", k.c.Step)
	}
}

func TestANoWhilePausedIsNoAnswer(t *testing.T) {
	k := newTalk(t)
	for _, text := range []string{"bonjour", "oui", "5", "Besançon", "1990", "PAUSE", "non"} {
		k.say(text)
	}
	if k.c.Step != "prediagnostic/q04" || !k.c.Paused {
		t.Errorf("at %q, paused %v: the NON was taken for an answer", k.c.Step, k.c.Paused)
	}
}

func TestNothingIsAskedOfWhomNothingCanBeSent(t *testing.T) {
	k := newTalk(t)
	for _, text := range []string{"bonjour", "oui", "5", "Besançon", "ARRET", "1990"} {
		k.say(text)
	}
	if k.c.Step != "prediagnostic/q03" {
		t.Errorf("the questionnaire went on blind, to %q", k.c.Step)
	}
}

func TestGoingBackIsNoLoop(t *testing.T) {
	k := newTalk(t)
	for _, text := range []string{"bonjour", "oui", "5", "Besançon", "1990", "1", "2", "2", "1"} {
		k.say(text)
	}
	for range 7 {
		k.say("RETOUR")
	}
	if k.c.HandOff != nil {
		t.Errorf("seven steps back: %q", k.c.HandOff.Reason)
	}
}

func TestTheLoopGuardHoldsForEveryWord(t *testing.T) {
	for _, word := range []string{"START", "ENGLISH", "AIDE"} {
		k := newTalk(t)
		k.say("bonjour")
		replies := 0
		for range 100 {
			k.say(word)
			replies += len(k.said())
		}
		if replies > 20 {
			t.Errorf("%s a hundred times: %d replies", word, replies)
		}
	}
}

func TestTurnIsTotal(t *testing.T) {
	k := newTalk(t)
	k.say("bonjour")
	k.w.Thread = bot.ID{9}
	k.say("oui")
	if k.refusal() == "" {
		t.Error("a text on a thread of nobody was taken")
	}
	k.c.Owner = bot.Owner{Kind: bot.Adviser, Adviser: "1"}
	by := bot.Actor{Adviser: "1"}
	for _, what := range []bot.What{bot.GivenBack{By: by}, bot.Closed{By: by, Outcome: "x"}, bot.Wrote{By: by, Text: "x"}, bot.Acknowledged{By: by}} {
		if k.happen(what); k.refusal() == "" {
			t.Errorf("%T without a hand-off was taken", what)
		}
	}
}

func TestABrokenTurnStillReadsDanger(t *testing.T) {
	k := newTalk(t)
	k.say("bonjour")
	k.happen(bot.Broken{Said: bot.Said{Text: "je veux mourir, 1 85 05 78 006 084 36"}})
	if said := k.said(); len(said) == 0 || !strings.HasPrefix(said[0], "3114") {
		t.Errorf("the person reads %q", said)
	}
	for _, e := range k.effects {
		if say, ok := e.(bot.Say); ok && strings.Contains(string(say.Line.Text), "006 084") {
			t.Error("a social security number was kept")
		}
	}
}

func TestALongTextLeavesInSeveralMessages(t *testing.T) {
	k := newTalk(t)
	k.say("CONSEILLER")
	by := bot.Actor{Adviser: "1", Name: "Samira", Organisation: "departement"}
	k.happen(bot.Claimed{By: by})
	text := strings.TrimSpace(strings.Repeat("Voici où nous trouver : près de l'hôtel de ville. ", 30)) // ô: 67 letters a part
	k.happen(bot.Wrote{By: by, Text: bot.Text(text), Epoch: k.c.Epoch})
	var parts []string
	for _, e := range k.effects {
		if say, ok := e.(bot.Say); ok && say.Line.From == bot.FromAdviser {
			parts = append(parts, string(say.Line.Text))
			if say.Line.Segments > 10 {
				t.Errorf("a message of %d segments", say.Line.Segments)
			}
		}
	}
	if len(parts) < 2 || strings.Join(parts, "") != text {
		t.Errorf("%d messages, which join into %q", len(parts), strings.Join(parts, ""))
	}
}
