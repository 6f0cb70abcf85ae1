package sqlite

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"relais/bot"
)

// TestAnOutboxReadTooEarly changes an outbox between the moment it is read ahead
// and the moment its first line is begun: it must be begun as it is then.
func TestAnOutboxReadTooEarly(t *testing.T) {
	turn := func(change func(next *bot.Commit)) func(*testing.T, *Store, *bot.Commit) {
		return func(t *testing.T, s *Store, c *bot.Commit) {
			next := *c
			state := *c.Conversation
			state.Version++
			next.Conversation, next.Addresses, next.Event, next.Lines, next.Schedule = &state, nil, "another", nil, nil
			change(&next)
			commitOne(t, s, &next)
		}
	}
	for what, change := range map[string]func(t *testing.T, s *Store, c *bot.Commit){
		"nothing happened": func(*testing.T, *Store, *bot.Commit) {},
		"a line is withdrawn": func(t *testing.T, s *Store, c *bot.Commit) {
			commitOne(t, s, &bot.Commit{At: c.At, Cancels: []bot.Cancel{{Thread: c.Conversation.Threads[0].ID}}})
		},
		"another line comes first": turn(func(next *bot.Commit) {
			last := following(next)
			last.Lane, last.Class, last.Delivery = bot.LaneCrisis, "crisis", bot.Pending
			next.Lines = []bot.Line{last}
		}),
		"the person refuses texts": turn(func(next *bot.Commit) {
			next.OptOuts = []bot.OptOut{{Thread: next.Conversation.Threads[0].ID, At: next.At}}
		}),
		"the operator says that it has it": func(t *testing.T, s *Store, c *bot.Commit) {
			commitOne(t, s, &bot.Commit{At: c.At, Marks: []bot.Mark{{Conversation: c.Conversation.ID, N: 2, Delivery: bot.Accepted}}})
		},
		"the person is erased": func(t *testing.T, s *Store, c *bot.Commit) {
			if _, err := s.Erase(t.Context(), bot.Ref{Address: address(1)}, c.At); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			begun := map[bool]*bot.Begin{}
			for _, early := range []bool{true, false} {
				s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
				c := newcomer(1)
				commitOne(t, s, c)
				begin := &bot.Commit{At: c.At, Begin: &bot.Begin{Thread: c.Conversation.Threads[0].ID}}
				var read ahead
				if early {
					if read = s.readAhead(t.Context(), []*bot.Commit{begin}); len(read) != 1 {
						t.Fatal("the outbox was not read ahead")
					}
				}
				change(t, s, c)
				if _, err := s.commitWith(t.Context(), []*bot.Commit{begin}, read); err != nil {
					t.Fatal(err)
				}
				begun[early] = begin.Begin
			}
			if !reflect.DeepEqual(begun[true], begun[false]) {
				t.Errorf("read ahead: %+v\nread then:  %+v", begun[true], begun[false])
			}
		})
	}
}

// following is the line that would follow in a turn's conversation.
func following(turn *bot.Commit) bot.Line {
	c := turn.Conversation
	c.N++
	c.Threads = append([]bot.Thread(nil), c.Threads...)
	c.Threads[0].Seq++
	return bot.Line{Conversation: c.ID, N: c.N, Thread: c.Threads[0].ID, Seq: c.Threads[0].Seq, From: bot.FromAssistant,
		Audience: bot.ForAll, Text: "Appelez le 3114.", At: turn.At.Add(time.Second), Segments: 1}
}
