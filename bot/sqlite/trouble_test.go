package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"relais/bot"
)

// pragma sets something on the writing connection.
func pragma(t *testing.T, s *Store, text string) {
	t.Helper()
	err := s.writer.write(t.Context(), save, func(w *tx) error {
		_, err := w.w.session.conn.ExecContext(t.Context(), "PRAGMA "+text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskIsToldAndGotOver(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	pragma(t, s, "max_page_count = 120")
	stored := 0
	group := func() []*bot.Commit { return []*bot.Commit{newcomer(stored), newcomer(stored + 1)} }
	for {
		outcomes, err := s.Commit(t.Context(), group(), nil)
		if err != nil {
			break
		}
		for _, err := range outcomes {
			if err != nil {
				t.Fatalf("a full disk was told as the fault of one turn: %v", err)
			}
		}
		if stored += 2; stored > 1000 {
			t.Fatal("the disk never filled up")
		}
	}
	for range 3 {
		if _, err := s.Commit(t.Context(), group(), nil); err == nil {
			t.Fatal("a commit passed on a full disk")
		}
	}
	for i, known := range map[int]bool{stored - 1: true, stored: false, stored + 1: false} {
		l, err := s.Load(t.Context(), bot.Ref{Address: address(i)})
		if err != nil || (l.Fresh == nil) != known {
			t.Errorf("person %d is known: %v (%v), want %v", i, l.Fresh == nil, err, known)
		}
	}

	pragma(t, s, "max_page_count = 100000")
	outcomes, err := s.Commit(t.Context(), group(), nil)
	if err != nil || outcomes[0] != nil || outcomes[1] != nil {
		t.Errorf("with room again: %v (%v)", outcomes, err)
	}
}

// The key of a newcomer is drawn again when their group could not be written:
// whoever texts after that must be sealed with the one that was kept.
func TestAKeyThatWasUndoneIsNotUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	s := open(t, Config{Path: path, Keys: keyring(t, 1)})
	pragma(t, s, "max_page_count = 120")
	first := newcomer(1)
	first.Begin = &bot.Begin{Thread: first.Conversation.Threads[0].ID}
	group := []*bot.Commit{first, nextOf(first)}
	for i := range 500 {
		group = append(group, newcomer(2+i))
	}
	if _, err := s.Commit(t.Context(), group, nil); err == nil {
		t.Fatal("the disk never filled up")
	}

	pragma(t, s, "max_page_count = 100000")
	first = newcomer(1)
	commitOne(t, s, first)
	commitOne(t, s, nextOf(first))
	canBeRead(t, path)
}

// A turn that is refused after it wrote a row has its group written again.
func TestAHalfWrittenGroupIsWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	s := open(t, Config{Path: path, Keys: keyring(t, 1)})
	first := newcomer(1)
	first.Begin = &bot.Begin{Thread: first.Conversation.Threads[0].ID}
	refused := nextOf(newcomer(2)) // who never came
	refused.Event = "of the one refused"
	outcomes, err := s.Commit(t.Context(), []*bot.Commit{first, refused, nextOf(first)}, nil)
	if err != nil || outcomes[0] != nil || !errors.Is(outcomes[1], bot.ErrConflict) || outcomes[2] != nil {
		t.Fatalf("the outcomes are %v (%v)", outcomes, err)
	}
	if len(first.Begin.Outbox.Lines) == 0 || first.Begin.Outbox.Lines[0].Delivery != bot.Begun {
		t.Errorf("the line that was begun is told as %+v", first.Begin)
	}
	if known, err := s.Known(t.Context(), refused.Source, []string{first.Event, refused.Event}); err != nil || !known[first.Event] || known[refused.Event] {
		t.Errorf("the events known are %v (%v), want that of the first alone", known, err)
	}
	canBeRead(t, path)
}

// canBeRead opens the two turns of the first newcomer with a store that
// remembers nothing.
func canBeRead(t *testing.T, path string) {
	t.Helper()
	s := open(t, Config{Path: path, Keys: keyring(t, 1)})
	l, err := s.Load(t.Context(), bot.Ref{Address: address(1)})
	if err != nil || l.Conversation.Version != 2 {
		t.Fatalf("version %d is read, want 2 (%v)", l.Conversation.Version, err)
	}
	lines, err := s.History(t.Context(), bot.HistoryQuery{Conversation: l.Conversation.ID, Limit: 10})
	if err != nil || len(lines) != 4 {
		t.Errorf("%d lines are read, want 4 (%v)", len(lines), err)
	}
}

// nextOf is the turn after a newcomer's first.
func nextOf(first *bot.Commit) *bot.Commit {
	state := *first.Conversation
	state.Version++
	state.Threads = slices.Clone(state.Threads)
	turn := &bot.Commit{Source: first.Source, Conversation: &state}
	fillTurn(turn, 1)
	return turn
}

func TestAReadOnlyDiskIsToldAndGotOver(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	pragma(t, s, "query_only = 1")
	if _, err := s.Commit(t.Context(), []*bot.Commit{newcomer(1)}, nil); err == nil {
		t.Error("a commit passed on a read-only disk")
	}
	pragma(t, s, "query_only = 0")
	if outcomes, err := s.Commit(t.Context(), []*bot.Commit{newcomer(1)}, nil); err != nil || outcomes[0] != nil {
		t.Errorf("writable again: %v (%v)", outcomes, err)
	}
}

func TestABrokenConnectionIsReplaced(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	s.writer.drop()
	if outcomes, err := s.Commit(t.Context(), []*bot.Commit{newcomer(1)}, nil); err != nil || outcomes[0] != nil {
		t.Errorf("after the connection broke: %v (%v)", outcomes, err)
	}
	var mode string
	var synchronous int
	err := s.writer.write(t.Context(), save, func(w *tx) error {
		if err := w.row(`PRAGMA journal_mode`).Scan(&mode); err != nil {
			return err
		}
		return w.row(`PRAGMA synchronous`).Scan(&synchronous)
	})
	if err != nil || mode != "wal" || synchronous != 2 {
		t.Errorf("the new connection has journal %s, synchronous %d (%v)", mode, synchronous, err)
	}
}

func TestAnotherProcessThatWritesIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	begins, done := make(chan struct{}, 1), make(chan error, 1)
	s := open(t, Config{Path: path, Keys: keyring(t, 1), Crash: func(point string) {
		if point == "commit:before" {
			begins <- struct{}{}
		}
	}})
	other := open(t, Config{Path: path, Keys: keyring(t, 1)})
	err := other.writer.write(t.Context(), save, func(w *tx) error {
		go func() {
			outcomes, err := s.Commit(t.Context(), []*bot.Commit{newcomer(1)}, nil)
			if err == nil {
				err = outcomes[0]
			}
			done <- err
		}()
		select {
		case err := <-done:
			return fmt.Errorf("a commit passed beside a transaction: %w", err)
		case <-begins: // it has its turn, and waits for the file
		}
		_, err := w.exec(`UPDATE setting SET value = value + 1 WHERE key = 'generation'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestAnErasureLeavesNoTraceInTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relais.db")
	s := open(t, Config{Path: path, Keys: keyring(t, 1)})
	for i := range 40 {
		commitOne(t, s, newcomer(i))
	}
	turn := newcomer(20)
	turn.Conversation.Version, turn.Addresses = 1, nil
	fillTurn(turn, 1000)
	turn.Conversation.N, turn.Conversation.Threads[0].Seq = 4, 4
	for i := range turn.Lines {
		turn.Lines[i].N, turn.Lines[i].Seq = int64(i+3), int64(i+3)
	}
	commitOne(t, s, turn)

	c := turn.Conversation
	var traces [][]byte
	for _, query := range []string{
		`SELECT key FROM person WHERE id = ?2`, `SELECT state FROM conversation WHERE id = ?1`,
		`SELECT address FROM thread WHERE conversation = ?1`, `SELECT body FROM line WHERE conversation = ?1 AND n = 3`,
	} {
		var trace []byte
		if err := s.reader.row(t.Context(), query, c.ID[:], c.Person[:]).Scan(&trace); err != nil {
			t.Fatal(err)
		}
		traces = append(traces, trace)
	}
	before := string(raw(t, path))
	for i, trace := range traces {
		if !strings.Contains(before, string(trace)) {
			t.Fatalf("trace %d is not found before the erasure: the search is blind", i)
		}
	}
	if erased, err := s.Erase(t.Context(), bot.Ref{Address: address(20)}, c.Created); err != nil || !erased {
		t.Fatalf("erased %v (%v)", erased, err)
	}
	after := string(raw(t, path))
	for i, trace := range traces {
		if strings.Contains(after, string(trace)) {
			t.Errorf("trace %d is still in the files", i)
		}
	}
}

func commitOne(t *testing.T, s *Store, turn *bot.Commit) {
	t.Helper()
	outcomes, err := s.Commit(t.Context(), []*bot.Commit{turn}, nil)
	if err != nil || outcomes[0] != nil {
		t.Fatal(outcomes, err)
	}
}

// The tests that stop the program at each commit boundary are complete only if
// there is no other way to commit.
func TestEveryCommitLiesBetweenTwoCrashPoints(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`(?ms)^func .*?^}`)
	commits := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range function.FindAllString(string(source), -1) {
			if strings.Contains(f, ".Commit()") || strings.Contains(f, ".BeginTx(") && !strings.Contains(f, "ReadOnly: true") {
				t.Errorf("%s commits through database/sql:\n%s", name, f)
			}
			before, after, found := strings.Cut(f, "`COMMIT`")
			if !found {
				continue
			}
			commits++
			if !strings.Contains(before, `crash(t.what + ":written")`) || !strings.Contains(after, `crash(t.what + ":after")`) {
				t.Errorf("%s commits outside of the crash points:\n%s", name, f)
			}
		}
	}
	if commits != 1 {
		t.Errorf("%d places commit, want 1", commits)
	}
}
