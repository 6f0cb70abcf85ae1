package sqlite

import (
	"path/filepath"
	"sync"
	"testing"

	"relais/bot"
)

// TestTheLogBeginsAnew: a log that was copied whole is written from its
// beginning again, else it would grow for as long as people write.
func TestTheLogBeginsAnew(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	for i := range 40 {
		commitOne(t, s, newcomer(i))
	}
	long, err := copyLog(s.copier.db)
	if err != nil || long < 100 {
		t.Fatalf("%d pages in the log (%v)", long, err)
	}
	s.copier.rest()
	commitOne(t, s, newcomer(40))
	short, err := copyLog(s.copier.db)
	if err != nil || short >= long/2 {
		t.Errorf("%d pages in the log after it was copied whole, %d before (%v)", short, long, err)
	}
}

// TestTheWriterTellsOfALongLog, once until somebody listens.
func TestTheWriterTellsOfALongLog(t *testing.T) {
	w := &writer{long: make(chan struct{}, 1)}
	for _, step := range []struct {
		rows int64
		told int
	}{{copyAfter - 1, 0}, {1, 1}, {copyAfter, 1}} {
		if w.committed(step.rows); len(w.long) != step.told {
			t.Errorf("after %d rows more: told %d times, want %d", step.rows, len(w.long), step.told)
		}
	}
	<-w.long
	if w.committed(0); len(w.long) != 1 {
		t.Error("what was written while the log was copied is forgotten")
	}
}

// TestAnErasureWhileTheLogIsCopied: SQLite refuses to empty a log that somebody
// copies, and does not wait.
func TestAnErasureWhileTheLogIsCopied(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	var copying sync.WaitGroup
	over := make(chan struct{})
	copying.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			if _, err := copyLog(s.copier.db); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range 30 {
		c := newcomer(i)
		commitOne(t, s, c)
		if _, err := s.Erase(t.Context(), bot.Ref{Address: address(i)}, c.At); err != nil {
			t.Error(err)
		}
	}
	close(over)
	copying.Wait()
}
