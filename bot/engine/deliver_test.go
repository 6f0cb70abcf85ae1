package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/engine"
)

// operator stands for the outside: it answers sends with what the test says,
// in order, and then takes everything.
type operator struct {
	mu      sync.Mutex
	answers []error
	lost    bool // what it answers an error to was taken all the same
	taken   []bot.Outgoing
	tried   chan bot.Outgoing
}

func newOperator(answers ...error) *operator {
	return &operator{answers: answers, tried: make(chan bot.Outgoing, 100)}
}

func (o *operator) Send(_ context.Context, m bot.Outgoing) (bot.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() { o.tried <- m }()
	var err error
	if len(o.answers) > 0 {
		err, o.answers = o.answers[0], o.answers[1:]
	}
	if err == nil || o.lost {
		o.taken = append(o.taken, m)
	}
	return bot.Receipt{Provider: "SM" + m.Ref, Segments: 1}, err
}

func (o *operator) Find(_ context.Context, m bot.Outgoing, _ time.Time) ([]bot.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []bot.Receipt
	for _, t := range o.taken {
		if t.To == m.To && t.Text == m.Text {
			found = append(found, bot.Receipt{Provider: "SM" + t.Ref})
		}
	}
	return found, nil
}

func (o *operator) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.taken)
}

// clock is moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// delivering is an engine that sends through an operator under a clock.
func delivering(t *testing.T, o *operator) (*engine.Engine, *clock) {
	t.Helper()
	return deliveringWith(t, o, func(_ *clock, s bot.Store) bot.Store { return s })
}

// deliveringWith is the same on a store that was changed.
func deliveringWith(t *testing.T, o *operator, change func(*clock, bot.Store) bot.Store) (*engine.Engine, *clock) {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	e := open(t, func(config *engine.Config) {
		config.Clock = c.Now
		config.Senders = map[bot.Channel]bot.Sender{bot.SMS: o}
		config.Store = change(c, config.Store)
	})
	return e, c
}

// next waits for the operator to be called.
func (o *operator) next(t *testing.T) bot.Outgoing {
	t.Helper()
	select {
	case m := <-o.tried:
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("the operator was not called")
		return bot.Outgoing{}
	}
}

// lineAt waits until a line of a conversation has got as far as want.
func lineAt(t *testing.T, e *engine.Engine, conversation bot.ID, n int64, want bot.Delivery) {
	t.Helper()
	changed := make(chan struct{}, 1)
	defer e.Bus.Subscribe(bot.ConversationTopic(conversation), func(bot.Hint) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	deadline := time.After(20 * time.Second)
	for {
		lines, err := e.Store.History(t.Context(), bot.HistoryQuery{Conversation: conversation, After: n - 1, Limit: 1})
		if err != nil || len(lines) != 1 {
			t.Fatalf("line %d: %v, %d lines", n, err, len(lines))
		}
		if lines[0].Delivery == want {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("line %d is %s, want %s", n, lines[0].Delivery, want)
		}
	}
}

func receive(t *testing.T, e *engine.Engine, id int64, text string) engine.Result {
	t.Helper()
	result, err := e.Receive(t.Context(), phone(1), said(id, text))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSameEventActsOnce(t *testing.T) {
	o := newOperator()
	e, _ := delivering(t, o)
	first := receive(t, e, 1, "bonjour")
	o.next(t)
	lineAt(t, e, first.Conversation, 2, bot.Accepted)
	if again := receive(t, e, 1, "bonjour"); !again.Seen {
		t.Error("the same event was taken twice")
	}
	lines, err := e.Store.History(t.Context(), bot.HistoryQuery{Conversation: first.Conversation})
	if err != nil || len(lines) != 2 {
		t.Errorf("%d lines (%v), want the person's and one reply", len(lines), err)
	}
	if got := o.count(); got != 1 {
		t.Errorf("%d texts left, want 1", got)
	}
}

func TestThrottledTextWaitsAndKeepsItsPlace(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendThrottled, After: 3 * time.Second})
	e, c := delivering(t, o)
	result := receive(t, e, 1, "bonjour")
	refused := o.next(t)
	receive(t, e, 2, "oui") // two more texts queue behind it
	c.move(4 * time.Second)
	sent := []bot.Outgoing{o.next(t), o.next(t), o.next(t)}
	if sent[0].Ref != refused.Ref {
		t.Errorf("the text that waited was %s, first to leave was %s", refused.Ref, sent[0].Ref)
	}
	lineAt(t, e, result.Conversation, 5, bot.Accepted)
	for i, n := range []int64{2, 4, 5} {
		if want := bot.LineRef(result.Conversation, n); sent[i].Ref != want {
			t.Errorf("text %d to leave was %s, want %s", i+1, sent[i].Ref, want)
		}
	}
}

func TestUnknownSendIsSettledByEvidence(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendUnknown})
	o.lost = true // the operator took it, and the answer was lost
	e, c := delivering(t, o)
	result := receive(t, e, 1, "bonjour")
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Begun)
	passing(t, e, c, func() { lineAt(t, e, result.Conversation, 2, bot.Accepted) })
	if got := o.count(); got != 1 {
		t.Errorf("the person received it %d times", got)
	}
}

// passing lets the clock run, a second at a time, until what is waited for has
// happened.
func passing(t *testing.T, e *engine.Engine, c *clock, wait func()) {
	t.Helper()
	happened, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-happened:
				return
			case <-tick.C:
				c.move(time.Second)
				e.Nudge()
			}
		}
	}()
	defer func() { close(happened); <-stopped }()
	wait()
}

