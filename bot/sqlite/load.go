package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/seal"
)

// Load returns the conversation behind an address or an id: one query, and a
// second one only when the person has appointments.
func (s *Store) Load(ctx context.Context, ref bot.Ref) (bot.Loaded, error) {
	if !ref.Conversation.IsZero() {
		return s.loadByID(ctx, ref.Conversation)
	}
	hash := s.keys.AddressHash(ref.Address)
	row := s.reader.row(ctx, `
		SELECT t.id, c.id, c.person, c.version, c.state, p.key, (SELECT value FROM setting WHERE key = 'generation')
		FROM thread t JOIN conversation c ON c.id = t.conversation JOIN person p ON p.id = c.person
		WHERE t.hash = ?`, hash[:])
	loaded, _, err := s.loaded(ctx, row)
	if errors.Is(err, sql.ErrNoRows) {
		return s.loadFresh(ctx, ref.Address.Channel, hash)
	}
	return loaded, err
}

func (s *Store) loadByID(ctx context.Context, id bot.ID) (bot.Loaded, error) {
	row := s.reader.row(ctx, `
		SELECT NULL, c.id, c.person, c.version, c.state, p.key, (SELECT value FROM setting WHERE key = 'generation')
		FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = ?`, id[:])
	loaded, _, err := s.loaded(ctx, row)
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Loaded{}, bot.ErrNotFound
	}
	return loaded, err
}

// loaded reads one row of the two queries above. It also returns the person's
// key, for callers that read more.
func (s *Store) loaded(ctx context.Context, row scanner) (bot.Loaded, *seal.Key, error) {
	var (
		l                              bot.Loaded
		thread, id, person, state, key []byte
		version                        int64
	)
	if err := row.Scan(&thread, &id, &person, &version, &state, &key, &l.Generation); err != nil {
		return l, nil, fmt.Errorf("load a conversation: %w", err)
	}
	opened, err := s.key(s.reader.in(ctx), idOf(id), idOf(person), key)
	if err != nil {
		return l, nil, fmt.Errorf("load conversation %s: %w", idOf(id), err)
	}
	if l.Conversation, err = opened.OpenState(idOf(id), state); err != nil {
		return l, nil, err
	}
	l.Conversation.Version, l.Thread = version, idOf(thread)
	if l.Conversation.Booked > 0 {
		l.Booked, err = s.appointments(ctx, l.Conversation.ID, opened)
	}
	return l, opened, err
}

func (s *Store) loadFresh(ctx context.Context, channel bot.Channel, hash [32]byte) (bot.Loaded, error) {
	l := bot.Loaded{Fresh: &bot.Fresh{Channel: channel}}
	err := s.reader.row(ctx, `
		SELECT value, EXISTS (SELECT 1 FROM opt_out WHERE hash = ? AND ended IS NULL)
		FROM setting WHERE key = 'generation'`, hash[:]).Scan(&l.Generation, &l.Fresh.OptedOut)
	if err != nil {
		return bot.Loaded{}, fmt.Errorf("look for a new address: %w", err)
	}
	return l, nil
}

// appointmentLimit bounds what a turn is given: the latest ones.
const appointmentLimit = 64

// appointments returns a conversation's appointments, the earliest first.
func (s *Store) appointments(ctx context.Context, conversation bot.ID, key *seal.Key) ([]appointments.Appointment, error) {
	var found []appointments.Appointment
	err := s.reader.each(ctx, func(row scanner) error {
		a, err := appointment(row, key)
		found = append(found, a)
		return err
	}, `
		SELECT `+appointmentColumns+` FROM (SELECT * FROM appointment WHERE conversation = ? ORDER BY start DESC LIMIT ?)
		ORDER BY start, hash`, conversation[:], appointmentLimit)
	if err != nil {
		return nil, fmt.Errorf("load the appointments of conversation %s: %w", conversation, err)
	}
	return found, nil
}

const appointmentColumns = `hash, start, duration, status, revision, org, kind, sensitive, lang, said, said_at,
	booked_at, details`

func appointment(row scanner, key *seal.Key) (a appointments.Appointment, err error) {
	var (
		hash, details       []byte
		start, said, booked sql.NullInt64
		seconds             int64
	)
	err = row.Scan(&hash, &start, &seconds, &a.Status, &a.Revision, &a.Organisation, &a.Kind, &a.Sensitive,
		&a.Lang, &a.Said, &said, &booked, &details)
	if err != nil {
		return a, err
	}
	a.Duration = time.Duration(seconds) * time.Second
	a.Start, a.SaidAt, a.BookedAt = moment(start), moment(said), moment(booked)
	return a, key.OpenAppointment([32]byte(hash), details, &a)
}

// Appointment returns an appointment by its key, and the conversation it
// belongs to.
func (s *Store) Appointment(ctx context.Context, key appointments.Key) (appointments.Appointment, bot.ID, error) {
	var conversation, person, wrapped []byte
	hash := s.keys.AppointmentHash(key)
	err := s.reader.row(ctx, `
		SELECT a.conversation, p.id, p.key FROM appointment a JOIN person p ON p.id = a.person WHERE a.hash = ?`,
		hash[:]).Scan(&conversation, &person, &wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return appointments.Appointment{}, bot.ID{}, bot.ErrNotFound
	}
	if err != nil {
		return appointments.Appointment{}, bot.ID{}, fmt.Errorf("find an appointment: %w", err)
	}
	opened, err := s.keys.Unwrap(wrapped, idOf(person))
	if err != nil {
		return appointments.Appointment{}, bot.ID{}, fmt.Errorf("find an appointment: %w", err)
	}
	a, err := appointment(s.reader.row(ctx,
		`SELECT `+appointmentColumns+` FROM appointment WHERE hash = ?`, hash[:]), opened)
	if errors.Is(err, sql.ErrNoRows) {
		return appointments.Appointment{}, bot.ID{}, bot.ErrNotFound // erased in between
	}
	return a, idOf(conversation), err
}

// Session returns the thread of a web address and where it stands.
func (s *Store) Session(ctx context.Context, a bot.Address) (bot.Session, error) {
	l, err := s.Load(ctx, bot.Ref{Address: a})
	if err != nil {
		return bot.Session{}, err
	}
	if l.Fresh != nil {
		return bot.Session{}, bot.ErrNotFound
	}
	c := &l.Conversation
	session := bot.Session{Conversation: c.ID, Thread: l.Thread, Owner: c.Owner, Lang: c.Lang}
	if thread := c.Thread(l.Thread); thread != nil {
		session.Seq = thread.Seq
	}
	if c.HandOff != nil {
		session.Deadline = c.HandOff.Deadline
	}
	return session, nil
}
