package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"relais/bot"
	"relais/bot/seal"
)

// Commit makes a group of turns durable in one transaction. All of the work is
// this program's, and nothing can be done meanwhile that would not be in its
// way.
func (s *Store) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	if meanwhile != nil {
		meanwhile()
	}
	return s.commitWith(ctx, group, s.readAhead(ctx, group))
}

// commitWith trusts that a turn that is refused has written nothing: it comes a
// second time, or lost its lease. One whose conversation moved on has written its
// event, which is rare: then the group is written again, each turn in a savepoint
// of its own.
func (s *Store) commitWith(ctx context.Context, group []*bot.Commit, read ahead) ([]error, error) {
	outcomes, err := s.writeGroup(ctx, group, read, (*tx).whole)
	if errors.Is(err, errHalf) {
		outcomes, err = s.writeGroup(ctx, group, read, (*tx).within)
	}
	if err != nil {
		for _, c := range group {
			if c.Errand != nil {
				c.Errand.Born = false // undone with the group
			}
		}
		return nil, fmt.Errorf("commit %d turns: %w", len(group), err)
	}
	return outcomes, nil
}

// writeGroup writes one turn after the other, each the way that is given.
func (s *Store) writeGroup(ctx context.Context, group []*bot.Commit, read ahead, one func(*tx, func() error) error) ([]error, error) {
	outcomes := make([]error, len(group))
	return outcomes, s.writer.write(ctx, commit, func(t *tx) error {
		t.ahead = read
		for i, c := range group {
			outcomes[i] = one(t, func() error { return s.turn(t, c) })
			if trouble(outcomes[i]) || errors.Is(outcomes[i], errHalf) {
				return outcomes[i]
			}
		}
		return nil
	})
}

// turn writes one turn: first whatever may refuse it, then its rows.
func (s *Store) turn(t *tx, c *bot.Commit) error {
	if c.Conversation != nil {
		if err := c.Numbered(); err != nil {
			return err
		}
	}
	for _, job := range []*bot.Job{c.Done, c.Under} {
		if err := t.holds(job); err != nil {
			return err
		}
	}
	if err := t.see(c); err != nil {
		return err
	}
	for _, guard := range c.Guards {
		if err := t.check(guard); err != nil {
			return err
		}
	}
	born, err := t.born(c.Errand)
	if err != nil {
		return err
	}
	at, err := s.place(t, c)
	if err != nil {
		return err
	}
	if born {
		at.begun = c.Errand.N
	}
	for _, step := range []func(*tx, *bot.Commit, place) error{
		s.putThreads,
		s.putMarks, // before lines are withdrawn: what failed has failed
		s.putLines,
		s.putAnswers,
		s.putHandOffs,
		s.putOptOuts,
		s.putAppointments,
		s.putItems,
		s.putAudit,
		s.putJobs,
		s.begin,
	} {
		if err := step(t, c, at); err != nil {
			return err
		}
	}
	if born {
		c.Errand.Born = true
	}
	return nil
}

// see remembers the event, unless it took effect earlier.
func (t *tx) see(c *bot.Commit) error {
	if c.Event == "" {
		return nil
	}
	n, err := t.exec(`INSERT INTO seen (source, event, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		c.Source, c.Event, micro(c.At))
	if err != nil {
		return fmt.Errorf("remember the event: %w", err)
	}
	if n == 0 {
		return bot.ErrSeen
	}
	return nil
}

// check compares a fact with what the turn took it for.
func (t *tx) check(g bot.Guard) error {
	var now int64
	var err error
	switch g.Kind {
	case bot.GuardGeneration:
		now, err = t.generation()
	case bot.GuardAdviser:
		err = t.row(`SELECT count(*) FROM adviser WHERE id = ? AND disabled = 0`, g.Key).Scan(&now)
	default:
		return fmt.Errorf("check a guard: unknown kind %q", g.Kind)
	}
	if err != nil {
		return fmt.Errorf("check guard %s: %w", g.Kind, err)
	}
	if now != g.Want {
		return bot.ErrGuard
	}
	return nil
}

// generation is that of the flows. Turns never change it, so one look is enough
// for all of them.
func (t *tx) generation() (int64, error) {
	if t.flows == nil {
		var now int64
		if err := t.row(`SELECT value FROM setting WHERE key = 'generation'`).Scan(&now); err != nil {
			return 0, err
		}
		t.flows = &now
	}
	return *t.flows, nil
}

// place is the conversation a turn writes to. It is zero for a turn without
// one.
type place struct {
	id, person bot.ID
	key        *seal.Key
	sealed     *bot.Sealed
	org        string // that owned the conversation when the turn's lines were written
	begun      int64  // the turn's own line that its errand begins
}

// errHomeless is returned for rows that need a conversation in a turn that has
// none.
var errHomeless = errors.New("the turn has no conversation to write to")

// Seal seals a turn of somebody whose key is remembered; see bot.Store.
func (s *Store) Seal(c *bot.Commit) {
	if c.Conversation == nil || c.Conversation.Version == 0 {
		return
	}
	if who, ok := s.people.Get(c.Conversation.ID); ok {
		c.Sealed = who.key.SealTurn(c)
	}
}

// sealed is what Seal made of a turn, or what it would make now.
func sealed(c *bot.Commit, key *seal.Key) *bot.Sealed {
	if c.Sealed != nil {
		return c.Sealed
	}
	return key.SealTurn(c)
}

// place finds the conversation at the version the turn was decided on, and
// writes its new state; or creates it.
func (s *Store) place(t *tx, c *bot.Commit) (place, error) {
	if c.Conversation == nil {
		if len(c.Addresses)+len(c.Lines)+len(c.Answers)+len(c.Withdrawn)+len(c.HandOffs)+
			len(c.OptOuts)+len(c.OptIns)+len(c.Booked)+len(c.Items) > 0 || c.Share {
			return place{}, errHomeless
		}
		return place{}, nil
	}
	if c.Conversation.Version == 0 {
		return s.create(t, c)
	}
	return s.update(t, c)
}

// isNote tells the lines that belong to the organisation that owned the
// conversation before.
func isNote(l bot.Line) bool { return l.Audience == bot.ForNote }

func (s *Store) create(t *tx, turn *bot.Commit) (place, error) {
	c := turn.Conversation
	at := place{id: c.ID, person: c.Person, key: seal.NewPersonKey(), org: c.Owner.Organisation}
	at.sealed = at.key.SealTurn(turn)
	_, err := t.exec(`INSERT INTO person (id, key, created) VALUES (?, ?, ?)`,
		c.Person[:], s.keys.Wrap(at.key, c.Person), micro(c.Created))
	if err != nil {
		return place{}, conflict(err, "create a person")
	}
	_, err = t.exec(`
		INSERT INTO conversation (version, n, epoch, booked, owner_kind, owner_org, owner_team, owner_adviser,
			handoff, reason, urgent, crisis, since, waiting, deadline, step, lang, channel, heard, created, state,
			person, id)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(columns(c, at.sealed.State), c.Person[:], c.ID[:])...)
	if err != nil {
		return place{}, conflict(err, "create a conversation")
	}
	t.remember(s.people, at.id, holder{at.person, at.key})
	return at, nil
}

