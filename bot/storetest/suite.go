// Package storetest says what a store is, by cases that every back-end passes:
// each one reads as a sentence.
//
// A back-end's test is one call:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Opened {
//			path := filepath.Join(t.TempDir(), "relais.db")
//			open := func(t *testing.T, crash func(string)) storetest.Store {
//				s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Keys: keys, Crash: crash})
//				…
//				t.Cleanup(func() { s.Close() })
//				return s
//			}
//			return storetest.Opened{Name: "sqlite", Again: open, Raw: …}
//		})
//	}
//
// Run calls the function once per case and expects an empty database each
// time; the suite opens it through Again, once or several times. What ran is
// printed, so that a back-end left out does not pass unnoticed.
package storetest

import (
	"fmt"
	"testing"

	"relais/bot"
)

// Store is everything a back-end implements.
type Store interface {
	bot.Store
	bot.Desk
}

// Opened is an empty database of a back-end.
type Opened struct {
	Name string

	// Again opens a handle on the same data, as another process would, and
	// closes it when the test ends. crash may be nil; else it is called at each
	// commit boundary with the names "commit:before", "commit:written",
	// "commit:after", "claim:before", "claim:written" and "claim:after", and may
	// panic: whoever catches that uses the handle no more, but others must be
	// able to go on at once.
	Again func(t *testing.T, crash func(point string)) Store

	// Raw returns everything at rest, as somebody would see it who has the
	// files and no key: the bytes of the file and of its log, or every row of
	// every table as text.
	Raw func(t *testing.T) []byte
}

// Run runs the suite on one back-end.
func Run(t *testing.T, open func(t *testing.T) Opened) {
	s := &suite{open: open}
	for _, part := range []struct {
		name  string
		cases func(*testing.T, *suite)
	}{
		{"load", load},
		{"commit", commits},
		{"seen", seen},
		{"known", known},
		{"conflict", conflicts},
		{"guards", guards},
		{"group", groups},
		{"jobs", jobs},
		{"leases", leases},
		{"lines", lines},
		{"outbox", outboxes},
		{"begin", begins},
		{"errands", errands},
		{"marks", marks},
		{"answers", answers},
		{"appointments", bookings},
		{"opt-out", optOuts},
		{"desk", desks},
		{"canaries", canaries},
		{"statistics", statistics},
		{"registry", registry},
		{"versions", versions},
		{"dossier", dossiers},
		{"purge", purges},
		{"two handles", handles},
		{"crash", crashes},
		{"secrets", secrets},
		{"model", models},
	} {
		t.Run(part.name, func(t *testing.T) { part.cases(t, s) })
	}
	fmt.Printf("storetest: %s: %d cases\n", s.name, s.ran)
}

type suite struct {
	open func(t *testing.T) Opened
	name string
	ran  int
}

// check runs one case on an empty database.
func (s *suite) check(t *testing.T, sentence string, f func(t *testing.T, h *house)) {
	t.Helper()
	s.ran++
	t.Run(sentence, func(t *testing.T) {
		opened := s.open(t)
		s.name = opened.Name
		f(t, &house{Store: opened.Again(t, nil), opened: opened})
	})
}
