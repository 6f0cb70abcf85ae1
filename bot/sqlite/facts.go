package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"relais/bot"
	"relais/bot/seal"
)

// putAnswers takes back what was withdrawn, keeps the turn's answers, and
// opens them all to the team when the person agreed.
func (s *Store) putAnswers(t *tx, c *bot.Commit, at place) error {
	for _, key := range c.Withdrawn {
		if err := t.takeBack(key, at.id); err != nil {
			return err
		}
	}
	for i := range c.Answers {
		if err := t.answer(&c.Answers[i], at.sealed.Answers[i], at.id); err != nil {
			return err
		}
	}
	if !c.Share {
		return nil
	}
	if _, err := t.exec(`UPDATE answer SET shared = 1 WHERE conversation = ?`, at.id[:]); err != nil {
		return fmt.Errorf("share the answers: %w", err)
	}
	return nil
}

// takeBack deletes the last answer under a key, or all answers when there is
// no key.
func (t *tx) takeBack(key string, conversation bot.ID) error {
	_, err := t.exec(`
		DELETE FROM answer WHERE conversation = ?1 AND (?2 = '' OR key = ?2 AND at =
			(SELECT max(at) FROM answer WHERE conversation = ?1 AND key = ?2))`, conversation[:], key)
	if err != nil {
		return fmt.Errorf("withdraw an answer: %w", err)
	}
	return nil
}

// answer keeps an answer; of two under one key in the same turn, the last.
func (t *tx) answer(a *bot.Answer, body []byte, conversation bot.ID) error {
	_, err := t.exec(`
		INSERT OR REPLACE INTO answer (conversation, key, at, codes, by_, flow, shared, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		conversation[:], a.Key, due(a.At), list(a.Codes), string(a.By), a.Flow, a.Shared, body)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

const answerColumns = `key, at, codes, by_, flow, shared, body`

func answerOf(row scanner, conversation bot.ID, key *seal.Key) (a bot.Answer, err error) {
	var (
		at    int64
		codes string
		body  []byte
	)
	if err = row.Scan(&a.Key, &at, &codes, &a.By, &a.Flow, &a.Shared, &body); err != nil {
		return a, err
	}
	a.At = time.UnixMicro(at).UTC()
	if a.Codes, err = listOf(codes); err != nil {
		return a, fmt.Errorf("read an answer's codes: %w", err)
	}
	return a, key.OpenAnswer(conversation, body, &a)
}

func (s *Store) putHandOffs(t *tx, c *bot.Commit, at place) error {
	for i := range c.HandOffs {
		hand := &c.HandOffs[i]
		h := &hand.HandOff
		_, err := t.exec(`
			INSERT OR REPLACE INTO handoff (id, conversation, state, org, team, reason, urgent, asked_by, flow, step,
				asked, since, deadline, waiting, missed, acknowledged, alerts, adviser, outcome, ended)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			h.ID[:], at.id[:], string(h.State), h.Organisation, h.Team, h.Reason, h.Urgent, string(h.AskedBy), h.Flow,
			h.Step, h.Asked, micro(h.Since), micro(h.Deadline), micro(h.Waiting), h.Missed, h.Acknowledged, h.Alerts,
			hand.Adviser, hand.Outcome, micro(hand.Ended))
		if err != nil {
			return fmt.Errorf("write hand-off %s: %w", h.ID, err)
		}
	}
	return nil
}

const handColumns = `id, state, org, team, reason, urgent, asked_by, flow, step, asked, since, deadline, waiting, missed,
	acknowledged, alerts, adviser, outcome, ended`

func handOf(row scanner) (hand bot.Hand, err error) {
	var (
		id                              []byte
		since, deadline, waiting, ended sql.NullInt64
	)
	h := &hand.HandOff
	err = row.Scan(&id, &h.State, &h.Organisation, &h.Team, &h.Reason, &h.Urgent, &h.AskedBy, &h.Flow, &h.Step,
		&h.Asked, &since, &deadline, &waiting, &h.Missed, &h.Acknowledged, &h.Alerts, &hand.Adviser, &hand.Outcome, &ended)
	h.ID, h.Since, h.Deadline, h.Waiting = idOf(id), moment(since), moment(deadline), moment(waiting)
	hand.Ended = moment(ended)
	return hand, err
}

