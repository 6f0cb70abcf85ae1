package postgres

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
	"relais/bot/seal"
)

// facts is what the outcomes of some turns hang on, read under locks on the
// rows that exist.
type facts struct {
	conversations map[bot.ID]stored
	persons       map[bot.ID]bool // of new conversations: already there
	addresses     map[[32]byte]bool
	threads       map[bot.ID]thread // whose opt-out changes
	leases        map[string]lease
	seen          map[event]bool
	advisers      map[string]bool // active
	generation    int64
}

type stored struct {
	version int64
	org     string // its owner's
	person  bot.ID
	key     []byte // the person's, wrapped
}

type lease struct {
	token int64
	held  bool
}

type thread struct {
	conversation bot.ID
	hash         [32]byte // of its address
}

type event struct{ source, id string }

// ask queues the questions the turns raise; the answers are there once the
// batch is closed. Locks are taken in the order of ids.
func (s *Store) ask(b *pgx.Batch, turns []*bot.Commit) *facts {
	f := &facts{
		conversations: map[bot.ID]stored{}, persons: map[bot.ID]bool{}, addresses: map[[32]byte]bool{},
		threads: map[bot.ID]thread{}, leases: map[string]lease{}, seen: map[event]bool{}, advisers: map[string]bool{},
	}
	f.askConversations(b, turns)
	f.askJobs(b, turns)
	f.askSeen(b, turns)
	f.askNewcomers(b, turns, s.keys)
	f.askThreads(b, turns)
	f.askGuards(b, turns)
	return f
}

func (f *facts) askConversations(b *pgx.Batch, turns []*bot.Commit) {
	var ids []bot.ID
	for _, c := range turns {
		if c.Conversation != nil {
			ids = append(ids, c.Conversation.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	b.Queue(`
		SELECT c.id, c.version, c.owner_org, p.id, p.key FROM conversation c JOIN person p ON p.id = c.person
		WHERE c.id = ANY($1) ORDER BY c.id FOR UPDATE OF c`, uids(ids)).Query(func(rows pgx.Rows) error {
		var id, person pgtype.UUID
		var row stored
		_, err := pgx.ForEachRow(rows, []any{&id, &row.version, &row.org, &person, &row.key}, func() error {
			f.conversations[id.Bytes] = stored{row.version, row.org, person.Bytes, slices.Clone(row.key)}
			return nil
		})
		return err
	})
}

// jobKeys are the jobs a turn touches. They are locked together, since the
// order in which they are written is the turn's.
func jobKeys(c *bot.Commit) []string {
	keys := slices.Clone(c.Forget)
	for i := range c.Schedule {
		keys = append(keys, c.Schedule[i].Key)
	}
	if c.Done != nil {
		keys = append(keys, c.Done.Key)
	}
	return keys
}

func (f *facts) askJobs(b *pgx.Batch, turns []*bot.Commit) {
	var keys []string
	for _, c := range turns {
		keys = append(keys, jobKeys(c)...)
	}
	if len(keys) == 0 {
		return
	}
	b.Queue(`
		SELECT key, token, lease_until IS NOT NULL FROM job
		WHERE key = ANY($1) ORDER BY key FOR UPDATE`, keys).Query(func(rows pgx.Rows) error {
		var key string
		var row lease
		_, err := pgx.ForEachRow(rows, []any{&key, &row.token, &row.held}, func() error {
			f.leases[key] = row
			return nil
		})
		return err
	})
}

func (f *facts) askSeen(b *pgx.Batch, turns []*bot.Commit) {
	var sources, ids []string
	for _, c := range turns {
		if c.Event != "" {
			sources, ids = append(sources, c.Source), append(ids, c.Event)
		}
	}
	if len(ids) == 0 {
		return
	}
	b.Queue(`
		SELECT source, event FROM seen
		JOIN unnest($1::text[], $2::text[]) AS asked(source, event) USING (source, event)`, sources, ids).Query(func(rows pgx.Rows) error {
		var e event
		_, err := pgx.ForEachRow(rows, []any{&e.source, &e.id}, func() error {
			f.seen[e] = true
			return nil
		})
		return err
	})
}

// askNewcomers asks who is there already among the people and addresses that
// turns want to create.
func (f *facts) askNewcomers(b *pgx.Batch, turns []*bot.Commit, keys *seal.Keyring) {
	var persons []bot.ID
	var hashes [][]byte
	for _, c := range turns {
		if c.Conversation != nil && c.Conversation.Version == 0 {
			persons = append(persons, c.Conversation.Person)
		}
		for _, a := range c.Addresses {
			hash := keys.AddressHash(a)
			hashes = append(hashes, hash[:])
		}
	}
	if len(persons) > 0 {
		b.Queue(`SELECT id FROM person WHERE id = ANY($1)`, uids(persons)).Query(func(rows pgx.Rows) error {
			var id pgtype.UUID
			_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
				f.persons[id.Bytes] = true
				return nil
			})
			return err
		})
	}
	if len(hashes) > 0 {
		b.Queue(`SELECT hash FROM thread WHERE hash = ANY($1)`, hashes).Query(func(rows pgx.Rows) error {
			var hash []byte
			_, err := pgx.ForEachRow(rows, []any{&hash}, func() error {
				f.addresses[[32]byte(hash)] = true
				return nil
			})
			return err
		})
	}
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

func (f *facts) askThreads(b *pgx.Batch, turns []*bot.Commit) {
	var ids []bot.ID
	for _, c := range turns {
		ids = append(ids, optThreads(c)...)
	}
	if len(ids) == 0 {
		return
	}
	b.Queue(`SELECT id, conversation, hash FROM thread WHERE id = ANY($1)`, uids(ids)).Query(func(rows pgx.Rows) error {
		var id, conversation pgtype.UUID
		var hash []byte
		_, err := pgx.ForEachRow(rows, []any{&id, &conversation, &hash}, func() error {
			f.threads[id.Bytes] = thread{conversation.Bytes, [32]byte(hash)}
			return nil
		})
		return err
	})
}

// askGuards asks for what guards check. An adviser's row stays locked against
// changes, so that disabling an account waits for the turns that counted on
// it. The generation is not locked: it is on every turn, and a turn committed
// just before a publication is in order.
func (f *facts) askGuards(b *pgx.Batch, turns []*bot.Commit) {
	var advisers []string
	generation := false
	for _, c := range turns {
		for _, g := range c.Guards {
			switch g.Kind {
			case bot.GuardAdviser:
				advisers = append(advisers, g.Key)
			case bot.GuardGeneration:
				generation = true
			}
		}
	}
	if len(advisers) > 0 {
		b.Queue(`
			SELECT id FROM adviser WHERE id = ANY($1) AND NOT disabled
			ORDER BY id FOR SHARE`, advisers).Query(func(rows pgx.Rows) error {
			var id string
			_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
				f.advisers[id] = true
				return nil
			})
			return err
		})
	}
	if generation {
		b.Queue(`SELECT number FROM setting WHERE key = 'generation'`).QueryRow(func(row pgx.Row) error {
			return row.Scan(&f.generation)
		})
	}
}

