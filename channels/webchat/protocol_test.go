package webchat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"relais/bot"
	"relais/channels/webchat"
)

func TestHelloWritesNothing(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{Lang: "fr"})
	if welcome.Seq != 0 || welcome.Log != "" || welcome.Owner != "assistant" || welcome.Session == "" {
		t.Fatalf("first welcome: %+v", welcome)
	}
	if rest := p.settle(); len(rest) != 0 {
		t.Errorf("after the welcome: %+v", rest)
	}
	if _, err := c.store.Session(t.Context(), address(t, welcome.Session)); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("the store knows a session that said nothing: %v", err)
	}
	_, again := c.begin(t, frame{Session: welcome.Session})
	if again.Session != welcome.Session {
		t.Error("a session is not the same the second time")
	}
	_, other := c.begin(t, frame{})
	if other.Session == welcome.Session {
		t.Error("two people share a session")
	}
}

func TestSayIsAcknowledgedThenShown(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{})
	p.say("a-1", "Bonjour")
	ack := p.expect("ack")
	if ack.ID != "a-1" || ack.Seq != 1 || ack.Log == "" {
		t.Fatalf("ack: %+v", ack)
	}
	own := p.expect("message")
	if own.Seq != 1 || own.From != "person" || own.Text != "Bonjour" || own.ID != "a-1" {
		t.Errorf("own message: %+v", own)
	}
	if at, err := time.Parse(time.RFC3339, own.At); err != nil || time.Since(at) > time.Minute {
		t.Errorf("own message at %q", own.At)
	}
	reply := p.expect("message")
	if reply.Seq != 2 || reply.From != "assistant" || reply.Text == "" || reply.ID != "" {
		t.Errorf("reply: %+v", reply)
	}
	at, err := c.store.Session(t.Context(), address(t, welcome.Session))
	if err != nil || at.Seq < 2 {
		t.Errorf("in the store: %+v, %v", at, err)
	}
}

func TestSameIDAgain(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{})
	p.say("one", "Bonjour")
	first := p.expect("ack")
	shown := p.settle()
	for range 3 {
		p.say("one", "un autre texte")
		if again := p.expect("ack"); again.Seq != first.Seq || again.ID != "one" || again.Log != first.Log {
			t.Errorf("acknowledged again as %+v, first %+v", again, first)
		}
	}
	if more := p.settle(); len(more) != 0 {
		t.Errorf("shown again: %+v", more)
	}
	_, resumed := c.begin(t, frame{Session: welcome.Session})
	if resumed.Seq != int64(len(shown)) {
		t.Errorf("the log has %d messages, %d were shown", resumed.Seq, len(shown))
	}
}

// A message far from the end is found as well.
func TestSameIDLongAfter(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) { c.Says = 1000 })
	p, _ := c.begin(t, frame{})
	p.say("first", "CONSEILLER")
	p.expect("ack")
	for i := range 120 {
		p.say(fmt.Sprint("n", i), "encore")
		for f, err := p.read(); f.Type != "ack"; f, err = p.read() {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	p.settle()
	p.say("first", "CONSEILLER")
	if again := p.expect("ack"); again.Seq != 1 {
		t.Errorf("found at %d, want 1", again.Seq)
	}
}

func TestEverySocketOfASessionSeesTheSame(t *testing.T) {
	c := newChat(t, nil)
	one, welcome := c.begin(t, frame{})
	two, _ := c.begin(t, frame{Session: welcome.Session})
	stranger, _ := c.begin(t, frame{})
	one.say("x", "Bonjour")
	one.expect("ack")
	first := one.settle()
	last := first[len(first)-1].Seq
	second := two.until(last)
	if !slices.Equal(seqs(second), upTo(1, last)) || second[0].ID != "x" || second[0].Text != "Bonjour" {
		t.Errorf("the other page saw %+v", second)
	}
	if seen := stranger.settle(); len(seen) != 0 {
		t.Errorf("a stranger saw %+v", seen)
	}
}

func TestResume(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{})
	p.say("1", "Bonjour")
	ack := p.expect("ack")
	last := p.settle()[0].Seq
	p.conn.Close() // without a word
	other, _ := c.begin(t, frame{Session: welcome.Session, After: 1000})
	other.say("2", "oui")
	other.settle()
	at, err := c.store.Session(t.Context(), address(t, welcome.Session))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		hello frame
		first int64
	}{
		"holds some":           {frame{Log: ack.Log, After: last}, last + 1},
		"log not compared":     {frame{After: last}, last + 1},
		"holds all":            {frame{Log: ack.Log, After: at.Seq}, at.Seq + 1},
		"holds nothing":        {frame{Log: ack.Log}, 1},
		"another log":          {frame{Log: "elsewhere", After: last}, 1},
		"more than there is":   {frame{Log: ack.Log, After: at.Seq + 1}, 1},
		"less than nothing":    {frame{Log: ack.Log, After: -5}, 1},
		"as much as can be":    {frame{After: 1<<63 - 1}, 1},
		"another log, nothing": {frame{Log: "elsewhere"}, 1},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			test.hello.Session = welcome.Session
			back, again := c.begin(t, test.hello)
			if again.Log != ack.Log || again.Seq != at.Seq || again.Session != welcome.Session {
				t.Errorf("welcome: %+v", again)
			}
			back.seen = test.first - 1
			got := seqs(back.settle())
			if want := upTo(test.first, at.Seq); !slices.Equal(got, want) {
				t.Errorf("messages %v, want %v", got, want)
			}
		})
	}
}

