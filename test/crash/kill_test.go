package crash

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"relais/channels/twilio/simulator"
)

// kills is how often the server is killed under load.
const kills = 10

// script is what each person texts, one after the other.
var script = []string{"Bonjour", "oui", "5", "Besançon", "1990", "1", "1 et 6", "2", "trouver un emploi", "5", "2", "5", "5", "1"}

// TestKillUnderLoad texts from many phones through the stand-in operator while
// the server is killed ten times. What was acknowledged is there, once, in
// order; every reply reached its phone, once, in order.
func TestKillUnderLoad(t *testing.T) {
	dir := t.TempDir()
	listen := freeAddress(t)
	operator := simulator.New(simulator.Config{Webhook: simulator.WebhookAt("http://" + listen), HTTP: &http.Client{Timeout: 15 * time.Second}})
	api := httptest.NewServer(operator.Handler())
	defer api.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	go func() { _ = operator.Run(ctx) }()

	sid, token := operator.Credentials()
	env := []string{
		"RELAIS_DATABASE_URL=sqlite:" + filepath.Join(dir, "relais.db"), "RELAIS_SMS_RATE=0",
		"TWILIO_ACCOUNT_SID=" + sid, "TWILIO_AUTH_TOKEN=" + token, "TWILIO_FROM=" + operator.Number(), "TWILIO_API_URL=" + api.URL,
		"RELAIS_DEMO=0", "RELAIS_PUBLIC_URL=http://" + listen,
	}
	town := newTown(ctx, t, operator, 12)
	server := start(t, env, listen)
	town.up()
	done := make(chan struct{})
	go func() { defer close(done); town.play() }()

	perKill := len(town.phones) * len(script) / (kills + 2)
	for i := range kills {
		town.waitAcked(perKill * (i + 1))
		town.down()
		server.kill()
		server = start(t, env, listen)
		town.up()
	}
	<-done

	for _, phone := range town.phones {
		said, told := []string{}, []string{}
		// Wait until the phone has everything the store says was said to it.
		for _, m := range settled(ctx, t, operator, env, phone) {
			if m.From == "person" {
				said = append(said, m.Text)
			} else {
				told = append(told, m.Text)
			}
		}
		if fmt.Sprint(said) != fmt.Sprint(script) {
			t.Errorf("%s said %q, the store has %q", phone, script, said)
		}
		received := []string{}
		for _, m := range operator.Phone(phone) {
			if m.Direction != simulator.Inbound {
				received = append(received, m.Body)
			}
		}
		if fmt.Sprint(received) != fmt.Sprint(told) {
			t.Errorf("%s: the store told\n%q\nthe phone received\n%q", phone, told, received)
		}
	}
}

// settled waits until a phone has as many texts as the store wants sent.
func settled(ctx context.Context, t *testing.T, operator *simulator.Operator, env []string, phone string) []message {
	t.Helper()
	messages := export(t, env, phone)
	if _, err := operator.Wait(ctx, phone, len(messages)); err != nil {
		t.Errorf("%s: waiting for %d messages: %v (the phone has %d)", phone, len(messages), err, len(operator.Phone(phone)))
	}
	return messages
}

// town is the people who text, and whether the server is up for them.
type town struct {
	ctx      context.Context
	t        *testing.T
	operator *simulator.Operator
	phones   []string

	mu    sync.Mutex
	cond  *sync.Cond
	isUp  bool
	acked int
}

func newTown(ctx context.Context, t *testing.T, operator *simulator.Operator, people int) *town {
	w := &town{ctx: ctx, t: t, operator: operator}
	w.cond = sync.NewCond(&w.mu)
	for i := range people {
		w.phones = append(w.phones, fmt.Sprintf("+336399801%02d", i))
	}
	context.AfterFunc(ctx, w.cond.Broadcast)
	return w
}

func (w *town) up()   { w.set(true) }
func (w *town) down() { w.set(false) }

func (w *town) set(up bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isUp = up
	w.cond.Broadcast()
}

func (w *town) waitUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.isUp && w.ctx.Err() == nil {
		w.cond.Wait()
	}
}

func (w *town) waitAcked(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.acked < n && w.ctx.Err() == nil {
		w.cond.Wait()
	}
}

func (w *town) ack() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acked++
	w.cond.Broadcast()
}

// play lets everybody text their script. A text that was not acknowledged is
// delivered again by the operator until it is.
func (w *town) play() {
	var wg sync.WaitGroup
	for _, phone := range w.phones {
		wg.Go(func() {
			for _, body := range script {
				w.waitUp()
				sid, status, err := w.operator.Text(w.ctx, phone, body)
				for status/100 != 2 {
					if w.ctx.Err() != nil {
						w.t.Errorf("a text was never acknowledged: status %d, %v", status, err)
						return
					}
					w.waitUp()
					status, err = w.operator.Redeliver(w.ctx, sid)
				}
				w.ack()
			}
		})
	}
	wg.Wait()
}
