package bot_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"relais/bot"
	"relais/bot/seal"
	"relais/flows"
	"relais/handoff"
)

// library lends the built-in flows to turns.
type library struct{ *flows.Library }

func (l library) Current(name string) *flows.Flow { return l.Flows[name] }

func (l library) Pinned(name, hash string) *flows.Flow {
	if f := l.Flows[name]; f != nil && f.Hash == hash {
		return f
	}
	return nil
}

func (l library) Common(lang, key string) flows.Text { return l.Library.Common[lang][key] }

var builtin = sync.OnceValues(func() (library, []flows.Fault) {
	l, faults := flows.Load(flows.Builtin(), flows.DefaultSamples())
	return library{l}, faults
})

var doubs = sync.OnceValues(func() (*handoff.Territory, error) { return handoff.Parse(handoff.Doubs) })

// monday is within every team's hours.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// talk plays turns on one conversation.
type talk struct {
	tb      testing.TB
	lib     library
	w       bot.World
	c       bot.Conversation
	n       byte
	effects []bot.Effect
}

func newTalk(tb testing.TB) *talk {
	tb.Helper()
	lib, faults := builtin()
	for _, f := range faults {
		tb.Fatal(f)
	}
	territory, err := doubs()
	if err != nil {
		tb.Fatal(err)
	}
	return &talk{tb: tb, lib: lib, w: bot.World{Now: monday, Territory: territory, Generation: 1, Fresh: &bot.Fresh{Channel: bot.SMS}}}
}

// happen runs one turn and keeps its outcome.
func (k *talk) happen(what bot.What) {
	k.n++
	k.w.Nonce[15] = 0
	k.w.Nonce[8] = k.n
	k.c, k.effects = bot.Turn(k.lib, k.c, bot.Event{Source: "test", ID: fmt.Sprint(k.n), At: k.w.Now, What: what}, k.w)
	if k.w.Fresh != nil && len(k.c.Threads) > 0 {
		k.w.Fresh, k.w.Thread = nil, k.c.Threads[0].ID
	}
}

func (k *talk) say(text string) { k.happen(bot.Said{Text: bot.Text(text)}) }

// said lists what the last turn told the person.
func (k *talk) said() []string {
	var texts []string
	for _, e := range k.effects {
		if say, ok := e.(bot.Say); ok && say.Line.From == bot.FromAssistant {
			texts = append(texts, string(say.Line.Text))
		}
	}
	return texts
}

func (k *talk) refusal() bot.Refusal {
	for _, e := range k.effects {
		if r, ok := e.(bot.Refuse); ok {
			return r.Why
		}
	}
	return ""
}

func TestTurnIsPure(t *testing.T) {
	k := newTalk(t)
	for _, text := range []string{"bonjour", "oui", "5", "Besançon", "RETOUR", "25440", "1990", "2", "STOP"} {
		before := bot.AppendConversation(nil, &k.c)
		event := bot.Event{Source: "test", ID: text, At: k.w.Now, What: bot.Said{Text: bot.Text(text)}}
		one, effects := bot.Turn(k.lib, k.c, event, k.w)
		two, again := bot.Turn(k.lib, k.c, event, k.w)
		if diff := cmp.Diff(one, two); diff != "" {
			t.Errorf("%q: run twice, the conversation differs:\n%s", text, diff)
		}
		if diff := cmp.Diff(effects, again); diff != "" {
			t.Errorf("%q: run twice, the effects differ:\n%s", text, diff)
		}
		if diff := cmp.Diff(before, bot.AppendConversation(nil, &k.c)); diff != "" {
			t.Errorf("%q: the turn changed what it was given", text)
		}
		k.say(text)
	}
}