// judge returns the outcome of a turn: nil when it may be written.
func (f *facts) judge(keys *seal.Keyring, c *bot.Commit) error {
	if c.Done != nil {
		if l := f.leases[c.Done.Key]; !l.held || l.token != c.Done.Token {
			return bot.ErrLease
		}
	}
	if c.Event != "" && f.seen[event{c.Source, c.Event}] {
		return bot.ErrSeen
	}
	for _, g := range c.Guards {
		holds, err := f.holds(g)
		if err != nil {
			return err
		}
		if !holds {
			return bot.ErrGuard
		}
	}
	if !f.current(keys, c) {
		return bot.ErrConflict
	}
	return nil
}

func (f *facts) holds(g bot.Guard) (bool, error) {
	switch g.Kind {
	case bot.GuardGeneration:
		return f.generation == g.Want, nil
	case bot.GuardAdviser:
		return f.advisers[g.Key] == (g.Want == 1), nil
	}
	return false, fmt.Errorf("guard %q is not known", g.Kind)
}

// current tells whether the conversation is still the one that was loaded, and
// what the turn wants to create is not there yet.
func (f *facts) current(keys *seal.Keyring, c *bot.Commit) bool {
	if c.Conversation == nil {
		return true
	}
	row, exists := f.conversations[c.Conversation.ID]
	if exists != (c.Conversation.Version > 0) || row.version != c.Conversation.Version {
		return false
	}
	if !exists && f.persons[c.Conversation.Person] {
		return false
	}
	for _, a := range c.Addresses {
		if f.addresses[keys.AddressHash(a)] {
			return false
		}
	}
	return true
}
