package storetest

import (
	"fmt"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/appointments"
)

// booking is an appointment with something in every field.
func booking(external string, start time.Time) appointments.Appointment {
	return appointments.Appointment{
		Key:   appointments.Key{Source: "csv", ExternalID: external, Participant: "p1"},
		Start: start, Duration: 45 * time.Minute, Status: appointments.Planned,
		Organisation: "a", Place: "Mairie", Address: "1 rue du Pont", Motive: "Bilan", Adviser: "M. Petit", Lang: "fr",
		Kind: "bilan", Sensitive: true, Revision: 2, Said: "yes", SaidAt: now, Reminded: true, BookedAt: now.Add(-time.Hour),
	}
}

func bookings(t *testing.T, s *suite) {
	book := func(t *testing.T, h *house, a bot.Address, booked ...appointments.Appointment) {
		t.Helper()
		h.update(t, a, func(turn *bot.Commit) {
			turn.Booked = booked
			turn.Conversation.Booked = len(booked)
		})
	}
	s.check(t, "appointments come with their person, the earliest first", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		early, late := booking("1", now.Add(24*time.Hour)), booking("2", now.Add(48*time.Hour))
		book(t, h, phone(1), late, early)
		want := []appointments.Appointment{early, late}
		l := h.load(t, phone(1))
		same(t, "by address", l.Booked, want)
		byID, err := h.Load(t.Context(), bot.Ref{Conversation: l.Conversation.ID})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "by id", byID.Booked, want)
	})
	s.check(t, "an appointment is found by its key, with its conversation", func(t *testing.T, h *house) {
		a := booking("1", now)
		_, _, err := h.Appointment(t.Context(), a.Key)
		fails(t, err, bot.ErrNotFound)
		l := h.meet(t, phone(1))
		book(t, h, phone(1), a)
		got, conversation, err := h.Appointment(t.Context(), a.Key)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "appointment", got, a)
		if conversation != l.Conversation.ID {
			t.Errorf("it belongs to conversation %s, want %s", conversation, l.Conversation.ID)
		}
		other := a.Key
		other.Participant = "somebody else"
		_, _, err = h.Appointment(t.Context(), other)
		fails(t, err, bot.ErrNotFound)
	})
	s.check(t, "an appointment told again replaces itself", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		a := booking("1", now)
		book(t, h, phone(1), a)
		a.Start, a.Status, a.Place, a.Revision, a.Said, a.SaidAt = now.Add(time.Hour), appointments.Cancelled, "Gare", 3, "", time.Time{}
		book(t, h, phone(1), a)
		same(t, "booked", h.load(t, phone(1)).Booked, []appointments.Appointment{a})
	})
	s.check(t, "source, id and participant make three different appointments", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		one, two, three := booking("1", now), booking("1", now.Add(time.Hour)), booking("1", now.Add(2*time.Hour))
		two.Source, three.Participant = "rdv", "p2"
		book(t, h, phone(1), one, two, three)
		if got := len(h.load(t, phone(1)).Booked); got != 3 {
			t.Errorf("%d appointments, want 3", got)
		}
	})
	s.check(t, "an appointment given to somebody else moves to them", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		h.meet(t, phone(2))
		a := booking("1", now)
		book(t, h, phone(1), a)
		book(t, h, phone(2), a)
		same(t, "of the first", h.load(t, phone(1)).Booked, []appointments.Appointment{})
		same(t, "of the second", h.load(t, phone(2)).Booked, []appointments.Appointment{a})
	})
	s.check(t, "of very many appointments the latest are loaded", func(t *testing.T, h *house) {
		h.meet(t, phone(1))
		var all []appointments.Appointment
		for i := range 70 {
			all = append(all, booking(fmt.Sprint(i), now.Add(time.Duration(i)*time.Hour)))
		}
		book(t, h, phone(1), all...)
		same(t, "booked", h.load(t, phone(1)).Booked, all[70-64:])
	})
}
