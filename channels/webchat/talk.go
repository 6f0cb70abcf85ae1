package webchat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"relais/bot"
	"relais/bot/engine"
)

const (
	page        = 32 // messages read at once
	receiveIn   = 15 * time.Second
	greetIn     = 5 * time.Second // before the client takes the service for dead
	retryBusy   = time.Second
	retryFailed = 3 * time.Second
	// makeRoom is when a connection that left for a newer one may return.
	makeRoom = 30 * time.Second
)

// client is the connection behind a talk.
type client interface {
	// emit sends one frame, after those before it.
	emit(frame any)
	// hint tells that there may be news; it never blocks.
	hint()
	// dismiss asks the client to leave, and to come back after a while.
	dismiss(retry time.Duration)
}

// standing is who answers, as the person is told.
type standing struct {
	kind    bot.OwnerKind
	name    string
	promise time.Time // zero: none
}

// talk is one client's side of a session: who it is, and what it was shown.
type talk struct {
	server *Server
	client client
	place  string // where the client is, "" when it is not known

	// mu keeps what is said and what is shown apart: the answer to a message
	// goes out before the rows it wrote.
	mu           sync.Mutex
	words        *words
	session      string // "" before a hello
	unready      bool   // the hello could not be answered: nor can what follows it
	conversation bot.ID // zero before anything was said
	thread       bot.ID
	sent         int64 // the last sequence number shown
	told         standing
	unwatch      [2]func() // of the address, and of the conversation
}

// take carries out what the client sent. It tells false when the client leaves.
func (t *talk) take(ctx context.Context, in received) (stays bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch in.Type {
	case "hello":
		t.hello(ctx, in)
	case "say":
		t.say(ctx, in)
	case "heed":
		t.heed(ctx, in)
	case "ping":
		t.client.emit(pong{"pong"})
	case "bye":
		return false
	}
	return true
}

// fail tells the client that something went wrong.
func (t *talk) fail(what code, id string, retry time.Duration) {
	t.client.emit(t.failure(what, id, retry))
}

func (t *talk) failure(what code, id string, retry time.Duration) failure {
	w := t.words
	if w == nil {
		w = &french
	}
	return failure{Type: "error", Code: what, ID: id, Retry: retry.Milliseconds(), Text: w.failures[what]}
}

// hello begins or resumes a session. It writes nothing.
func (t *talk) hello(ctx context.Context, in received) {
	t.words = wordsIn(in.Lang)
	t.unready = true
	if wait := t.server.mayEnter(ctx, t.place); wait > 0 {
		t.regret(in, wait+comeBack())
		return
	}
	session, token := "", in.Session
	if token == "" {
		var err error
		if session, token, err = t.server.tokens.mint(t.server.config.Random); err != nil {
			t.trouble("chat session not begun", err, in)
			return
		}
	} else {
		var ok bool
		if session, ok = t.server.tokens.open(token); !ok {
			t.unready = false
			t.fail(sessionUnknown, "", 0)
			return
		}
	}
	t.quit()
	t.enter(session) // before reading: what happens from now on is hinted at
	ctx, cancel := context.WithTimeout(ctx, greetIn)
	defer cancel()
	at, err := t.look(ctx)
	if err != nil {
		t.quit()
		t.trouble("chat session not read", err, in)
		return
	}
	t.unready = false
	t.sent = max(0, in.After)
	if t.sent > at.Seq || (in.Log != "" && in.Log != t.server.tokens.log(at.Thread)) {
		t.sent = 0
	}
	t.welcome(token, at)
	t.client.hint()
}

// welcome says where the session stands.
func (t *talk) welcome(token string, at bot.Session) {
	t.follow(at)
	t.told = standingOf(at)
	t.client.emit(welcome{
		Type: "welcome", Session: token, Log: t.server.tokens.log(at.Thread), Seq: at.Seq,
		Owner: t.told.kind, Promise: t.told.promised(), Text: t.ownerText(),
	})
}

// say receives one message of the person.
func (t *talk) say(ctx context.Context, in received) {
	switch {
	case t.session == "" && t.unready:
		t.regret(in, retryFailed)
		return
	case t.session == "":
		t.fail(sessionUnknown, in.ID, 0)
		return
	}
	if wait := t.server.maySay(ctx, t.session); wait > 0 {
		t.fail(rateLimited, in.ID, wait)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, receiveIn)
	defer cancel()
	seq, thread, err := t.receive(ctx, in)
	switch {
	case errors.Is(err, engine.ErrBusy):
		t.fail(rateLimited, in.ID, retryBusy)
	case err != nil:
		t.trouble("chat message not kept", err, in)
	default:
		t.client.emit(ack{Type: "ack", ID: in.ID, Seq: seq, Log: t.server.tokens.log(thread)})
		t.client.hint()
	}
}

// receive makes a message durable and returns where it stands: itself, or the
// one that came first under its id.
func (t *talk) receive(ctx context.Context, in received) (seq int64, thread bot.ID, err error) {
	result, err := t.server.config.Engine.Receive(ctx, bot.Ref{Address: t.address()}, bot.Event{
		Source: "chat", ID: t.session + "/" + in.ID,
		What: bot.Said{Text: bot.Text(in.Text), Choice: in.Choice, To: in.To, Key: in.ID, Lang: t.words.lang},
	})
	switch {
	case err != nil:
		return 0, thread, err
	case result.Refused != nil:
		return 0, thread, fmt.Errorf("receive a chat message: refused: %s", result.Refused.Why)
	case result.Seen:
		return t.find(ctx, in.ID)
	}
	return result.Seq, result.Thread, nil
}

