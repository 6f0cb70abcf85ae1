package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
	"relais/bot/seal"
)

// How many persons' keys are kept opened, and for how long: somewhat more than
// the conversations that an engine remembers, about 1 KB each.
const (
	rememberedKeys = 20_000
	keysFor        = 5 * time.Minute
)

// missing is what has to be read before a group can be sealed. Both never
// change for as long as they exist, so they are read ahead of its transaction.
type missing struct {
	people  []*turn // whose key is not at hand
	threads []*turn // that opt out or in
}

// of notes what a turn lacks.
func (m *missing) of(t *turn) {
	if t.outcome != nil || t.Conversation == nil {
		return
	}
	if t.key == nil {
		m.people = append(m.people, t)
	}
	if len(t.OptOuts)+len(t.OptIns) > 0 {
		m.threads = append(m.threads, t)
	}
}

// find reads what is missing, in one round trip. What is not there any more
// belonged to somebody erased: such a turn cannot hold.
func (s *Store) find(ctx context.Context, conn *pgx.Conn, m *missing) error {
	if len(m.people)+len(m.threads) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	wrapped := m.askPeople(b)
	hashes := m.askThreads(b)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, t := range m.people {
		sealed, ok := wrapped[t.Conversation.Person]
		if !ok {
			t.version = never
			continue
		}
		t.key, t.outcome = s.personKey(t.Conversation.Person, sealed)
	}
	for _, t := range m.threads {
		t.opting = make(map[bot.ID][32]byte)
		for _, n := range t.newcomers {
			t.opting[n.thread] = n.hash
		}
		for _, id := range optThreads(t.Commit) {
			if thread, ok := hashes[id]; ok && thread.conversation == t.Conversation.ID {
				t.opting[id] = thread.hash
			}
			if _, ok := t.opting[id]; !ok {
				t.version = never
			}
		}
	}
	return nil
}

// askPeople asks for the wrapped keys of people.
func (m *missing) askPeople(b *pgx.Batch) map[bot.ID][]byte {
	ids := make([]pgtype.UUID, len(m.people))
	for i, t := range m.people {
		ids[i] = uid(t.Conversation.Person)
	}
	found := make(map[bot.ID][]byte, len(ids))
	b.Queue(`SELECT id, key FROM person WHERE id = ANY($1)`, ids).Query(func(rows pgx.Rows) error {
		var person pgtype.UUID
		var wrapped []byte
		_, err := pgx.ForEachRow(rows, []any{&person, &wrapped}, func() error {
			found[person.Bytes], wrapped = wrapped, nil
			return nil
		})
		return err
	})
	return found
}

// thread is what an opt-out has to know of one.
type thread struct {
	conversation bot.ID
	hash         [32]byte // of its address
}

// askThreads asks for the threads that opt out or in.
func (m *missing) askThreads(b *pgx.Batch) map[bot.ID]thread {
	var ids []pgtype.UUID
	for _, t := range m.threads {
		for _, id := range optThreads(t.Commit) {
			ids = append(ids, uid(id))
		}
	}
	found := make(map[bot.ID]thread, len(ids))
	b.Queue(`SELECT id, conversation, hash FROM thread WHERE id = ANY($1)`, ids).Query(func(rows pgx.Rows) error {
		var id, conversation pgtype.UUID
		var hash []byte
		_, err := pgx.ForEachRow(rows, []any{&id, &conversation, &hash}, func() error {
			found[id.Bytes] = thread{conversation.Bytes, [32]byte(hash)}
			return nil
		})
		return err
	})
	return found
}

// personKey opens a person's key, unless it is at hand, and remembers it.
func (s *Store) personKey(person bot.ID, wrapped []byte) (*seal.Key, error) {
	if key, ok := s.people.Get(person); ok {
		return key, nil
	}
	key, err := s.keys.Unwrap(wrapped, person)
	if err != nil {
		return nil, err
	}
	s.people.Put(person, key)
	return key, nil
}
