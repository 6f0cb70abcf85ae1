package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"relais/bot"
)

// A backup taken while turns are committed is a database of its own, and holds
// every turn that was acknowledged before it began.
func TestABackupUnderLoadHoldsWhatWasAcknowledged(t *testing.T) {
	const talkers, enough = 4, 150
	dir, keys := t.TempDir(), keyring(t, 1)
	s := open(t, Config{Path: filepath.Join(dir, "relais.db"), Keys: keys})
	var (
		mu    sync.Mutex
		acked []string
		told  = make(chan struct{}, 1)
		stop  = make(chan struct{})
	)
	var talking sync.WaitGroup
	for who := range talkers {
		talking.Go(func() {
			for i := who; ; i += talkers {
				select {
				case <-stop:
					return
				default:
				}
				turn := newcomer(i)
				turn.Source, turn.Event = "test", fmt.Sprint("e", i)
				outcomes, err := s.Commit(t.Context(), []*bot.Commit{turn}, nil)
				if err := errors.Join(append(outcomes, err)...); err != nil {
					t.Errorf("turn %d: %v", i, err)
					return
				}
				mu.Lock()
				acked = append(acked, turn.Event)
				if len(acked) == enough {
					told <- struct{}{}
				}
				mu.Unlock()
			}
		})
	}
	<-told
	mu.Lock()
	before := append([]string(nil), acked...)
	mu.Unlock()
	err := s.Backup(t.Context(), filepath.Join(dir, "copy.db"))
	close(stop)
	talking.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d turns before it began, %d when it had ended", len(before), len(acked))

	restored := open(t, Config{Path: filepath.Join(dir, "copy.db"), Keys: keys})
	var verdict string
	if err := restored.reader.db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s (%v)", verdict, err)
	}
	known, err := restored.Known(t.Context(), "test", before)
	if err != nil || len(known) != len(before) {
		t.Errorf("%d of %d turns are in the backup (%v)", len(known), len(before), err)
	}
	for _, event := range before {
		var i int
		fmt.Sscanf(event, "e%d", &i)
		l, err := restored.Load(t.Context(), bot.Ref{Address: address(i)})
		if err != nil || l.Fresh != nil {
			t.Fatalf("person %d is not in the backup (%v)", i, err)
		}
		if lines, err := restored.History(t.Context(), bot.HistoryQuery{Conversation: l.Conversation.ID}); err != nil || int64(len(lines)) != l.Conversation.N {
			t.Fatalf("person %d has %d lines of %d (%v)", i, len(lines), l.Conversation.N, err)
		}
	}
}
