package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/seal"
)

// appointmentLimit bounds what a turn is given: the latest ones.
const appointmentLimit = 64

// Load returns the conversation behind an address or an id: one query, and a
// second one only when the person has appointments. See bot.Store.
func (s *Store) Load(ctx context.Context, ref bot.Ref) (bot.Loaded, error) {
	l, _, err := s.load(ctx, ref)
	return l, err
}

// load also returns the person's key, nil when nobody is known at the address.
func (s *Store) load(ctx context.Context, ref bot.Ref) (bot.Loaded, *seal.Key, error) {
	if !ref.Conversation.IsZero() {
		return s.loadByID(ctx, ref.Conversation)
	}
	hash := s.keys.AddressHash(ref.Address)
	var optedOut bool
	row, l := storedState{}, bot.Loaded{}
	err := s.pool.QueryRow(ctx, `
		SELECT t.id, c.id, c.person, c.version, c.state, p.key, s.number,
			EXISTS (SELECT FROM opt_out o WHERE o.hash = $1 AND o.ended IS NULL)
		FROM setting s
		LEFT JOIN thread t ON t.hash = $1
		LEFT JOIN conversation c ON c.id = t.conversation
		LEFT JOIN person p ON p.id = c.person
		WHERE s.key = 'generation'`, hash[:]).Scan(&row.thread, &row.id, &row.person, &row.version, &row.state, &row.key, &l.Generation, &optedOut)
	if err != nil {
		return l, nil, fmt.Errorf("load a conversation: %w", err)
	}
	if !row.id.Valid {
		l.Fresh = &bot.Fresh{Channel: ref.Address.Channel, OptedOut: optedOut}
		return l, nil, nil
	}
	key, err := s.open(ctx, &l, row)
	return l, key, err
}

func (s *Store) loadByID(ctx context.Context, id bot.ID) (bot.Loaded, *seal.Key, error) {
	row, l := storedState{}, bot.Loaded{}
	err := s.pool.QueryRow(ctx, `
		SELECT c.id, c.person, c.version, c.state, p.key, (SELECT number FROM setting WHERE key = 'generation')
		FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = $1`, uid(id)).Scan(&row.id, &row.person, &row.version, &row.state, &row.key, &l.Generation)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, nil, bot.ErrNotFound
	}
	if err != nil {
		return l, nil, fmt.Errorf("load conversation %s: %w", id, err)
	}
	key, err := s.open(ctx, &l, row)
	return l, key, err
}

// storedState is what a load reads of a conversation; all of it is NULL when
// nobody is known at the address.
type storedState struct {
	thread, id, person pgtype.UUID
	version            pgtype.Int8
	state, key         []byte
}

// open fills in the conversation and its appointments.
func (s *Store) open(ctx context.Context, l *bot.Loaded, row storedState) (*seal.Key, error) {
	key, err := s.keys.Unwrap(row.key, row.person.Bytes)
	if err != nil {
		return nil, fmt.Errorf("load conversation %s: %w", bot.ID(row.id.Bytes), err)
	}
	if l.Conversation, err = key.OpenState(row.id.Bytes, row.state); err != nil {
		return nil, err
	}
	l.Conversation.Version, l.Thread = row.version.Int64, row.thread.Bytes
	if l.Conversation.Booked > 0 {
		l.Booked, err = s.appointments(ctx, l.Conversation.ID, key)
	}
	return key, err
}

// appointmentColumns are read by scanAppointment, in that order.
const appointmentColumns = `a.hash, a.start, a.duration, a.status, a.revision, a.org, a.kind, a.sensitive, a.lang,
	a.said, a.said_at, a.booked_at, a.details`

// appointments returns a conversation's appointments, the earliest first.
func (s *Store) appointments(ctx context.Context, conversation bot.ID, key *seal.Key) ([]appointments.Appointment, error) {
	found, err := list(ctx, s, func(row pgx.CollectableRow) (appointments.Appointment, error) {
		return scanAppointment(row, key)
	}, `
		SELECT `+appointmentColumns+`
		FROM (SELECT * FROM appointment WHERE conversation = $1 ORDER BY start DESC NULLS LAST LIMIT $2) a
		ORDER BY a.start, a.hash`, uid(conversation), appointmentLimit)
	if err != nil {
		return nil, fmt.Errorf("load the appointments of conversation %s: %w", conversation, err)
	}
	return found, nil
}

func scanAppointment(row pgx.Row, key *seal.Key) (a appointments.Appointment, err error) {
	var hash, details []byte
	var start, saidAt, bookedAt pgtype.Timestamptz
	var length time.Duration
	err = row.Scan(&hash, &start, &length, &a.Status, &a.Revision, &a.Organisation, &a.Kind, &a.Sensitive, &a.Lang,
		&a.Said, &saidAt, &bookedAt, &details)
	if err != nil {
		return a, err
	}
	a.Start, a.Duration, a.SaidAt, a.BookedAt = moment(start), length, moment(saidAt), moment(bookedAt)
	return a, key.OpenAppointment([32]byte(hash), details, &a)
}

// Appointment returns an appointment by its key, and its conversation; see
// bot.Store.
func (s *Store) Appointment(ctx context.Context, k appointments.Key) (appointments.Appointment, bot.ID, error) {
	hash := s.keys.AppointmentHash(k)
	a, conversation, err := s.appointment(ctx, hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return appointments.Appointment{}, bot.ID{}, bot.ErrNotFound
	}
	if err != nil {
		return appointments.Appointment{}, bot.ID{}, fmt.Errorf("find an appointment: %w", err)
	}
	return a, conversation, nil
}

func (s *Store) appointment(ctx context.Context, hash [32]byte) (a appointments.Appointment, conversation bot.ID, err error) {
	var owner, person pgtype.UUID
	var wrapped []byte
	err = s.pool.QueryRow(ctx, `
		SELECT a.conversation, p.id, p.key FROM appointment a JOIN person p ON p.id = a.person
		WHERE a.hash = $1`, hash[:]).Scan(&owner, &person, &wrapped)
	if err != nil {
		return a, conversation, err
	}
	key, err := s.keys.Unwrap(wrapped, person.Bytes)
	if err != nil {
		return a, conversation, err
	}
	a, err = scanAppointment(s.pool.QueryRow(ctx, `
		SELECT `+appointmentColumns+` FROM appointment a WHERE a.hash = $1`, hash[:]), key)
	return a, owner.Bytes, err
}

// Session returns the thread of a web address and where it stands; see
// bot.Store.
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
	if th := c.Thread(l.Thread); th != nil {
		session.Seq = th.Seq
	}
	if c.HandOff != nil {
		session.Deadline = c.HandOff.Deadline
	}
	return session, nil
}