func TestUnknownSendWithoutTraceIsSentAgainOnce(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendUnknown})
	e, c := delivering(t, o)
	result := receive(t, e, 1, "bonjour")
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Begun)
	again := make(chan bot.Outgoing, 1)
	go func() { again <- <-o.tried }()
	for range 60 { // look after look, until the text leaves again
		c.move(time.Second)
		e.Nudge()
		select {
		case m := <-again:
			if m.Ref != bot.LineRef(result.Conversation, 2) {
				t.Errorf("%s was sent again", m.Ref)
			}
			if waited := c.Now().Sub(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)); waited < 20*time.Second {
				t.Errorf("sent again after %s: the evidence had no time to come", waited)
			}
			lineAt(t, e, result.Conversation, 2, bot.Accepted)
			if got := o.count(); got != 1 {
				t.Errorf("the person received it %d times", got)
			}
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
	t.Fatal("the text was never sent again")
}

func TestPermanentFailureBecomesWork(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendPermanent, Code: 21614})
	e, _ := delivering(t, o)
	result := receive(t, e, 1, "bonjour")
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Failed)
	items, err := e.Store.(bot.Desk).Items(t.Context(), bot.Viewer{Organisation: "departement", Role: "lead"}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != 1 || items[0].Kind != "undelivered" {
		t.Errorf("work items %+v, want one undelivered text", items)
	}
}

func TestOperatorsOptOutIsKept(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendOptedOut, Code: 21610})
	e, _ := delivering(t, o)
	result := receive(t, e, 1, "bonjour")
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Failed)
	receive(t, e, 2, "oui")
	loaded, err := e.Store.Load(t.Context(), phone(1))
	if err != nil {
		t.Fatal(err)
	}
	if !loaded.Conversation.Threads[0].OptedOut {
		t.Error("the refusal that the operator knows was not kept")
	}
	if got := o.count(); got != 0 {
		t.Errorf("%d texts left after the refusal", got)
	}
}

func TestNothingLeavesAfterAnOptOut(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendThrottled, After: time.Minute})
	e, c := delivering(t, o)
	result := receive(t, e, 1, "bonjour")
	o.next(t)
	receive(t, e, 2, "ARRET")
	c.move(2 * time.Minute)
	if confirmation := o.next(t); confirmation.Ref != bot.LineRef(result.Conversation, 5) {
		t.Errorf("%s left, want the confirmation alone", confirmation.Ref)
	}
	lineAt(t, e, result.Conversation, 2, bot.Cancelled)
	if got := o.count(); got != 1 {
		t.Errorf("%d texts left, want the one confirmation", got)
	}
}

// slowStore takes its time over the first commit that plans a delivery.
type slowStore struct {
	bot.Store
	once sync.Once
	slow func()
}

func (s *slowStore) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	outcomes, err := s.Store.Commit(ctx, group, meanwhile)
	for _, c := range group {
		if len(c.Lines) > 0 {
			s.once.Do(s.slow)
		}
	}
	return outcomes, err
}

// The delivery of a reply is born under a lease that runs from before the
// commit: when the commit took longer, the lease is over before it begins.
func TestACommitSlowerThanTheLeaseLeavesNothingInDoubt(t *testing.T) {
	o := newOperator()
	e, _ := deliveringWith(t, o, func(c *clock, s bot.Store) bot.Store {
		return &slowStore{Store: s, slow: func() { c.move(9 * time.Second) }}
	})
	result := receive(t, e, 1, "bonjour")
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Accepted)
	if got := e.Counts().Unknown.Load(); got != 0 {
		t.Errorf("%d texts in doubt, although none was begun under a lost lease", got)
	}
}

// unsureStore commits the first turn that says something, and cannot tell.
type unsureStore struct {
	bot.Store
	once sync.Once
}

func (s *unsureStore) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) (outcomes []error, err error) {
	outcomes, err = s.Store.Commit(ctx, group, meanwhile)
	for _, c := range group {
		if len(c.Lines) > 0 {
			s.once.Do(func() { outcomes, err = nil, errors.New("connection lost during COMMIT") })
		}
	}
	return outcomes, err
}

// A turn may begin its own first line. When nobody knows whether it was
// committed, that line certainly did not leave: it does so at once, and is not
// in doubt.
func TestALineBegunByATurnOfUnknownEndLeavesAtOnce(t *testing.T) {
	o := newOperator()
	e, _ := deliveringWith(t, o, func(_ *clock, s bot.Store) bot.Store { return &unsureStore{Store: s} })
	if _, err := e.Receive(t.Context(), phone(1), said(1, "bonjour")); err == nil {
		t.Fatal("the turn is said to be committed")
	}
	result := receive(t, e, 1, "bonjour")
	if !result.Seen {
		t.Fatal("the turn was not committed")
	}
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Accepted)
	if got := e.Counts().Unknown.Load(); got != 0 || o.count() != 1 {
		t.Errorf("%d texts in doubt, %d sent, want one that is not", got, o.count())
	}
}

// A number that the operator refuses says nothing to anybody: a wave with many
// of them goes on as if nobody talked.
func TestARefusedNumberIsNotSomebodyWhoTalks(t *testing.T) {
	o := newOperator(&bot.SendError{Kind: bot.SendThrottled}, &bot.SendError{Kind: bot.SendPermanent})
	e, c := delivering(t, o)
	result := receive(t, e, 1, "bonjour")
	if !e.Talking() {
		t.Error("a person wrote, and waves are not held back")
	}
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Pending)
	c.move(5 * time.Second)
	e.Nudge()
	o.next(t)
	lineAt(t, e, result.Conversation, 2, bot.Failed)
	if e.Talking() {
		t.Error("waves are held back for a number that was refused")
	}
}
