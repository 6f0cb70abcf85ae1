package engine

import (
	"testing"
	"time"

	"relais/bot"
)

// TestNotesHaveTheirPlacesBesideTurns: a group is never so full of turns that
// what became of texts is not written.
func TestNotesHaveTheirPlacesBesideTurns(t *testing.T) {
	for _, c := range []struct{ turns, notes, wantTurns, wantNotes int }{
		{40, 20, 24, 8},
		{40, 3, 29, 3},
		{40, 0, 32, 0},
		{5, 40, 5, 27},
		{0, 3, 0, 3},
	} {
		e := New(Config{Group: 32})
		for range c.turns {
			e.turns <- &commit{Commit: &bot.Commit{Conversation: &bot.Conversation{}}}
		}
		for range c.notes {
			e.notes <- &commit{Commit: &bot.Commit{}}
		}
		turns := 0
		group := e.fill(nil)
		for _, p := range group {
			if p.Conversation != nil {
				turns++
			}
		}
		if turns != c.wantTurns || len(group)-turns != c.wantNotes {
			t.Errorf("of %d turns and %d notes: %d and %d, want %d and %d", c.turns, c.notes, turns, len(group)-turns, c.wantTurns, c.wantNotes)
		}
	}
}

func TestRoomWhilePeopleTalk(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		talked time.Time
		waves  int64
		taken  int
		want   int
	}{
		"nobody talks":                           {now.Add(-time.Second), 100, 100, 28},
		"somebody talks":                         {now.Add(-time.Millisecond), 0, 0, 4},
		"and part of a wave is under way":        {now.Add(-time.Millisecond), 3, 3, 1},
		"a wave that hangs keeps nobody out":     {now.Add(-time.Millisecond), 9, 9, 1},
		"replies under way are no wave":          {now.Add(-time.Millisecond), 0, 60, 4},
		"all slots are taken":                    {now.Add(-time.Millisecond), 4, 128, 0},
		"the clock was set back while one spoke": {now.Add(time.Hour), 0, 0, 128},
	} {
		e := New(Config{Workers: 128})
		e.talked.Store(c.talked.UnixMicro())
		e.waves.Store(c.waves)
		for range c.taken {
			e.slots <- struct{}{}
		}
		if got := e.room(now); got != c.want {
			t.Errorf("%s: room for %d, want %d", what, got, c.want)
		}
	}
}
