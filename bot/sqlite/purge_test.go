package sqlite

import (
	"path/filepath"
	"testing"

	"relais/bot/storetest"
)

func TestPurgeBesideTurns(t *testing.T) {
	storetest.PurgeBesideTurns(t, func(t *testing.T) storetest.Opened {
		path, keys := filepath.Join(t.TempDir(), "relais.db"), keyring(t, 1)
		return storetest.Opened{Name: "sqlite", Again: func(t *testing.T, crash func(string)) storetest.Store {
			return open(t, Config{Path: path, Keys: keys, Crash: crash})
		}}
	})
}

func TestTheJournalKeepsWhatJustHappened(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	full(t, s)
	err := s.writer.write(t.Context(), save, func(t *tx) error {
		_, err := t.exec(`DELETE FROM audit`)
		return err
	})
	if err == nil {
		t.Error("the journal was emptied")
	}
}
