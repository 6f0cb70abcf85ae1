package bot_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"relais/bot"
	"relais/flows"
)

// anyConversation draws a conversation with every field in play.
func anyConversation(t *rapid.T) bot.Conversation {
	text := rapid.StringN(0, 20, 60)
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		us := rapid.Int64Range(-1_000_000, 4_000_000_000_000_000).Draw(t, "µs")
		if us == 0 {
			return time.Time{}
		}
		return time.UnixMicro(us).UTC()
	})
	id := rapid.Custom(func(t *rapid.T) (id bot.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		return id
	})
	count := rapid.Int64Range(0, 1<<40)
	small := rapid.IntRange(0, 1000)
	position := rapid.Custom(func(t *rapid.T) flows.Position {
		return flows.Position{
			State: text.Draw(t, "state"),
			Vars: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flows.Var {
				return flows.Var{Name: text.Draw(t, "name"), Values: rapid.SliceOfN(text, 0, 4).Draw(t, "values")}
			}), 0, 5).Draw(t, "vars"),
			Trail: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flows.Step {
				return flows.Step{State: text.Draw(t, "state"), Known: small.Draw(t, "known"), Back: text.Draw(t, "back")}
			}), 0, 5).Draw(t, "trail"),
			Back: text.Draw(t, "back"), Misses: small.Draw(t, "misses"),
		}
	})
	c := bot.Conversation{
		ID: id.Draw(t, "id"), Person: id.Draw(t, "person"), Created: instant.Draw(t, "created"), Heard: instant.Draw(t, "heard"),
		Lang: text.Draw(t, "lang"), N: count.Draw(t, "n"), Asked: count.Draw(t, "asked"), Epoch: count.Draw(t, "epoch"),
		Owner: bot.Owner{Kind: bot.OwnerKind(text.Draw(t, "kind")), Organisation: text.Draw(t, "org"), Team: text.Draw(t, "team"),
			Adviser: text.Draw(t, "adviser"), Name: text.Draw(t, "name")},
		Paused: rapid.Bool().Draw(t, "paused"), Known: rapid.Bool().Draw(t, "known"),
		Withheld: rapid.Bool().Draw(t, "withheld"), Watch: instant.Draw(t, "watch"),
		Threads: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) bot.Thread {
			return bot.Thread{ID: id.Draw(t, "id"), Channel: bot.Channel(text.Draw(t, "channel")), Seq: count.Draw(t, "seq"),
				OptedOut: rapid.Bool().Draw(t, "out"), Own: text.Draw(t, "own"), HeardAt: instant.Draw(t, "heard")}
		}), 0, 3).Draw(t, "threads"),
		Frames: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) bot.Frame {
			return bot.Frame{Flow: text.Draw(t, "flow"), Hash: text.Draw(t, "hash"), At: position.Draw(t, "at"), Subject: text.Draw(t, "subject"),
				Asked: count.Draw(t, "asked"), AskedAt: instant.Draw(t, "asked at"), Line: count.Draw(t, "line")}
		}), 0, 3).Draw(t, "frames"),
		Crisis: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) bot.CrisisSent {
			return bot.CrisisSent{Family: text.Draw(t, "family"), At: instant.Draw(t, "at")}
		}), 0, 3).Draw(t, "crisis"),
		Pace: bot.Pace{Stalls: rapid.SliceOfN(rapid.Int64Range(1, 1<<40), 0, 6).Draw(t, "stalls"), Minute: instant.Draw(t, "minute"),
			Count: small.Draw(t, "count"), Parked: rapid.Bool().Draw(t, "parked")},
		Step: text.Draw(t, "step"), Booked: small.Draw(t, "booked"),
	}
	if rapid.Bool().Draw(t, "handed off") {
		c.HandOff = &bot.HandOff{
			ID: id.Draw(t, "id"), State: bot.HandOffState(text.Draw(t, "state")), Organisation: text.Draw(t, "org"), Team: text.Draw(t, "team"),
			Reason: text.Draw(t, "reason"), Urgent: rapid.Bool().Draw(t, "urgent"), AskedBy: bot.From(text.Draw(t, "by")),
			Flow: text.Draw(t, "flow"), Step: text.Draw(t, "step"), Since: instant.Draw(t, "since"), Deadline: instant.Draw(t, "deadline"),
			Missed: small.Draw(t, "missed"), Waiting: instant.Draw(t, "waiting"), Acknowledged: rapid.Bool().Draw(t, "ack"),
			Alerts: small.Draw(t, "alerts"), Asked: count.Draw(t, "asked"),
		}
	}
	return c
}

func TestStateComesBackWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyConversation(t)
		back, err := bot.ParseConversation(bot.AppendConversation(nil, &c))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("what was written is not what was read (-want +got):\n%s", diff)
		}
	})
}

func TestStateSkipsFieldsOfANewerProgram(t *testing.T) {
	c := bot.Conversation{Lang: "fr", N: 7}
	data := bot.AppendConversation(nil, &c)
	data = append(data, 0xfa, 0x3f, 3, 'n', 'e', 'w') // field 1023, three bytes
	back, err := bot.ParseConversation(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseConversation(f *testing.F) {
	c := bot.Conversation{ID: bot.ID{1}, Lang: "fr", Frames: []bot.Frame{{Flow: "welcome", At: flows.Position{Vars: flows.Vars{{Name: "a", Values: []string{"b"}}}}}}}
	f.Add(bot.AppendConversation(nil, &c))
	f.Add([]byte{0x0a, 0x80})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := bot.ParseConversation(data)
		if err != nil {
			return
		}
		again, err := bot.ParseConversation(bot.AppendConversation(nil, &c))
		if err != nil {
			t.Fatalf("what was read cannot be written and read again: %v", err)
		}
		if diff := cmp.Diff(c, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
