package cluster

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"relais/channels/twilio/simulator"
)

// operator is the stand-in SMS operator. It takes its time, so that there are
// always texts on their way when something breaks.
type operator struct {
	*simulator.Operator
	api  *httptest.Server
	slow atomic.Int64 // nanoseconds that a send takes at the most
}

// startOperator starts an operator that posts to the service at url, until the
// test ends.
func startOperator(t *testing.T, url string) *operator {
	t.Helper()
	o := &operator{Operator: simulator.New(simulator.Config{
		Webhook: simulator.WebhookAt(url), MaxMessages: 200_000,
		HTTP: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	})}
	o.slow.Store(int64(200 * time.Millisecond))
	o.api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slow := o.slow.Load(); r.Method == http.MethodPost && slow > 0 {
			hold(r.Context(), time.Duration(rand.Int64N(slow)))
		}
		o.Handler().ServeHTTP(w, r)
	}))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = o.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); o.api.Close() })
	return o
}

func hold(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// env is the operator's account, for a server's environment.
func (o *operator) env() []string {
	sid, token := o.Credentials()
	return []string{"TWILIO_ACCOUNT_SID=" + sid, "TWILIO_AUTH_TOKEN=" + token, "TWILIO_FROM=" + o.Number(),
		"TWILIO_API_URL=" + o.api.URL, "RELAIS_SMS_RATE=0", "RELAIS_DEMO=0"}
}

// received are the texts that reached a phone, oldest first.
func (o *operator) received(phone string) []string {
	var texts []string
	for _, m := range o.Phone(phone) {
		if m.Direction != simulator.Inbound {
			texts = append(texts, m.Body)
		}
	}
	return texts
}

// number stands for each number of a text: a promise made at ten is not the one
// made at eleven.
var number = regexp.MustCompile(`\d+`)

// timeless is a text without what depends on when it was said.
func timeless(text string) string { return number.ReplaceAllString(text, "#") }
