package sqlite

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"relais/bot"
)

// Every page is read in a transaction of its own, and there are more readers
// than connections.
func TestManyMayReadAtOnceFromTheStart(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	viewer := bot.Viewer{Organisation: "a"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				if _, err := s.Inbox(t.Context(), viewer, 10); err != nil {
					t.Error(err)
				}
				if _, err := s.Read(t.Context(), viewer, bot.ID{1}, 0, 10); err != bot.ErrNotFound {
					t.Error(err)
				}
				if _, err := s.File(t.Context(), viewer, bot.ID{1}); err != bot.ErrNotFound {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("readers wait for each other")
	}
}