func TestEveryoneIsNumberedWithoutAGap(t *testing.T) {
	k := newTalk(t)
	n, seq := int64(0), int64(0)
	for _, text := range []string{"bonjour", "oui", "5", "CONSEILLER", "vous êtes là ?", "RETOUR", "Besançon"} {
		k.say(text)
		for _, e := range k.effects {
			say, ok := e.(bot.Say)
			if !ok {
				continue
			}
			if n++; say.Line.N != n {
				t.Fatalf("%q: line %d, want %d", text, say.Line.N, n)
			}
			if say.Line.Audience != bot.ForAll {
				if say.Line.Seq != 0 {
					t.Errorf("%q: a line the person may not see has number %d in their thread", text, say.Line.Seq)
				}
				continue
			}
			if seq++; say.Line.Seq != seq {
				t.Fatalf("%q: sequence %d, want %d", text, say.Line.Seq, seq)
			}
		}
	}
}

func TestTwoAdvisersClaim(t *testing.T) {
	samira := bot.Actor{Adviser: "1", Name: "Samira", Organisation: "departement", Team: "accueil"}
	paul := bot.Actor{Adviser: "2", Name: "Paul", Organisation: "departement", Team: "accueil"}
	lea := bot.Actor{Adviser: "3", Name: "Léa", Organisation: "mission-locale"}
	k := newTalk(t)
	k.happen(bot.Claimed{By: samira})
	if got := k.refusal(); got != bot.RefusedNoQueue {
		t.Errorf("nobody asked for a human: refused %q, want %q", got, bot.RefusedNoQueue)
	}
	k = newTalk(t)
	k.say("CONSEILLER")
	k.happen(bot.Claimed{By: lea})
	if got := k.refusal(); got != bot.RefusedForeign {
		t.Errorf("another organisation's: refused %q, want %q", got, bot.RefusedForeign)
	}
	k.happen(bot.Claimed{By: samira})
	if got := k.refusal(); got != "" || k.c.Owner.Adviser != "1" {
		t.Fatalf("the first claim: refused %q, owner %+v", got, k.c.Owner)
	}
	k.happen(bot.Claimed{By: paul})
	refuse, _ := k.effects[0].(bot.Refuse)
	if refuse.Why != bot.RefusedTaken || refuse.Who != "Samira" {
		t.Errorf("the second claim: %+v, want taken by Samira", refuse)
	}
	k.happen(bot.Wrote{By: paul, Text: "bonjour", Epoch: k.c.Epoch})
	if got := k.refusal(); got != bot.RefusedTaken {
		t.Errorf("Paul writes: refused %q, want %q", got, bot.RefusedTaken)
	}
	k.happen(bot.Wrote{By: samira, Text: "bonjour", Epoch: k.c.Epoch - 1})
	if got := k.refusal(); got != bot.RefusedStale {
		t.Errorf("written under an older ownership: refused %q, want %q", got, bot.RefusedStale)
	}
	k.say("une question")
	if got := k.said(); len(got) != 0 {
		t.Errorf("an adviser owns the conversation, the assistant said %q", got)
	}
}

// BenchmarkTurn is one answer in the middle of the questionnaire: state
// decoded and opened, turn, state encoded and sealed. The answer is already
// read: it is a button.
func BenchmarkTurn(b *testing.B) {
	k := newTalk(b)
	for _, text := range []string{"bonjour", "oui", "5", "Besançon", "1990", "1", "2", "2"} {
		k.say(text)
	}
	if k.c.Step != "prediagnostic/q07" {
		b.Fatalf("the dialogue stands at %s", k.c.Step)
	}
	keys, key := seal.Cell{Table: "conversation", Column: "state", Row: k.c.ID[:]}, seal.NewPersonKey()
	sealed := key.Seal(nil, bot.AppendConversation(nil, &k.c), keys)
	event := bot.Event{Source: "test", ID: "x", At: k.w.Now, What: bot.Said{Choice: "job"}}
	b.ReportAllocs()
	b.ReportMetric(float64(len(sealed)), "state-bytes")
	for b.Loop() {
		state, err := key.Open(sealed, keys)
		if err != nil {
			b.Fatal(err)
		}
		c, err := bot.ParseConversation(state)
		if err != nil {
			b.Fatal(err)
		}
		next, effects := bot.Turn(k.lib, c, event, k.w)
		if len(effects) == 0 {
			b.Fatal("nothing follows")
		}
		key.Seal(nil, bot.AppendConversation(nil, &next), keys)
	}
}
