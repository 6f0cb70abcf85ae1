package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/seal"
)

// errHomeless is the outcome of a turn that leaves rows to no conversation.
var errHomeless = errors.New("the turn has no conversation to write to")

// writer queues the rows of one turn that holds.
type writer struct {
	*pgx.Batch
	c      *bot.Commit
	keys   *seal.Keyring
	known  *facts
	id     bot.ID // of the conversation; zero for a turn without one, like the rest
	person bot.ID
	key    *seal.Key
	org    string // that owned the conversation when the turn's lines were written
}

// newWriter finds the person's key, or draws one for a new person.
func (s *Store) newWriter(b *pgx.Batch, c *bot.Commit, known *facts) (*writer, error) {
	w := &writer{Batch: b, c: c, keys: s.keys, known: known}
	if c.Conversation == nil {
		if needsConversation(c) {
			return nil, errHomeless
		}
		return w, nil
	}
	w.id, w.person, w.org = c.Conversation.ID, c.Conversation.Person, c.Conversation.Owner.Organisation
	if err := w.check(); err != nil {
		return nil, err
	}
	if c.Conversation.Version == 0 {
		w.key = seal.NewPersonKey()
		return w, nil
	}
	row := known.conversations[w.id]
	key, err := s.keys.Unwrap(row.key, row.person)
	if err != nil {
		return nil, fmt.Errorf("write conversation %s: %w", w.id, err)
	}
	w.person, w.key, w.org = row.person, key, cmp.Or(row.org, w.org)
	return w, nil
}

// needsConversation tells whether a turn leaves more than marks, jobs and what
// is withdrawn from a thread.
func needsConversation(c *bot.Commit) bool {
	everywhere := func(c bot.Cancel) bool { return c.Thread.IsZero() }
	return c.Share || slices.ContainsFunc(c.Cancels, everywhere) || len(c.Addresses)+len(c.Lines)+len(c.Answers)+len(c.Withdrawn)+len(c.HandOffs)+
		len(c.OptOuts)+len(c.OptIns)+len(c.Booked)+len(c.Items) > 0
}

// check refuses rows that belong to another conversation.
func (w *writer) check() error {
	for i := range w.c.Lines {
		if w.c.Lines[i].Conversation != w.id {
			return fmt.Errorf("add line %d: it belongs to another conversation", w.c.Lines[i].N)
		}
	}
	for _, thread := range optThreads(w.c) {
		if _, ok := w.hash(thread); !ok {
			return fmt.Errorf("no thread %s in the conversation", thread)
		}
	}
	return nil
}

// turn queues everything, in an order that matters: lines are cancelled before
// those of this turn are added, answers withdrawn before new ones are kept, and
// a job is finished after it was planned again.
func (w *writer) turn() {
	c := w.c
	if c.Event != "" {
		w.Queue(`INSERT INTO seen (source, event, at) VALUES ($1, $2, $3)`, c.Source, c.Event, stamp(c.At))
	}
	if c.Conversation != nil {
		w.conversation(c.Conversation)
	}
	w.threads()
	w.lines()
	w.answers()
	for i := range c.HandOffs {
		w.handOff(&c.HandOffs[i])
	}
	for i := range c.Booked {
		w.appointment(&c.Booked[i])
	}
	for i := range c.Items {
		w.item(&c.Items[i])
	}
	for _, done := range c.Settled {
		w.Queue(`UPDATE item SET settled = $1, settled_by = $2 WHERE id = $3 AND org = $4 AND settled IS NULL`,
			stamp(c.At), done.By, uid(done.Item), done.Organisation)
	}
	w.optOuts()
	w.jobs()
	for _, entry := range c.Audit {
		w.Queue(`INSERT INTO audit (conversation, at, actor, action, detail) VALUES ($1, $2, $3, $4, $5)`,
			uid(w.id), stamp(entry.At), entry.Actor, entry.Action, entry.Detail)
	}
}

