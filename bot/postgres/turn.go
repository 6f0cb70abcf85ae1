package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"relais/bot"
	"relais/bot/seal"
)

// errHomeless is the outcome of a turn that leaves rows to no conversation.
var errHomeless = errors.New("the turn has no conversation to write to")

// turn is one turn of a group on its way to the database.
type turn struct {
	*bot.Commit
	at      int   // its place in its wave
	outcome error // nil: it was written, or will be

	key       *seal.Key // the person's; nil for a turn without a conversation
	sealed    *bot.Sealed
	version   int64 // that the conversation must be at
	newcomers []newcomer
	booked    [][32]byte          // hashes of Booked
	opting    map[bot.ID][32]byte // hashes of the addresses that opt out or in, by thread
}

// newcomer is an address that the turn adds.
type newcomer struct {
	hash    [32]byte
	thread  bot.ID
	address bot.Address
}

// never is a version no conversation is ever at.
const never = math.MinInt64

// newcomer tells whether the turn creates its conversation.
func (t *turn) newcomer() bool { return t.Conversation != nil && t.Conversation.Version == 0 }

// Seal seals a turn of somebody whose key is remembered; see bot.Store.
func (s *Store) Seal(c *bot.Commit) {
	if c.Conversation == nil || c.Conversation.Version == 0 {
		return
	}
	if key, ok := s.people.Get(c.Conversation.Person); ok {
		c.Sealed = key.SealTurn(c)
	}
}

// prepare looks at each turn of a group, and finds the keys to seal it with.
// Those of people who were here lately are at hand; for others, and for
// opt-outs, the database is asked once for the whole group.
func (s *Store) prepare(ctx context.Context, conn *pgx.Conn, group []*bot.Commit) ([]*turn, error) {
	turns := make([]*turn, len(group))
	var m missing
	for i, c := range group {
		turns[i] = s.newTurn(c)
		m.of(turns[i])
	}
	if err := s.find(ctx, conn, &m); err != nil {
		return nil, fmt.Errorf("find what turns are sealed with: %w", err)
	}
	return turns, nil
}

func (s *Store) newTurn(c *bot.Commit) *turn {
	t := &turn{Commit: c}
	if c.Begin != nil {
		*c.Begin = bot.Begin{Thread: c.Begin.Thread}
	}
	c.Again = false // of an earlier try
	if c.Errand != nil {
		c.Errand.Born = false
	}
	if t.outcome = examine(c); t.outcome != nil || c.Conversation == nil {
		return t
	}
	t.version = c.Conversation.Version
	if t.newcomer() {
		t.key = seal.NewPersonKey()
	} else {
		t.key, _ = s.people.Get(c.Conversation.Person)
	}
	for thread, a := range c.Addresses {
		t.newcomers = append(t.newcomers, newcomer{s.keys.AddressHash(a), thread, a})
	}
	slices.SortFunc(t.newcomers, func(a, b newcomer) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	for i := range c.Booked {
		t.booked = append(t.booked, s.keys.AppointmentHash(c.Booked[i].Key))
	}
	return t
}

// examine refuses what no database is needed to refuse.
func examine(c *bot.Commit) error {
	for _, g := range c.Guards {
		if g.Kind != bot.GuardGeneration && g.Kind != bot.GuardAdviser {
			return fmt.Errorf("guard %q is not known", g.Kind)
		}
	}
	if c.Conversation == nil {
		if needsConversation(c) {
			return errHomeless
		}
		return nil
	}
	for i := range c.Lines {
		if c.Lines[i].Conversation != c.Conversation.ID {
			return fmt.Errorf("add line %d: it belongs to another conversation", c.Lines[i].N)
		}
	}
	if err := c.Numbered(); err != nil {
		return err
	}
	for _, thread := range optThreads(c) {
		if _, added := c.Addresses[thread]; !added && c.Conversation.Thread(thread) == nil {
			return fmt.Errorf("no thread %s in the conversation", thread)
		}
	}
	return nil
}

// needsConversation tells whether a turn leaves more than marks, jobs and what
// is withdrawn from a thread.
func needsConversation(c *bot.Commit) bool {
	everywhere := func(c bot.Cancel) bool { return c.Thread.IsZero() }
	return c.Share || slices.ContainsFunc(c.Cancels, everywhere) || len(c.Addresses)+len(c.Lines)+len(c.Answers)+len(c.Withdrawn)+len(c.HandOffs)+
		len(c.OptOuts)+len(c.OptIns)+len(c.Booked)+len(c.Items) > 0
}

// optThreads are the threads that opt out or in.
func optThreads(c *bot.Commit) []bot.ID {
	var ids []bot.ID
	for i := range c.OptOuts {
		ids = append(ids, c.OptOuts[i].Thread)
	}
	for i := range c.OptIns {
		ids = append(ids, c.OptIns[i].Thread)
	}
	return ids
}

// jobKeys yields the jobs a turn touches.
func (t *turn) jobKeys(yield func(string)) {
	for _, key := range t.Forget {
		yield(key)
	}
	for i := range t.Schedule {
		yield(t.Schedule[i].Key)
	}
	for _, job := range []*bot.Job{t.Done, t.Under} {
		if job != nil {
			yield(job.Key)
		}
	}
}
