package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
	"relais/bot/seal"
)

// tombstoneFor is how long the hash of an erased address is kept.
const tombstoneFor = 24 * time.Hour

// Export returns all that is kept about whoever is behind an address;
// ErrNotFound when nobody is.
func (s *Store) Export(ctx context.Context, a bot.Address) (bot.Dossier, error) {
	l, key, err := s.load(ctx, bot.Ref{Address: a})
	if err != nil {
		return bot.Dossier{}, err
	}
	if l.Fresh != nil {
		return bot.Dossier{}, bot.ErrNotFound
	}
	id := l.Conversation.ID
	d := bot.Dossier{Address: a, Person: l.Conversation.Person, Conversation: id, Threads: map[bot.ID]bot.Channel{}, Appointments: l.Booked}
	for i := range l.Conversation.Threads {
		d.Threads[l.Conversation.Threads[i].ID] = l.Conversation.Threads[i].Channel
	}
	if d.Lines, err = s.History(ctx, bot.HistoryQuery{Conversation: id, Limit: math.MaxInt32}); err != nil {
		return bot.Dossier{}, err
	}
	d.Answers, err = list(ctx, s, func(row pgx.CollectableRow) (bot.Answer, error) { return scanAnswer(row, id, key) },
		selectAnswers+inOrder, uid(id))
	if err != nil {
		return bot.Dossier{}, fmt.Errorf("read the answers of conversation %s: %w", id, err)
	}
	if d.HandOffs, err = list(ctx, s, scanHand, selectHands, uid(id)); err != nil {
		return bot.Dossier{}, fmt.Errorf("read the hand-offs of conversation %s: %w", id, err)
	}
	return d, nil
}

// Erase deletes the person behind an address or a conversation: every address
// they hold, and their key. The conversation's lock is taken first, so that no
// turn is under way.
func (s *Store) Erase(ctx context.Context, ref bot.Ref, now time.Time) (erased bool, err error) {
	hash := s.keys.AddressHash(ref.Address)
	var person pgtype.UUID
	err = s.transact(ctx, "save", func(tx pgx.Tx) error {
		var conversation pgtype.UUID
		err := tx.QueryRow(ctx, `
			SELECT id, person FROM conversation
			WHERE id = coalesce($1, (SELECT conversation FROM thread WHERE hash = $2))
			FOR UPDATE`, uid(ref.Conversation), hash[:]).Scan(&conversation, &person)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		erased = true
		return erase(ctx, tx, conversation, person, now)
	})
	if err != nil {
		return false, fmt.Errorf("erase a person: %w", err)
	}
	s.people.Drop(person.Bytes)
	return erased, nil
}

func erase(ctx context.Context, tx pgx.Tx, conversation, person pgtype.UUID, now time.Time) error {
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM tombstone WHERE until <= $1`, stamp(now))
	b.Queue(`
		INSERT INTO tombstone (hash, until) SELECT hash, $2 FROM thread WHERE conversation = $1 ORDER BY hash
		ON CONFLICT (hash) DO UPDATE SET until = excluded.until`, conversation, stamp(now.Add(tombstoneFor)))
	b.Queue(`DELETE FROM job WHERE conversation = $1`, conversation)
	b.Queue(`DELETE FROM line WHERE conversation = $1`, conversation)
	b.Queue(`DELETE FROM person WHERE id = $1`, person) // the rest goes with it
	return tx.SendBatch(ctx, b).Close()
}

func scanAddress(row pgx.CollectableRow, key *seal.Key) (bot.Address, error) {
	var thread pgtype.UUID
	var sealed []byte
	if err := row.Scan(&thread, &sealed); err != nil {
		return bot.Address{}, err
	}
	return key.OpenAddress(thread.Bytes, sealed)
}

// selectAnswers and selectHands read what belongs to a conversation ($1), the
// oldest first.
const (
	selectAnswers = `SELECT key, at, codes, by_, flow, shared, body FROM answer WHERE conversation = $1`
	inOrder       = ` ORDER BY at, key`
	selectHands   = `
		SELECT id, state, org, team, reason, urgent, asked_by, flow, step, asked, since, deadline, waiting, missed,
			acknowledged, alerts, adviser, outcome, ended
		FROM handoff WHERE conversation = $1 ORDER BY since NULLS FIRST, id`
)

func scanAnswer(row pgx.CollectableRow, conversation bot.ID, key *seal.Key) (a bot.Answer, err error) {
	var at pgtype.Timestamptz
	var body []byte
	if err := row.Scan(&a.Key, &at, &a.Codes, &a.By, &a.Flow, &a.Shared, &body); err != nil {
		return a, err
	}
	a.At = moment(at)
	return a, key.OpenAnswer(conversation, body, &a)
}

func scanHand(row pgx.CollectableRow) (hand bot.Hand, err error) {
	h := &hand.HandOff
	var id pgtype.UUID
	var since, deadline, waiting, ended pgtype.Timestamptz
	err = row.Scan(&id, &h.State, &h.Organisation, &h.Team, &h.Reason, &h.Urgent, &h.AskedBy, &h.Flow, &h.Step, &h.Asked,
		&since, &deadline, &waiting, &h.Missed, &h.Acknowledged, &h.Alerts, &hand.Adviser, &hand.Outcome, &ended)
	h.ID, h.Since, h.Deadline, h.Waiting = id.Bytes, moment(since), moment(deadline), moment(waiting)
	hand.Ended = moment(ended)
	return hand, err
}