func TestSecondHelloOnOneConnection(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{})
	p.say("1", "Bonjour")
	p.expect("ack")
	shown := p.settle()
	p.send(frame{Type: "hello", Session: welcome.Session, After: 1})
	p.expect("welcome")
	if got, want := seqs(p.until(int64(len(shown)))), upTo(2, int64(len(shown))); !slices.Equal(got, want) {
		t.Errorf("messages %v, want %v", got, want)
	}
	p.send(frame{Type: "hello"})
	if other := p.expect("welcome"); other.Session == welcome.Session || other.Seq != 0 {
		t.Errorf("a new session: %+v", other)
	}
}

func TestSessionUnknown(t *testing.T) {
	c := newChat(t, nil)
	_, welcome := c.begin(t, frame{})
	elsewhere := newChat(t, func(c *webchat.Config) { c.Key = []byte(strings.Repeat("k", 32)) })
	_, foreign := elsewhere.begin(t, frame{})
	token := welcome.Session
	for name, session := range map[string]string{
		"other id":        flip(token, 3),
		"other signature": flip(token, 30),
		"cut":             token[:len(token)-1],
		"longer":          token + "A",
		"another key":     foreign.Session,
		"not base64":      strings.Repeat("!", len(token)),
		"loose bits":      token[:len(token)-1] + loose(token[len(token)-1]),
		"id alone":        address(t, token).Value,
		"huge":            strings.Repeat("A", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			p := c.connect(t)
			p.send(frame{Type: "hello", Session: session})
			if e := p.expect("error"); e.Code != "session_unknown" || e.Text == "" {
				t.Fatalf("answer: %+v", e)
			}
			p.say("early", "Bonjour")
			if e := p.expect("error"); e.Code != "session_unknown" || e.ID != "early" {
				t.Errorf("saying without a session: %+v", e)
			}
			p.send(frame{Type: "hello"})
			if w := p.expect("welcome"); w.Session == "" || w.Session == session {
				t.Errorf("the connection goes on with %+v", w)
			}
		})
	}
}

// flip changes one character of a token.
func flip(token string, i int) string {
	other := byte('A')
	if token[i] == 'A' {
		other = 'B'
	}
	return token[:i] + string(other) + token[i+1:]
}

// loose returns the last character of a token with a bit that does not count:
// another spelling of the same bytes.
func loose(last byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, last)|1])
}

func TestChoice(t *testing.T) {
	c := newChat(t, nil)
	p, _ := c.begin(t, frame{})
	p.say("1", "Bonjour")
	p.expect("ack")
	question := lastChoices(t, p.settle())
	p.send(frame{Type: "say", ID: "2", Choice: question.Choices[0].Value, To: question.Seq})
	ack := p.expect("ack")
	own := p.expect("message")
	if own.Seq != ack.Seq || own.Text != question.Choices[0].Label {
		t.Errorf("a button shows as %+v, its label is %q", own, question.Choices[0].Label)
	}
	next := lastChoices(t, p.settle())
	p.send(frame{Type: "say", ID: "3", Choice: question.Choices[0].Value, To: question.Seq})
	p.expect("ack")
	if again := lastChoices(t, p.settle()); !slices.Equal(again.Choices, next.Choices) || again.Seq <= next.Seq {
		t.Errorf("an outdated button is answered with %+v, the open question was %+v", again, next)
	}
}

func lastChoices(t testing.TB, frames []frame) frame {
	t.Helper()
	for i := len(frames) - 1; i >= 0; i-- {
		if len(frames[i].Choices) > 0 {
			return frames[i]
		}
	}
	t.Fatalf("no choices in %+v", frames)
	return frame{}
}

