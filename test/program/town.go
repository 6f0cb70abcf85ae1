package program

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"relais/channels/twilio/simulator"
)

// Script is what each person of a town texts, one after the other: the whole
// questionnaire.
var Script = []string{"Bonjour", "oui", "5", "Besançon", "1990", "1", "1 et 6", "2", "trouver un emploi", "5", "2", "5", "5", "1"}

// Town is people who text through a stand-in operator. A text that is not
// acknowledged is delivered again until it is; nobody texts while the gate is
// closed.
type Town struct {
	Operator *simulator.Operator
	Phones   []string

	api  *httptest.Server
	gate gate
}

// NewTown gathers people in front of the servers that webhook names; it is
// asked before each text. The operator works until the test ends.
func NewTown(t *testing.T, people int, webhook func() string) *Town {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	w := &Town{Operator: simulator.New(simulator.Config{Webhook: webhook, HTTP: &http.Client{Timeout: 15 * time.Second}})}
	w.gate.init(t.Context())
	w.api = httptest.NewServer(w.Operator.Handler())
	for i := range people {
		w.Phones = append(w.Phones, fmt.Sprintf("+336399801%02d", i))
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = w.Operator.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended; w.api.Close() })
	return w
}

// Env is the operator's account, for a server's environment.
func (w *Town) Env() []string {
	sid, token := w.Operator.Credentials()
	return []string{"TWILIO_ACCOUNT_SID=" + sid, "TWILIO_AUTH_TOKEN=" + token, "TWILIO_FROM=" + w.Operator.Number(),
		"TWILIO_API_URL=" + w.api.URL, "RELAIS_SMS_RATE=0", "RELAIS_DEMO=0"}
}

// Open lets people text, Close makes them wait.
func (w *Town) Open() { w.gate.set(true) }

// Close makes people wait before their next text.
func (w *Town) Close() { w.gate.set(false) }

// WaitAcked waits until n texts of the town were acknowledged, or ctx ends.
func (w *Town) WaitAcked(n int) { w.gate.waitAcked(n) }

// PlayOne lets one person text the script, and returns when all is
// acknowledged. acked is given the operator's id of each text after its
// acknowledgement; nil when nobody wants to know.
func (w *Town) PlayOne(ctx context.Context, phone string, acked func(sid string)) error {
	for i, body := range Script {
		w.gate.wait()
		sid, status, err := w.Operator.Text(ctx, phone, body)
		for status/100 != 2 {
			if ctx.Err() != nil {
				return fmt.Errorf("text %d of %s was never acknowledged: status %d: %w", i+1, phone, status, err)
			}
			w.gate.wait()
			status, err = w.Operator.Redeliver(ctx, sid)
		}
		w.gate.ack()
		if acked != nil {
			acked(sid)
		}
	}
	return nil
}

// gate is whether people may text, and how many texts were acknowledged.
type gate struct {
	ctx   context.Context
	mu    sync.Mutex
	cond  *sync.Cond
	open  bool
	acked int
}

func (g *gate) init(ctx context.Context) {
	g.ctx, g.cond = ctx, sync.NewCond(&g.mu)
	context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.cond.Broadcast()
	})
}

func (g *gate) set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = open
	g.cond.Broadcast()
}

func (g *gate) ack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.acked++
	g.cond.Broadcast()
}

func (g *gate) wait() { g.until(func() bool { return g.open }) }

func (g *gate) waitAcked(n int) { g.until(func() bool { return g.acked >= n }) }

func (g *gate) until(ok func() bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !ok() && g.ctx.Err() == nil {
		g.cond.Wait()
	}
}

// Secrets are what the town's people would not want to read in a log: their
// numbers without the country code, and words of theirs.
var Secrets = []string{"6399801", "Besançon", "trouver un emploi"}