// update writes the next state of a conversation that is at the version the
// turn was decided on. Nearly always its person's key is remembered, and one
// statement does it.
func (s *Store) update(t *tx, c *bot.Commit) (place, error) {
	conversation := c.Conversation
	if who, ok := s.people.Get(conversation.ID); ok && !slices.ContainsFunc(c.Lines, isNote) {
		at := place{id: conversation.ID, person: who.person, key: who.key, sealed: sealed(c, who.key)}
		if written, err := s.writeState(t, c, at); written || err != nil {
			return at, err
		}
	}
	at, err := s.find(t, c)
	if err != nil {
		return place{}, err
	}
	_, err = s.writeState(t, c, at)
	return at, err
}

// find reads what the store holds of a turn's conversation, and tells when it is
// not where the turn was decided: at its version, with the line before its own.
func (s *Store) find(t *tx, turn *bot.Commit) (place, error) {
	var (
		c           = turn.Conversation
		at          = place{id: c.ID}
		version, n  int64
		person, key []byte
	)
	err := t.row(`
		SELECT c.version, c.n, c.owner_org, c.person, p.key FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = ?`, c.ID[:]).Scan(&version, &n, &at.org, &person, &key)
	if errors.Is(err, sql.ErrNoRows) {
		return place{}, bot.ErrConflict // erased meanwhile
	}
	if err != nil {
		return place{}, fmt.Errorf("read conversation %s: %w", c.ID, err)
	}
	if version != c.Version || n != turn.Before() {
		return place{}, bot.ErrConflict
	}
	if at.org == "" {
		at.org = c.Owner.Organisation
	}
	at.person = idOf(person)
	if at.key, err = s.key(t, c.ID, at.person, key); err != nil {
		return place{}, fmt.Errorf("write conversation %s: %w", c.ID, err)
	}
	at.sealed = sealed(turn, at.key)
	return at, nil
}

// writeState writes the next version, and tells whether the conversation was
// where the turn was decided.
func (s *Store) writeState(t *tx, turn *bot.Commit, at place) (bool, error) {
	c := turn.Conversation
	n, err := t.exec(`
		UPDATE conversation SET version = version + 1, n = ?, epoch = ?, booked = ?, owner_kind = ?, owner_org = ?,
			owner_team = ?, owner_adviser = ?, handoff = ?, reason = ?, urgent = ?, crisis = ?, since = ?, waiting = ?,
			deadline = ?, step = ?, lang = ?, channel = ?, heard = ?, created = ?, state = ?
		WHERE id = ? AND version = ? AND n = ?`, append(columns(c, at.sealed.State), c.ID[:], c.Version, turn.Before())...)
	if err != nil {
		return false, fmt.Errorf("write conversation %s: %w", c.ID, err)
	}
	return n > 0, nil
}

// columns are what views and the inbox need in clear, then the sealed state,
// in the order of the two statements above.
func columns(c *bot.Conversation, state []byte) []any {
	var h bot.HandOff
	if c.HandOff != nil {
		h = *c.HandOff
	}
	return []any{
		c.N, c.Epoch, c.Booked,
		string(c.Owner.Kind), c.Owner.Organisation, c.Owner.Team, c.Owner.Adviser,
		nullable(h.ID), h.Reason, h.Urgent, crisis(&h), micro(h.Since), micro(h.Waiting), micro(h.Deadline),
		c.Step, c.Lang, string(heardOn(c)), micro(c.Heard), micro(c.Created),
		state,
	}
}

// conflict tells a row that is there already, which the turn must be run again
// on, from other failures.
func conflict(err error, doing string) error {
	if taken(err) {
		return bot.ErrConflict
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func (s *Store) putThreads(t *tx, c *bot.Commit, at place) error {
	for id, address := range c.Addresses {
		hash := s.keys.AddressHash(address)
		_, err := t.exec(`INSERT INTO thread (id, hash, conversation, channel, address) VALUES (?, ?, ?, ?, ?)`,
			id[:], hash[:], at.id[:], string(address.Channel), at.key.SealAddress(id, address))
		if err != nil {
			return conflict(err, "create a thread")
		}
	}
	return nil
}