func TestOwner(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	c := newChat(t, func(c *webchat.Config) { c.Zone = zone })
	p, welcome := c.begin(t, frame{})
	p.say("1", "CONSEILLER")
	p.expect("ack")
	queue := p.owned("queue")
	promise, err := time.Parse(time.RFC3339, queue.Promise)
	if err != nil || promise.Before(time.Now()) {
		t.Fatalf("after asking for a person: %+v, %v", queue, err)
	}
	if day := promise.In(zone).Format("2"); !strings.Contains(queue.Text, day) || !strings.Contains(queue.Text, "avant") {
		t.Errorf("the promise of %s reads %q", promise, queue.Text)
	}
	if _, again := c.begin(t, frame{Session: welcome.Session}); again.Owner != "queue" || again.Promise != queue.Promise || again.Text != queue.Text {
		t.Errorf("a welcome while waiting: %+v", again)
	}
	at, err := c.store.Session(t.Context(), address(t, welcome.Session))
	if err != nil {
		t.Fatal(err)
	}
	samira := c.hire(t, "Samira", at.Owner)
	c.happens(t, at.Conversation, bot.Claimed{By: samira})
	if owner := p.owned("adviser"); owner.Promise != "" || !strings.Contains(owner.Text, "Samira") {
		t.Errorf("once claimed: %+v", owner)
	}
	c.happens(t, at.Conversation, bot.GivenBack{By: samira})
	p.owned("assistant")
}

func TestAdviserWrites(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{})
	p.say("1", "CONSEILLER")
	p.expect("ack")
	p.settle()
	at, err := c.store.Session(t.Context(), address(t, welcome.Session))
	if err != nil {
		t.Fatal(err)
	}
	samira := c.hire(t, "Samira", at.Owner)
	c.happens(t, at.Conversation, bot.Claimed{By: samira})
	p.owned("adviser")
	c.happens(t, at.Conversation, bot.Wrote{By: samira, Text: "Je vois cela.", Epoch: 2, Note: true, Key: "n"})
	c.happens(t, at.Conversation, bot.Wrote{By: samira, Text: "Bonjour, je vous lis.", Epoch: 2, Key: "w"})
	m := p.expect("message")
	if m.From != "adviser" || m.Name != "Samira" || m.Text != "Bonjour, je vous lis." || m.ID != "" {
		t.Errorf("the person reads %+v", m)
	}
}

// hire makes an adviser of the team that has the conversation.
func (c *chat) hire(t testing.TB, name string, owner bot.Owner) bot.Actor {
	t.Helper()
	id := strings.Repeat("5", 32)
	err := c.store.SaveAdviser(t.Context(), bot.Account{
		ID: id, Email: "adviser@example.org", Name: name, Organisation: owner.Organisation, Team: owner.Team,
		Role: "adviser", Password: "none", Created: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return bot.Actor{Adviser: id, Name: name, Organisation: owner.Organisation, Team: owner.Team, Role: "adviser"}
}

// happens makes an adviser's event take effect.
func (c *chat) happens(t testing.TB, conversation bot.ID, what bot.What) {
	t.Helper()
	c.events++
	result, err := c.engine.Receive(context.Background(), bot.Ref{Conversation: conversation},
		bot.Event{Source: "desk", ID: fmt.Sprint(c.events), What: what})
	if err != nil || result.Refused != nil {
		t.Fatalf("%T: %+v, %v", what, result.Refused, err)
	}
}

// owned reads up to the word that the conversation is in those hands.
func (p *person) owned(by string) frame {
	p.t.Helper()
	for {
		f, err := p.read()
		if err != nil {
			p.t.Fatalf("waiting for the owner to be %s: %v", by, err)
		}
		if f.Type == "owner" && f.Owner == by {
			return f
		}
	}
}

func TestErasedWhileConnected(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{})
	p.say("1", "Bonjour")
	ack := p.expect("ack")
	p.settle()
	if done, err := c.store.Erase(t.Context(), bot.Ref{Address: address(t, welcome.Session)}, time.Now()); err != nil || !done {
		t.Fatal(done, err)
	}
	c.hints.PublishAll() // what another process wrote
	gone := p.expect("welcome")
	if gone.Seq != 0 || gone.Log != "" || gone.Session != welcome.Session {
		t.Fatalf("after the erasure: %+v", gone)
	}
	p.say("2", "Bonjour")
	anew := p.expect("ack")
	if anew.Seq != 1 || anew.Log == ack.Log {
		t.Errorf("a new conversation: %+v, the erased one was %+v", anew, ack)
	}
	if got := seqs(p.settle()); len(got) < 2 || !slices.Equal(got, upTo(1, int64(len(got)))) {
		t.Errorf("messages %v", got)
	}
}
