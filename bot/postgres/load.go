package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/seal"
)

// appointmentLimit bounds what a turn is given: the latest ones.
const appointmentLimit = 64

// Load returns the conversation behind an address or an id, in one round trip.
// See bot.Store.
func (s *Store) Load(ctx context.Context, ref bot.Ref) (bot.Loaded, error) {
	l, _, err := s.load(ctx, ref)
	return l, err
}

const (
	// loaded are the columns that storedState and storedAppointment read: a row
	// per appointment, or one without.
	loaded = `c.id, c.person, c.version, c.state, p.key, ` + appointmentColumns

	// booked adds the appointments of a conversation c, if it has any.
	booked = `
LEFT JOIN LATERAL (
	SELECT * FROM appointment WHERE conversation = c.id AND c.booked > 0 ORDER BY start DESC NULLS LAST LIMIT $2) a ON true`

	loadByAddress = `
SELECT t.id, s.number, EXISTS (SELECT FROM opt_out o WHERE o.hash = $1 AND o.ended IS NULL), ` + loaded + `
FROM setting s
LEFT JOIN thread t ON t.hash = $1
LEFT JOIN conversation c ON c.id = t.conversation
LEFT JOIN person p ON p.id = c.person` + booked + `
WHERE s.key = 'generation' ORDER BY a.start, a.hash`

	loadByID = `
SELECT NULL::uuid, (SELECT number FROM setting WHERE key = 'generation'), false, ` + loaded + `
FROM conversation c JOIN person p ON p.id = c.person` + booked + `
WHERE c.id = $1 ORDER BY a.start, a.hash`
)

// load also returns the person's key, nil when nobody is known at the address.
func (s *Store) load(ctx context.Context, ref bot.Ref) (bot.Loaded, *seal.Key, error) {
	if !ref.Conversation.IsZero() {
		return s.loadRows(ctx, ref, loadByID, uid(ref.Conversation))
	}
	hash := s.keys.AddressHash(ref.Address)
	return s.loadRows(ctx, ref, loadByAddress, hash[:])
}

func (s *Store) loadRows(ctx context.Context, ref bot.Ref, sql string, by any) (l bot.Loaded, key *seal.Key, err error) {
	rows, _ := s.pool.Query(ctx, sql, by, appointmentLimit) // its error comes out of the rows
	defer rows.Close()
	found := false
	for rows.Next() {
		if !found {
			found = true
			if l, key, err = s.openState(rows, ref); err != nil {
				return l, nil, fmt.Errorf("load a conversation: %w", err)
			}
		}
		if rows.RawValues()[stateFields] == nil {
			continue // no appointment
		}
		var a storedAppointment
		if err := rows.Scan(append(make([]any, stateFields), a.fields()...)...); err != nil {
			return l, nil, fmt.Errorf("load the appointments of conversation %s: %w", l.Conversation.ID, err)
		}
		opened, err := a.open(key)
		if err != nil {
			return l, nil, err
		}
		l.Booked = append(l.Booked, opened)
	}
	if err := rows.Err(); err != nil {
		return l, nil, fmt.Errorf("load a conversation: %w", err)
	}
	if !found {
		return l, nil, bot.ErrNotFound
	}
	return l, key, nil
}

// stateFields is how many columns openState reads.
const stateFields = 8

// openState reads what a row tells of the conversation; all of that is NULL
// when nobody is known at the address.
func (s *Store) openState(row pgx.Rows, ref bot.Ref) (l bot.Loaded, key *seal.Key, err error) {
	var thread, id, person pgtype.UUID
	var version pgtype.Int8
	var state, wrapped pgtype.DriverBytes // good until the next row
	var optedOut bool
	fields := []any{&thread, &l.Generation, &optedOut, &id, &person, &version, &state, &wrapped}
	if err := row.Scan(append(fields, make([]any, appointmentFields)...)...); err != nil {
		return l, nil, err
	}
	if !id.Valid {
		l.Fresh = &bot.Fresh{Channel: ref.Address.Channel, OptedOut: optedOut}
		return l, nil, nil
	}
	if key, err = s.personKey(person.Bytes, wrapped); err != nil {
		return l, nil, err
	}
	if l.Conversation, err = key.OpenState(id.Bytes, state); err != nil {
		return l, nil, err
	}
	l.Conversation.Version, l.Thread = version.Int64, thread.Bytes
	return l, key, nil
}

// appointmentColumns are read into a storedAppointment, in that order.
const appointmentColumns = `a.hash, a.start, a.duration, a.status, a.revision, a.org, a.kind, a.sensitive, a.lang,
	a.said, a.said_at, a.booked_at, a.details`

const appointmentFields = 13

// storedAppointment is an appointment as it is stored.
type storedAppointment struct {
	appointments.Appointment
	hash, details           []byte
	start, saidAt, bookedAt pgtype.Timestamptz
}

func (a *storedAppointment) fields() []any {
	return []any{&a.hash, &a.start, &a.Duration, &a.Status, &a.Revision, &a.Organisation, &a.Kind, &a.Sensitive, &a.Lang,
		&a.Said, &a.saidAt, &a.bookedAt, &a.details}
}

func (a *storedAppointment) open(key *seal.Key) (appointments.Appointment, error) {
	a.Start, a.SaidAt, a.BookedAt = moment(a.start), moment(a.saidAt), moment(a.bookedAt)
	err := key.OpenAppointment([32]byte(a.hash), a.details, &a.Appointment)
	return a.Appointment, err
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

func (s *Store) appointment(ctx context.Context, hash [32]byte) (appointments.Appointment, bot.ID, error) {
	var owner, person pgtype.UUID
	var wrapped []byte
	var a storedAppointment
	err := s.pool.QueryRow(ctx, `
		SELECT a.conversation, p.id, p.key, `+appointmentColumns+` FROM appointment a JOIN person p ON p.id = a.person
		WHERE a.hash = $1`, hash[:]).Scan(append([]any{&owner, &person, &wrapped}, a.fields()...)...)
	if err != nil {
		return a.Appointment, bot.ID{}, err
	}
	key, err := s.personKey(person.Bytes, wrapped)
	if err != nil {
		return a.Appointment, bot.ID{}, err
	}
	found, err := a.open(key)
	return found, owner.Bytes, err
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
