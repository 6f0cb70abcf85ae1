package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"relais/bot"
)

// tombstoneFor is how long the hash of an erased address is kept.
const tombstoneFor = 24 * time.Hour

// Export returns all that is kept about whoever is behind an address;
// ErrNotFound when nobody is.
func (s *Store) Export(ctx context.Context, a bot.Address) (bot.Dossier, error) {
	hash := s.keys.AddressHash(a)
	l, key, err := s.loaded(ctx, s.reader.row(ctx, `
		SELECT t.id, c.id, c.person, c.version, c.state, p.key, 0
		FROM thread t JOIN conversation c ON c.id = t.conversation JOIN person p ON p.id = c.person
		WHERE t.hash = ?`, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Dossier{}, bot.ErrNotFound
	}
	if err != nil {
		return bot.Dossier{}, err
	}
	id := l.Conversation.ID
	d := bot.Dossier{Address: a, Person: l.Conversation.Person, Conversation: id, Appointments: l.Booked}
	if d.Threads, err = s.threads(ctx, id); err != nil {
		return bot.Dossier{}, err
	}
	if d.Lines, err = s.History(ctx, bot.HistoryQuery{Conversation: id, Limit: math.MaxInt32}); err != nil {
		return bot.Dossier{}, err
	}
	if d.Answers, err = answersOf(s.reader.in(ctx), id, key, ``); err != nil {
		return bot.Dossier{}, err
	}
	d.HandOffs, err = handsOf(s.reader.in(ctx), id)
	return d, err
}

func (s *Store) threads(ctx context.Context, conversation bot.ID) (map[bot.ID]bot.Channel, error) {
	threads := make(map[bot.ID]bot.Channel)
	err := s.reader.each(ctx, func(row scanner) error {
		var id []byte
		var channel bot.Channel
		err := row.Scan(&id, &channel)
		threads[idOf(id)] = channel
		return err
	}, `SELECT id, channel FROM thread WHERE conversation = ?`, conversation[:])
	if err != nil {
		return nil, fmt.Errorf("read the threads of conversation %s: %w", conversation, err)
	}
	return threads, nil
}

// Erase deletes the person behind an address or a conversation, with every
// address they hold and their key. The write-ahead log, which still holds the
// old pages, is emptied before it returns.
func (s *Store) Erase(ctx context.Context, ref bot.Ref, now time.Time) (erased bool, err error) {
	hash := s.keys.AddressHash(ref.Address)
	var conversation []byte
	err = s.writer.write(ctx, save, func(t *tx) error {
		var person []byte
		err := t.row(`
			SELECT person, id FROM conversation
			WHERE id = coalesce(?, (SELECT conversation FROM thread WHERE hash = ?))`,
			nullable(ref.Conversation), hash[:]).Scan(&person, &conversation)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		erased = true
		return t.erase(person, conversation, now)
	})
	if err != nil {
		return false, fmt.Errorf("erase a person: %w", err)
	}
	if !erased {
		return false, nil
	}
	s.people.Drop(idOf(conversation))
	return true, s.emptyLog(ctx)
}

func (t *tx) erase(person, conversation []byte, now time.Time) error {
	if _, err := t.exec(`DELETE FROM tombstone WHERE until <= ?`, now.UnixMicro()); err != nil {
		return err
	}
	_, err := t.exec(`INSERT OR REPLACE INTO tombstone (hash, until) SELECT hash, ? FROM thread WHERE conversation = ?`,
		now.Add(tombstoneFor).UnixMicro(), conversation)
	if err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM job WHERE conversation = ?`, conversation); err != nil {
		return fmt.Errorf("from job: %w", err)
	}
	return t.remove(person, conversation)
}

// remove deletes a person, with their key, and everything about them but their
// jobs.
func (t *tx) remove(person, conversation []byte) error {
	for _, table := range []string{"line", "answer", "handoff", "appointment", "item", "thread"} {
		if _, err := t.exec(`DELETE FROM `+table+` WHERE conversation = ?`, conversation); err != nil {
			return fmt.Errorf("from %s: %w", table, err)
		}
	}
	if _, err := t.exec(`DELETE FROM conversation WHERE id = ?`, conversation); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM person WHERE id = ?`, person)
	return err
}

// emptyLog moves the write-ahead log into the file, where deleted content was
// overwritten, and truncates it.
func (s *Store) emptyLog(ctx context.Context) error {
	err := s.writer.alone(ctx, func(conn *sql.Conn) error {
		ctx := context.WithoutCancel(ctx)
		for end := time.Now().Add(patience); ; {
			var busy bool
			var pages, moved int
			err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
			if err != nil || !busy {
				return err
			}
			if time.Now().After(end) {
				return errors.New("another connection is reading")
			}
			time.Sleep(patience / 100) // somebody copies the log: SQLite does not wait for that itself
		}
	})
	if err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", err)
	}
	return nil
}

// patience is how long other connections are waited for.
const patience = 5 * time.Second
