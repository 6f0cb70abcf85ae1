package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"relais/bot"
)

// late lets a text happen that was written a while ago.
func (k *talk) late(text string, ago time.Duration) {
	k.n++
	k.w.Nonce[8] = k.n
	event := bot.Event{Source: "test", ID: text, At: k.w.Now.Add(-ago), What: bot.Said{Text: bot.Text(text)}}
	k.c, k.effects = bot.Turn(k.lib, k.c, event, k.w)
	if k.w.Fresh != nil {
		k.w.Fresh, k.w.Thread = nil, k.c.Threads[0].ID
	}
}

// kept lists what the last turn wrote down of the person.
func (k *talk) kept() []string {
	var texts []string
	for _, e := range k.effects {
		if say, ok := e.(bot.Say); ok && say.Line.From == bot.FromPerson {
			texts = append(texts, string(say.Line.Text))
		}
	}
	return texts
}

// asked begins a dialogue: the second question stands open for a while.
func asked(t *testing.T, since time.Duration) *talk {
	k := newTalk(t)
	k.say("bonjour")
	k.say("oui")
	k.w.Now = k.w.Now.Add(since)
	return k
}

func TestLateText(t *testing.T) {
	const outdated = "Cette question est déjà passée"
	tests := []struct {
		name  string
		since time.Duration // the open question was put so long ago
		ago   time.Duration // the text was written so long ago
		text  string
		moved bool   // it is taken for the answer
		said  string // what is said begins so; empty: nothing
	}{
		{"an answer that was on its way is an answer", time.Hour, 30 * time.Minute, "5", true, ""},
		{"one written before the question is not", time.Hour, 2 * time.Hour, "5", false, outdated},
		{"nor is one of the day before", 30 * time.Hour, 25 * time.Hour, "5", false, outdated},
		{"a question put a moment ago is not put again", time.Minute, time.Hour, "5", false, ""},
		{"what has just come through its webhook is never late", 0, 4 * time.Second, "5", true, ""},
		{"STOP is obeyed whatever its age", time.Hour, 48 * time.Hour, "STOP", true, ""},
		{"so is a call for a human", time.Hour, 2 * time.Hour, "conseiller", true, ""},
		{"danger is answered whatever its age", time.Hour, 48 * time.Hour, "je veux mourir", true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := asked(t, tt.since)
			before := k.c
			k.late(tt.text, tt.ago)
			if !slices.Equal(k.kept(), []string{tt.text}) {
				t.Errorf("written down: %q", k.kept())
			}
			moved := k.c.Step != before.Step || k.c.Owner != before.Owner || k.c.Threads[0].OptedOut
			if moved != tt.moved {
				t.Errorf("moved: %t (from %s to %s)", moved, before.Step, k.c.Step)
			}
			said := strings.Join(k.said(), "\n")
			if !tt.moved && !(tt.said == "" && said == "" || tt.said != "" && strings.HasPrefix(said, tt.said)) {
				t.Errorf("said %q", said)
			}
		})
	}
}

func TestLateTextOfSomebodyNew(t *testing.T) {
	k := newTalk(t)
	k.late("bonjour", 30*time.Hour)
	if len(k.said()) == 0 || k.c.Step == "" {
		t.Errorf("nobody greeted them: at %q, said %q", k.c.Step, k.said())
	}
	k.late("vous êtes là ?", 29*time.Hour)
	if len(k.said()) != 0 || len(k.kept()) != 1 {
		t.Errorf("of two texts that came together the second was answered: %q", k.said())
	}
}

func TestLateTextForTheTeam(t *testing.T) {
	k := asked(t, time.Hour)
	k.say("conseiller")
	k.w.Now = k.w.Now.Add(time.Hour)
	k.late("je suis à la gare", 30*time.Minute)
	if k.c.HandOff == nil || k.c.HandOff.Waiting.IsZero() || len(k.said()) != 0 {
		t.Errorf("the team does not see that somebody waits: %+v, said %q", k.c.HandOff, k.said())
	}
}

// A START that a STOP has overtaken must not undo it.
func TestLateStart(t *testing.T) {
	k := asked(t, time.Hour)
	k.say("STOP")
	k.w.Now = k.w.Now.Add(time.Minute)
	k.late("START", 2*time.Minute)
	if !k.c.Threads[0].OptedOut || len(k.said()) != 0 {
		t.Errorf("opted out: %t, said %q", k.c.Threads[0].OptedOut, k.said())
	}
	k.late("START", 30*time.Second)
	if k.c.Threads[0].OptedOut {
		t.Error("a START written after the STOP is not obeyed")
	}
}
