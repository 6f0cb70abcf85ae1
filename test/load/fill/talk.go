// Package fill puts into a store what a benchmark needs before it begins. What
// the program will read goes in through the store itself, sealed and complete:
// people with lines to send, people with an appointment, people who have talked
// for years. What it only has to live beside, millions of other people's rows,
// goes in as bulk with the right shapes and random bytes where sealed ones
// would be.
package fill

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"relais/bot"
	"relais/bot/appointments"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

// batch is how many people one commit stores.
const batch = 250

// each stores one turn for each of count people, in batches. The turn is made
// from the person's number.
func each(ctx context.Context, s bot.Store, first, count int, turn func(person int) *bot.Commit) error {
	for begin := 0; begin < count; begin += batch {
		var group []*bot.Commit
		for i := begin; i < min(begin+batch, count); i++ {
			group = append(group, turn(first+i))
		}
		outcomes, err := s.Commit(ctx, group, nil)
		if err := errors.Join(append(outcomes, err)...); err != nil {
			return fmt.Errorf("fill the store: %w", err)
		}
	}
	return nil
}

// newcomer is the first turn of somebody with a telephone.
func newcomer(person int, at time.Time) *bot.Commit {
	thread := newID()
	c := &bot.Conversation{
		ID: newID(), Person: newID(), Created: at, Lang: "fr", Owner: bot.Owner{Kind: bot.Assistant},
		Threads: []bot.Thread{{ID: thread, Channel: bot.SMS}},
	}
	return &bot.Commit{At: at, Conversation: c, Addresses: map[bot.ID]bot.Address{
		thread: {Channel: bot.SMS, Value: texting.Phone(person)},
	}}
}

func newID() (id bot.ID) {
	rand.Read(id[:])
	return id
}

// say adds a line to a turn.
func say(turn *bot.Commit, l bot.Line) {
	c := turn.Conversation
	th := &c.Threads[0]
	c.N++
	th.Seq++
	l.Conversation, l.Thread, l.N, l.Seq, l.Audience, l.At = c.ID, th.ID, c.N, th.Seq, bot.ForAll, turn.At
	turn.Lines = append(turn.Lines, l)
}

// several is how often somebody has more than one line to be sent, and lines
// how many: enough to see whether order is kept.
const (
	several = 10
	lines   = 3
)

// Letters stores people each with a text to be sent at due; every tenth has
// three. It returns how many texts that is. They tell their place in the
// thread, for the operator to check their order.
func Letters(ctx context.Context, s bot.Store, first, count int, due time.Time) (texts int, err error) {
	due = bot.Microseconds(due)
	now := bot.Microseconds(time.Now())
	err = each(ctx, s, first, count, func(person int) *bot.Commit {
		turn := newcomer(person, now)
		n := 1
		if person%several == 0 {
			n = lines
		}
		for k := range n {
			say(turn, bot.Line{
				From: bot.FromAssistant, Text: bot.Text(fmt.Sprintf("Votre dossier a bien été reçu par l'équipe. %s%d", operator.Numbered, k+1)),
				Class: "notice", Lane: bot.LaneNotice, Delivery: bot.Pending, Segments: 1,
			})
		}
		texts += n
		c := turn.Conversation
		turn.Schedule = []bot.Job{{
			Key: "deliver:" + c.Threads[0].ID.String(), Kind: bot.JobDeliver, Lane: bot.LaneNotice, Due: due,
			Conversation: c.ID, Thread: c.Threads[0].ID,
		}}
		return turn
	})
	return texts, err
}

// Reminders stores people each with an appointment tomorrow and its reminder,
// due at due. Each makes one text.
func Reminders(ctx context.Context, s bot.Store, first, count int, due time.Time) (texts int, err error) {
	due = bot.Microseconds(due)
	now := bot.Microseconds(time.Now())
	err = each(ctx, s, first, count, func(person int) *bot.Commit {
		turn := newcomer(person, now)
		c := turn.Conversation
		a := appointments.Appointment{
			Key:   appointments.Key{Source: "bench", ExternalID: fmt.Sprint(person), Participant: "1"},
			Start: due.Add(30 * time.Hour).Truncate(time.Minute), Duration: time.Hour, Status: appointments.Planned,
			Organisation: "departement", Place: "CMS Besançon", Address: "5 rue Exemple", Lang: "fr", Kind: "rdv", Revision: 1,
		}
		c.Booked = 1
		turn.Booked = []appointments.Appointment{a}
		subject := bot.AppointmentKey(a.Key)
		turn.Schedule = []bot.Job{{
			Key: "reminder:" + c.ID.String() + ":" + subject + "#d1", Kind: bot.JobReminder, Lane: bot.LaneNotice, Due: due,
			Conversation: c.ID, Subject: subject, Revision: 1,
		}}
		return turn
	})
	return count, err
}

// Talkers stores people who have exchanged so many lines already.
func Talkers(ctx context.Context, s bot.Store, first, count, lines int) error {
	at := bot.Microseconds(time.Now().Add(-24 * time.Hour))
	for person := first; person < first+count; person++ {
		turn := newcomer(person, at)
		for k := range lines {
			if k%2 == 0 {
				say(turn, bot.Line{From: bot.FromPerson, Text: "oui", Class: "said"})
			} else {
				say(turn, bot.Line{From: bot.FromAssistant, Text: "Dans quelle commune vivez-vous ? Écrivez le nom ou le code postal.", Class: "reply",
					Lane: bot.LaneReply, Delivery: bot.Accepted, Provider: fmt.Sprintf("SM%032x", person*lines+k), Segments: 1})
			}
		}
		outcomes, err := s.Commit(ctx, []*bot.Commit{turn}, nil)
		if err := errors.Join(append(outcomes, err)...); err != nil {
			return fmt.Errorf("fill the store: %w", err)
		}
	}
	return nil
}