// putOptOuts keeps or ends the refusal of an address, under its hash: it
// survives the person.
func (s *Store) putOptOuts(t *tx, c *bot.Commit, at place) error {
	for _, o := range c.OptOuts {
		hash, err := t.hashOf(o.Thread, at)
		if err != nil {
			return err
		}
		_, err = t.exec(`
			INSERT INTO opt_out (hash, at, proof) VALUES (?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET at = excluded.at, proof = excluded.proof, ended = NULL`,
			hash[:], due(o.At), s.keys.SealProof(hash, o.Proof))
		if err != nil {
			return fmt.Errorf("keep an opt-out: %w", err)
		}
	}
	for _, o := range c.OptIns {
		hash, err := t.hashOf(o.Thread, at)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE opt_out SET ended = ? WHERE hash = ? AND ended IS NULL`, due(o.At), hash[:]); err != nil {
			return fmt.Errorf("end an opt-out: %w", err)
		}
	}
	return nil
}

func (t *tx) hashOf(thread bot.ID, at place) ([32]byte, error) {
	var hash []byte
	err := t.row(`SELECT hash FROM thread WHERE id = ? AND conversation = ?`, thread[:], at.id[:]).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return [32]byte{}, fmt.Errorf("no thread %s in the conversation", thread)
	}
	if err != nil {
		return [32]byte{}, fmt.Errorf("find the address of thread %s: %w", thread, err)
	}
	return [32]byte(hash), nil
}

// putAppointments writes the latest telling of each appointment. One that its
// source now gives to another person moves to them.
func (s *Store) putAppointments(t *tx, c *bot.Commit, at place) error {
	for i := range c.Booked {
		a := &c.Booked[i]
		hash := s.keys.AppointmentHash(a.Key)
		_, err := t.exec(`
			INSERT OR REPLACE INTO appointment (hash, person, conversation, start, duration, status, revision, org,
				kind, sensitive, lang, said, said_at, booked_at, details)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			hash[:], at.person[:], at.id[:], micro(a.Start), int64(a.Duration/time.Second), string(a.Status),
			a.Revision, a.Organisation, a.Kind, a.Sensitive, a.Lang, a.Said, micro(a.SaidAt), micro(a.BookedAt),
			at.key.SealAppointment(hash, a))
		if err != nil {
			return fmt.Errorf("write an appointment: %w", err)
		}
	}
	return nil
}

func (s *Store) putItems(t *tx, c *bot.Commit, at place) error {
	for i := range c.Items {
		item := &c.Items[i]
		_, err := t.exec(`
			INSERT INTO item (id, conversation, kind, org, team, subject, reason, at, deadline, text)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			item.ID[:], at.id[:], item.Kind, item.Organisation, item.Team, item.Subject, item.Reason,
			micro(item.At), micro(item.Deadline), at.key.SealItem(item))
		if err != nil {
			return fmt.Errorf("leave a work item: %w", err)
		}
	}
	for _, done := range c.Settled {
		_, err := t.exec(`UPDATE item SET settled = ?, settled_by = ? WHERE id = ? AND org = ? AND settled IS NULL`,
			micro(c.At), done.By, done.Item[:], done.Organisation)
		if err != nil {
			return fmt.Errorf("settle a work item: %w", err)
		}
	}
	return nil
}

func (s *Store) putAudit(t *tx, c *bot.Commit, at place) error {
	for _, e := range c.Audit {
		_, err := t.exec(`INSERT INTO audit (conversation, at, actor, action, detail) VALUES (?, ?, ?, ?, ?)`,
			nullable(at.id), micro(e.At), e.Actor, e.Action, e.Detail)
		if err != nil {
			return fmt.Errorf("add to the journal: %w", err)
		}
	}
	return nil
}