// trouble tells that something of ours failed.
func (t *talk) trouble(what string, err error, in received) {
	t.server.config.Log.Error(what, slog.Any("error", err))
	t.regret(in, retryFailed)
}

// find returns where a message stands that was received before: near the end
// most often, as a client sends again what it has just sent. 0 means that its
// row is gone.
func (t *talk) find(ctx context.Context, id string) (seq int64, thread bot.ID, err error) {
	at, err := t.look(ctx)
	if err != nil {
		return 0, thread, err
	}
	recent := max(0, at.Seq-100)
	seq, err = t.scan(ctx, at, id, recent)
	if seq == 0 && err == nil && recent > 0 {
		seq, err = t.scan(ctx, at, id, 0)
	}
	return seq, at.Thread, err
}

func (t *talk) scan(ctx context.Context, at bot.Session, id string, after int64) (int64, error) {
	for after < at.Seq {
		lines, err := t.history(ctx, at, after, 500)
		if err != nil || len(lines) == 0 {
			return 0, err
		}
		for i := range lines {
			if lines[i].Key == id && lines[i].From == bot.FromPerson {
				return lines[i].Seq, nil
			}
		}
		after = lines[len(lines)-1].Seq
	}
	return 0, nil
}

func (t *talk) history(ctx context.Context, at bot.Session, after int64, limit int) ([]bot.Line, error) {
	return t.server.config.Store.History(ctx, bot.HistoryQuery{
		Conversation: at.Conversation, Thread: at.Thread, After: after, Limit: limit,
	})
}

// news shows the next page of what the client has not seen, then who answers
// when that changed. more tells that there is another page.
func (t *talk) news(ctx context.Context) (more bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.session == "" {
		return false, nil
	}
	at, err := t.look(ctx)
	if err != nil {
		return false, err
	}
	if !t.thread.IsZero() && at.Thread != t.thread {
		t.sent = 0
		t.welcome(t.server.tokens.token(t.session), at)
	}
	t.follow(at)
	if at.Seq > t.sent {
		lines, err := t.history(ctx, at, t.sent, page)
		if err != nil {
			return false, err
		}
		for i := range lines {
			t.client.emit(messageOf(&lines[i]))
			t.sent = lines[i].Seq
		}
		if len(lines) == page && at.Seq > t.sent {
			return true, nil
		}
	}
	if now := standingOf(at); now != t.told {
		t.told = now
		t.client.emit(ownerIs{Type: "owner", Owner: now.kind, Promise: now.promised(), Text: t.ownerText()})
	}
	return false, nil
}

// look reads where the session stands; the assistant has one where nobody
// ever wrote.
func (t *talk) look(ctx context.Context) (bot.Session, error) {
	at, err := t.server.config.Store.Session(ctx, t.address())
	if errors.Is(err, bot.ErrNotFound) {
		return bot.Session{Owner: bot.Owner{Kind: bot.Assistant}}, nil
	}
	return at, err
}

func (t *talk) address() bot.Address { return bot.Address{Channel: bot.Web, Value: t.session} }

// enter joins a session and watches its address.
func (t *talk) enter(session string) {
	t.session = session
	if oldest := t.server.sessions.join(session, t); oldest != nil {
		oldest.client.dismiss(makeRoom)
	}
	t.unwatch[0] = t.watch(bot.AddressTopic(t.address()))
}

// follow watches the conversation of the session, which appears at the first
// thing said and changes when two are joined.
func (t *talk) follow(at bot.Session) {
	t.thread = at.Thread
	if t.conversation == at.Conversation {
		return
	}
	t.conversation = at.Conversation
	if t.unwatch[1] != nil {
		t.unwatch[1]()
		t.unwatch[1] = nil
	}
	if !at.Conversation.IsZero() {
		t.unwatch[1] = t.watch(bot.ConversationTopic(at.Conversation))
	}
}

func (t *talk) watch(topic string) (cancel func()) {
	client := t.client
	return t.server.config.Bus.Subscribe(topic, func(bot.Hint) { client.hint() })
}

// leave ends the talk for good.
func (t *talk) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.quit()
}

// quit leaves the session the client was in.
func (t *talk) quit() {
	if t.session == "" {
		return
	}
	t.server.sessions.leave(t.session, t)
	for i, unwatch := range t.unwatch {
		if unwatch != nil {
			unwatch()
		}
		t.unwatch[i] = nil
	}
	t.session, t.conversation, t.thread, t.sent, t.told = "", bot.ID{}, bot.ID{}, 0, standing{}
}

func standingOf(at bot.Session) standing {
	s := standing{kind: at.Owner.Kind}
	switch s.kind {
	case bot.Queue:
		s.promise = at.Deadline.UTC()
	case bot.Adviser:
		s.name = at.Owner.Name
	}
	return s
}

// promised writes the promise for the client, "" for none.
func (s standing) promised() string {
	if s.promise.IsZero() {
		return ""
	}
	return s.promise.Format(time.RFC3339)
}

func (t *talk) ownerText() string {
	return t.words.owner(t.told, t.server.config.Zone, t.server.config.Clock())
}
