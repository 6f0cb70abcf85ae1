package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"relais/bot"
	"relais/flows/understand"
)

// When a message cannot be kept, the sender learns it (503, and the operator
// tries again). But somebody in danger must not wait for a disk: the line of
// the family leaves all the same, once per address and hour, without a record.

// dangerAgain is how long an address is not sent a second unrecorded line.
const dangerAgain = time.Hour

// unrecorded remembers, in memory only, who was sent such a line.
type unrecorded struct {
	mu   sync.Mutex
	sent map[bot.Address]time.Time
}

// first tells whether an address has had none for an hour, and takes note.
func (u *unrecorded) first(a bot.Address, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for known, at := range u.sent {
		if now.Sub(at) >= dangerAgain {
			delete(u.sent, known)
		}
	}
	if _, known := u.sent[a]; known {
		return false
	}
	if u.sent == nil {
		u.sent = map[bot.Address]time.Time{}
	}
	u.sent[a] = now
	return true
}

// forget lets the next try go out: this one failed.
func (u *unrecorded) forget(a bot.Address) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.sent, a)
}

// inDanger sends the line that a message calls for when it could not be kept.
func (e *Engine) inDanger(ctx context.Context, a bot.Address, event bot.Event) {
	said, ok := event.What.(bot.Said)
	sender := e.Senders[a.Channel]
	if !ok || sender == nil {
		return
	}
	lang := e.Flows.library.Languages[0]
	family := understand.ReadCrisis(string(said.Text), understand.Lang(lang))
	if family == understand.SuicideSoft {
		family = understand.Suicide
	}
	if family == understand.NoCrisis || !e.unrecorded.first(a, e.now()) {
		return
	}
	nonce, err := e.nonce(e.now())
	if err != nil {
		return
	}
	text := e.Flows.library.Common[lang]["crisis_"+string(family)].Render(true, nil, e.Flows.place)
	watch := e.metrics.watch()
	_, err = sender.Send(context.WithoutCancel(ctx), bot.Outgoing{To: a, Text: bot.Text(text), Ref: "unrecorded-" + bot.ID(nonce).String()})
	e.metrics.sent(watch, a.Channel, err)
	if err != nil {
		e.unrecorded.forget(a)
	}
	e.Log.Error("a crisis line left without a record: the store does not write",
		slog.String("family", string(family)), slog.Bool("sent", err == nil))
}

// callOnCall tells whoever is on call. It is sent again at each round until
// somebody acknowledges the crisis, so it needs no outbox of its own.
func (e *Engine) callOnCall(ctx context.Context, text bot.Text) {
	for _, a := range e.OnCall {
		sender := e.Senders[a.Channel]
		nonce, err := e.nonce(e.now())
		if sender == nil || err != nil {
			continue
		}
		watch := e.metrics.watch()
		_, err = sender.Send(context.WithoutCancel(ctx), bot.Outgoing{To: a, Text: text, Ref: "oncall-" + bot.ID(nonce).String()})
		e.metrics.sent(watch, a.Channel, err)
		if err != nil {
			e.Log.Error("calling whoever is on call failed", slog.Any("error", err))
		}
	}
}
