package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/engine"
	"relais/channels/twilio"
	"relais/channels/twilio/simulator"
	"relais/test/pgtest"
)

// village is the SMS channel whole: an engine on a store, its doors, and an
// operator across the network, all under one clock.
type village struct {
	operator *simulator.Operator
	engine   *engine.Engine
	ahead    atomic.Int64 // of the clock, in nanoseconds
	away     atomic.Bool  // the doors answer 503
}

func (v *village) now() time.Time { return time.Now().Add(time.Duration(v.ahead.Load())) }

func newVillage(t *testing.T, database string) *village {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	v := &village{}
	v.operator = simulator.New(simulator.Config{Clock: v.now})
	api := httptest.NewServer(v.operator.Handler())
	t.Cleanup(api.Close)

	var mux http.ServeMux
	doors := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(doors.Close)
	sid, token := v.operator.Credentials()
	v.operator = simulator.New(simulator.Config{Clock: v.now, AccountSID: sid, AuthToken: token, Webhook: simulator.WebhookAt(doors.URL)})
	api.Config.Handler = v.operator.Handler()

	account := TwilioConfig{AccountSID: sid, AuthTokens: []string{token}, From: v.operator.Number(), APIURL: api.URL}
	sender, err := twilio.NewSender(senderConfig(account, doors.URL))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	svc, err := openService(ctx, Config{Database: database, Secret: strings.Repeat("5e", 32), Migrate: true}, log)
	if err != nil {
		t.Fatal(err)
	}
	v.engine = engine.New(engine.Config{
		Store: svc.store, Flows: svc.flows, Log: log, Clock: v.now,
		Senders: map[bot.Channel]bot.Sender{bot.SMS: smsSender{sender}}, Archive: smsArchive{sender},
	})
	hooks, err := twilio.NewWebhook(twilio.WebhookConfig{
		PublicURL: doors.URL, Tokens: []string{token}, AccountSID: sid,
		Receive: smsInbound(v.engine), Status: smsStatus(v.engine),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc(twilio.InboundPath, hooks.ServeInbound)
	mux.HandleFunc(twilio.StatusPath, hooks.ServeStatus)

	ended := make(chan error, 2)
	go func() { ended <- v.engine.Run(ctx) }()
	go func() { ended <- v.operator.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		for range cap(ended) {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if err := svc.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// replies are what the service sent to a phone.
func (v *village) replies(phone string) []string { return sent(v.operator.Phone(phone)) }

func sent(thread []simulator.Message) (bodies []string) {
	for _, m := range thread {
		if m.Direction == simulator.OutboundAPI {
			bodies = append(bodies, m.Body)
		}
	}
	return bodies
}

// settle waits until every phone has a reply.
func (v *village) settle(t *testing.T, phones []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for _, phone := range phones {
		_, err := v.operator.WaitUntil(ctx, phone, func(thread []simulator.Message) bool { return len(sent(thread)) > 0 })
		if err != nil {
			t.Fatalf("phone %s was never answered: %v", phone[len(phone)-3:], err)
		}
	}
}

// Of 100 people the texts of 30 are lost on the way, dropped or refused. One
// round of comparing answers each of them, once.
func TestLostTextsAreAnsweredOnceWithinOneRound(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { loseTexts(t, newVillage(t, "sqlite:"+filepath.Join(t.TempDir(), "relais.db"))) })
	t.Run("postgres", func(t *testing.T) { loseTexts(t, newVillage(t, pgtest.Start(t))) })
}

func loseTexts(t *testing.T, v *village) {
	compared(t, v) // at the start; the next is in a minute
	v.ahead.Add(int64(2 * time.Second))
	v.operator.FailWebhooks(10, simulator.DropWebhook)
	v.operator.FailWebhooks(10, simulator.RefuseWebhook)
	var phones []string
	reached := 0
	for n := range 100 {
		v.away.Store(n >= 20 && n < 30) // the doors themselves answer 503
		phone := fmt.Sprintf("+336399811%02d", n)
		phones = append(phones, phone)
		if status := v.text(t, phone, n); status/100 == 2 {
			reached++
		}
	}
	if reached != 70 {
		t.Fatalf("%d texts reached us, want 70", reached)
	}
	v.settle(t, phones[30:])
	for n, phone := range phones[:30] {
		if got := v.replies(phone); len(got) != 0 {
			t.Fatalf("text %d was answered before the round: %q", n, got)
		}
	}
	v.round(t, phones)
	v.round(t, phones)
	alike := v.replies(phones[99])
	for n, phone := range phones {
		got := v.replies(phone)
		if len(got) != 1 || n%10 != 3 && n%10 != 5 && got[0] != alike[0] {
			t.Errorf("phone %d received %q", n, got)
		}
	}
}

// round lets the minute of the next comparison come, and waits for it: somebody
// new writes, which wakes the engine, and each phone has its reply.
func (v *village) round(t *testing.T, phones []string) {
	t.Helper()
	v.ahead.Add(int64(70 * time.Second))
	last := fmt.Sprintf("+33639982%03d", v.ahead.Load()/int64(time.Second))
	if _, status, err := v.operator.Text(t.Context(), last, "Bonjour"); status/100 != 2 || err != nil {
		t.Fatalf("status %d (%v)", status, err)
	}
	v.settle(t, append(phones, last))
	compared(t, v)
}

// text sends a person's first text: a greeting, of every tenth a picture
// without a word, of another a refusal in French.
func (v *village) text(t *testing.T, phone string, n int) (status int) {
	t.Helper()
	switch n % 10 {
	case 3:
		_, status, _ = v.operator.Picture(t.Context(), phone)
	case 5:
		_, status, _ = v.operator.Text(t.Context(), phone, "ARRET")
	default:
		_, status, _ = v.operator.Text(t.Context(), phone, "Bonjour")
	}
	return status
}

// compared waits until the engine has compared under the present clock.
func compared(t *testing.T, v *village) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for v.now().Sub(lastCompared(t, v)) > time.Minute {
		select {
		case <-deadline:
			t.Fatal("no comparison came")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