func (w *writer) conversation(c *bot.Conversation) {
	if c.Version > 0 {
		w.Queue(`
			UPDATE conversation SET (version, state, created, heard, lang, channel, n, epoch, step, booked,
				owner_kind, owner_org, owner_team, owner_adviser, handoff, reason, urgent, crisis, since, waiting, deadline)
			= ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
			WHERE id = $1 AND person = $2`, w.conversationRow(c)...)
		return
	}
	w.Queue(`INSERT INTO person (id, key, created) VALUES ($1, $2, $3)`,
		uid(w.person), w.keys.Wrap(w.key, w.person), stamp(c.Created))
	w.Queue(`
		INSERT INTO conversation (id, person, version, state, created, heard, lang, channel, n, epoch, step, booked,
			owner_kind, owner_org, owner_team, owner_adviser, handoff, reason, urgent, crisis, since, waiting, deadline)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		w.conversationRow(c)...)
}

// conversationRow is the row of the next version: the sealed state, and the
// copies in clear that views and the inbox need.
func (w *writer) conversationRow(c *bot.Conversation) []any {
	var h bot.HandOff
	if c.HandOff != nil {
		h = *c.HandOff
	}
	return []any{
		uid(w.id), uid(w.person), c.Version + 1, w.key.SealState(c),
		stamp(c.Created), stamp(c.Heard), c.Lang, string(heardOn(c)), c.N, c.Epoch, c.Step, c.Booked,
		string(c.Owner.Kind), c.Owner.Organisation, c.Owner.Team, c.Owner.Adviser,
		uid(h.ID), h.Reason, h.Urgent, isCrisis(h.Reason), stamp(h.Since), stamp(h.Waiting), stamp(h.Deadline),
	}
}

// isCrisis tells whether a hand-off was asked for by the crisis check: its
// reasons are crisis_suicide and the like.
func isCrisis(reason string) bool { return strings.HasPrefix(reason, "crisis") }

// heardOn is the channel the person last wrote on, else the first there is.
func heardOn(c *bot.Conversation) bot.Channel {
	var last bot.Thread
	for i, th := range c.Threads {
		if i == 0 || th.HeardAt.After(last.HeardAt) {
			last = th
		}
	}
	return last.Channel
}

// threads adds the addresses the turn brought, in the order of their hashes:
// two instances that meet the same ones wait for each other in that order.
func (w *writer) threads() {
	type newcomer struct {
		hash    [32]byte
		id      bot.ID
		address bot.Address
	}
	list := make([]newcomer, 0, len(w.c.Addresses))
	for id, a := range w.c.Addresses {
		list = append(list, newcomer{w.keys.AddressHash(a), id, a})
	}
	slices.SortFunc(list, func(a, b newcomer) int { return slices.Compare(a.hash[:], b.hash[:]) })
	for _, t := range list {
		w.Queue(`
			INSERT INTO thread (id, hash, conversation, person, channel, address) VALUES ($1, $2, $3, $4, $5, $6)`,
			uid(t.id), t.hash[:], uid(w.id), uid(w.person), string(t.address.Channel), w.key.SealAddress(t.id, t.address))
	}
}

// answers takes back what was withdrawn, keeps the turn's answers (of two under
// one key the last), and opens them all to the team when the person agreed.
func (w *writer) answers() {
	for _, key := range w.c.Withdrawn {
		if key == "" {
			w.Queue(`DELETE FROM answer WHERE conversation = $1`, uid(w.id))
			continue
		}
		w.Queue(`
			DELETE FROM answer WHERE conversation = $1 AND key = $2 AND at = (
				SELECT max(at) FROM answer WHERE conversation = $1 AND key = $2)`, uid(w.id), key)
	}
	for i := range w.c.Answers {
		a := &w.c.Answers[i]
		w.Queue(`
			INSERT INTO answer (conversation, key, at, codes, by_, flow, shared, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (conversation, key, at) DO UPDATE SET (codes, by_, flow, shared, body)
			= (excluded.codes, excluded.by_, excluded.flow, excluded.shared, excluded.body)`,
			uid(w.id), a.Key, stamp(a.At), append([]string{}, a.Codes...), string(a.By), a.Flow, a.Shared, w.key.SealAnswer(w.id, a))
	}
	if w.c.Share {
		w.Queue(`UPDATE answer SET shared = true WHERE conversation = $1 AND NOT shared`, uid(w.id))
	}
}

func (w *writer) handOff(h *bot.Hand) {
	w.Queue(`
		INSERT INTO handoff (id, conversation, state, org, team, reason, urgent, asked_by, flow, step, since, deadline,
			waiting, missed, acknowledged, alerts, asked, adviser, outcome, ended)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (id) DO UPDATE SET (state, org, team, reason, urgent, asked_by, flow, step, since, deadline,
			waiting, missed, acknowledged, alerts, asked, adviser, outcome, ended)
		= (excluded.state, excluded.org, excluded.team, excluded.reason, excluded.urgent, excluded.asked_by, excluded.flow,
			excluded.step, excluded.since, excluded.deadline, excluded.waiting, excluded.missed, excluded.acknowledged,
			excluded.alerts, excluded.asked, excluded.adviser, excluded.outcome, excluded.ended)
		WHERE handoff.conversation = excluded.conversation`,
		uid(h.HandOff.ID), uid(w.id), string(h.HandOff.State), h.HandOff.Organisation, h.HandOff.Team, h.HandOff.Reason,
		h.HandOff.Urgent, string(h.HandOff.AskedBy), h.HandOff.Flow, h.HandOff.Step, stamp(h.HandOff.Since),
		stamp(h.HandOff.Deadline), stamp(h.HandOff.Waiting), h.HandOff.Missed, h.HandOff.Acknowledged, h.HandOff.Alerts,
		h.HandOff.Asked, h.Adviser, h.Outcome, stamp(h.Ended))
}

// appointment writes an appointment. One that was another person's (the source
// corrected a number) becomes this one's, sealed under their key.
func (w *writer) appointment(a *appointments.Appointment) {
	hash := w.keys.AppointmentHash(a.Key)
	w.Queue(`
		INSERT INTO appointment (hash, person, conversation, start, duration, status, revision, org, kind, sensitive,
			lang, said, said_at, booked_at, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (hash) DO UPDATE SET (person, conversation, start, duration, status, revision, org, kind, sensitive,
			lang, said, said_at, booked_at, details)
		= (excluded.person, excluded.conversation, excluded.start, excluded.duration, excluded.status, excluded.revision,
			excluded.org, excluded.kind, excluded.sensitive, excluded.lang, excluded.said, excluded.said_at,
			excluded.booked_at, excluded.details)`,
		hash[:], uid(w.person), uid(w.id), stamp(a.Start), a.Duration, string(a.Status), a.Revision,
		a.Organisation, a.Kind, a.Sensitive, a.Lang, a.Said, stamp(a.SaidAt), stamp(a.BookedAt), w.key.SealAppointment(hash, a))
}

func (w *writer) item(i *bot.Item) {
	w.Queue(`
		INSERT INTO item (id, conversation, kind, org, team, subject, reason, text, at, deadline)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		uid(i.ID), uid(w.id), i.Kind, i.Organisation, i.Team, i.Subject, i.Reason, w.key.SealItem(i), stamp(i.At), stamp(i.Deadline))
}

// optOuts keeps or ends the refusal of an address, under its hash: it outlives
// the person.
func (w *writer) optOuts() {
	for _, o := range w.c.OptOuts {
		hash, _ := w.hash(o.Thread)
		w.Queue(`
			INSERT INTO opt_out (hash, at, proof) VALUES ($1, $2, $3)
			ON CONFLICT (hash) DO UPDATE SET (at, proof, ended) = (excluded.at, excluded.proof, NULL)`,
			hash[:], stamp(o.At), w.keys.SealProof(hash, o.Proof))
	}
	for _, o := range w.c.OptIns {
		hash, _ := w.hash(o.Thread)
		w.Queue(`UPDATE opt_out SET ended = $2 WHERE hash = $1 AND ended IS NULL`, hash[:], stamp(o.At))
	}
}

// hash is the address hash of a thread of the conversation, one of this very
// turn included.
func (w *writer) hash(thread bot.ID) ([32]byte, bool) {
	if a, ok := w.c.Addresses[thread]; ok {
		return w.keys.AddressHash(a), true
	}
	t, ok := w.known.threads[thread]
	return t.hash, ok && t.conversation == w.id
}
