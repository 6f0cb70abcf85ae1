package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"relais/bot"
)

// stage is a store whose groups are committed as the test says.
type stage struct {
	bot.Store
	commit func(group []*bot.Commit, meanwhile func())
}

func (s stage) Commit(_ context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	s.commit(group, meanwhile)
	return make([]error, len(group)), nil
}

func (stage) Seal(*bot.Commit) {}

// committing runs a committer over a stage until the test is over.
func committing(t *testing.T, s stage) *Engine {
	e := New(Config{Store: s, Group: 1})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { e.runCommitter(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return e
}

// says hands over a turn and returns what is closed once its outcome is told.
func says(t *testing.T, e *Engine) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := e.handOver(t.Context(), &bot.Commit{Conversation: &bot.Conversation{}}); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
	return done
}

func told(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// Who was committed is told while the store works on the next group; who has
// nobody behind them, at once.
func TestThoseOfAGroupAreToldWhileTheStoreWorksOnTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given, done := make(chan struct{}), make(chan struct{})
		e := committing(t, stage{commit: func(_ []*bot.Commit, meanwhile func()) {
			given <- struct{}{}
			meanwhile()
			done <- struct{}{}
		}})
		one := says(t, e)
		<-given
		two := says(t, e)
		<-done // of the first group
		synctest.Wait()
		if told(one) {
			t.Error("the first turn was told before the store had the next")
		}
		<-given
		synctest.Wait()
		if !told(one) || told(two) {
			t.Errorf("while the store works on the second turn: the first told %t, the second %t; want true, false", told(one), told(two))
		}
		<-done
		synctest.Wait()
		if !told(two) {
			t.Error("the last turn was not told, although nobody came after it")
		}
	})
}

// A store that does not even take a group, for want of a connection, keeps
// nobody waiting who was committed before it.
func TestThoseOfAGroupDoNotWaitForAStoreThatTakesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := make(chan struct{})
		e := committing(t, stage{commit: func([]*bot.Commit, func()) { given <- struct{}{} }})
		one := says(t, e)
		says(t, e)
		<-given // and the second is not taken
		start := time.Now()
		<-one
		if waited := time.Since(start); waited > company {
			t.Errorf("the first turn was told %v after it was committed, want at most %v", waited, company)
		}
		<-given
	})
}

// The second committer works while many notes wait, and leaves the turns alone.
func TestTheSecondCommitterTakesNotesAlone(t *testing.T) {
	for what, c := range map[string]struct{ group, notes, left int }{
		"many wait":     {group: 4, notes: 10, left: 2},
		"few wait":      {group: 4, notes: 2, left: 2},
		"one at a time": {group: 1, notes: 3, left: 0},
		"nobody waits":  {group: 1, notes: 0, left: 0},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := New(Config{Group: c.group, Store: stage{commit: func(group []*bot.Commit, _ func()) {
					for _, turn := range group {
						if turn.Conversation != nil {
							t.Error("it took a turn")
						}
					}
				}}})
				for range c.notes {
					e.notes <- &commit{Commit: &bot.Commit{}, outcome: make(chan error, 1)}
				}
				e.turns <- &commit{Commit: &bot.Commit{Conversation: &bot.Conversation{}}}
				signal(e.crowded)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { e.runSecondCommitter(ctx); close(ended) }()
				synctest.Wait()
				if len(e.notes) != c.left || len(e.turns) != 1 {
					t.Errorf("%d notes and %d turns are left, want %d and 1", len(e.notes), len(e.turns), c.left)
				}
				cancel()
				<-ended
			})
		})
	}
}
