package simulator_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"relais/channels/twilio/simulator"
)

func TestInboundWebhookIsGenuine(t *testing.T) {
	for name, address := range map[string]string{
		"plain":     simulator.InboundPath,
		"query":     simulator.InboundPath + "?a=l'%C3%A9t%C3%A9&b=",
		"overrides": simulator.InboundPath + "#rc=2&rp=all",
	} {
		t.Run(name, func(t *testing.T) {
			var w world
			w = newWorld(t, func(c *simulator.Config) {
				c.Webhook = func() string { return w.hooks.server.URL + address }
			})
			sid := w.mustText(t, samira, "Où aller ? J'ai faim 🥖 & soif")
			calls := w.hooks.received()
			if len(calls) != 1 {
				t.Fatalf("%d webhooks", len(calls))
			}
			if !calls[0].genuine() {
				t.Error("the operator's own library refuses the signature")
			}
			want := url.Values{
				"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "AccountSid": {account},
				"From": {samira}, "To": {service}, "Body": {"Où aller ? J'ai faim 🥖 & soif"},
				"NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"},
				"FromCity": {""}, "FromState": {""}, "FromZip": {""}, "FromCountry": {""},
				"ToCity": {""}, "ToState": {""}, "ToZip": {""}, "ToCountry": {""},
			}
			if diff := cmp.Diff(want, calls[0].form); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Vectors published with the operator's helper libraries.
func TestSignVectors(t *testing.T) {
	const address = "https://mycompany.com/myapp.php?foo=1&bar=2"
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "From": {"+14158675309"},
		"Digits": {"1234"}, "To": {"+18005551212"},
	}
	for _, c := range []struct {
		address string
		form    url.Values
		want    string
	}{
		{address, form, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		{address + "#rc=2", form, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		{"https://mycompany.com:443/myapp.php?foo=1&bar=2", form, "kvajT1Ptam85bY51eRf/AJRuM3w="},
		{address, url.Values{"Sid": {"CA123"}, "SidAccount": {"AC123"}, "Digits": {"5678", "1234", "1234"}}, "IK+Dwps556ElfBT0I3Rgjkr1wJU="},
	} {
		if got := simulator.Sign("12345", c.address, c.form); got != c.want {
			t.Errorf("%s: %s, want %s", c.address, got, c.want)
		}
	}
}

func TestTextRefusesWhatNoPhoneSends(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		from, body string
		want       error
	}{
		{"0639980001", "bonjour", simulator.ErrNumber},
		{service, "bonjour", simulator.ErrNumber},
		{"+33199000001", "bonjour", simulator.ErrNumber},
		{samira, "", simulator.ErrText},
		{samira, " \n", simulator.ErrText},
		{samira, "\xff", simulator.ErrText},
		{samira, strings.Repeat("é", 1601), simulator.ErrText},
		{samira, strings.Repeat("🥖", 801), simulator.ErrText},
	} {
		if _, _, err := w.op.Text(t.Context(), c.from, c.body); !errors.Is(err, c.want) {
			t.Errorf("%q from %q: %v, want %v", c.body, c.from, err, c.want)
		}
	}
	if n := len(w.hooks.received()); n != 0 {
		t.Errorf("%d webhooks", n)
	}
}

func TestZeroConfigKeepsMessages(t *testing.T) {
	op := simulator.New(simulator.Config{})
	sid, status, err := op.Text(t.Context(), samira, "bonjour")
	if sid == "" || status != 0 || err != nil {
		t.Fatalf("%q, %d, %v", sid, status, err)
	}
	if got := op.Phone(samira); len(got) != 1 || got[0].SID != sid || got[0].Status != simulator.Received {
		t.Errorf("on the phone: %+v", got)
	}
}

func TestRedeliverRepeatsTheSameMessage(t *testing.T) {
	w := newWorld(t, nil)
	sid := w.mustText(t, samira, "bonjour")
	if status, err := w.op.Redeliver(t.Context(), sid); status != http.StatusNoContent || err != nil {
		t.Fatalf("%d, %v", status, err)
	}
	calls := w.hooks.received()
	if len(calls) != 2 || !cmp.Equal(calls[0].form, calls[1].form) || !calls[1].genuine() {
		t.Fatalf("not the same message twice: %v", calls)
	}
	if first, second := calls[0].header.Get("I-Twilio-Idempotency-Token"), calls[1].header.Get("I-Twilio-Idempotency-Token"); first != "" || second == "" {
		t.Errorf("repetition marks: %q, %q", first, second)
	}
	if got := len(w.op.Phone(samira)); got != 1 {
		t.Errorf("the phone shows %d messages", got)
	}
	if _, err := w.op.Redeliver(t.Context(), "SM0"); !errors.Is(err, simulator.ErrUnknown) {
		t.Errorf("unknown message: %v", err)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func page(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

func TestRetryFollowsTheAddress(t *testing.T) {
	for _, c := range []struct {
		fragment     string
		answers      []http.HandlerFunc
		calls, final int
	}{
		{"", []http.HandlerFunc{status(500)}, 1, 500},
		{"", []http.HandlerFunc{status(403)}, 1, 403},
		{"#rc=3&rp=5xx", []http.HandlerFunc{status(503), status(500)}, 3, 204},
		{"#rc=1&rp=5xx", []http.HandlerFunc{status(503), status(502)}, 2, 502},
		{"#rc=5&rp=5xx", []http.HandlerFunc{status(404)}, 1, 404},
		{"#rc=5&rp=4xx,5xx", []http.HandlerFunc{status(404), status(500)}, 3, 204},
		{"#rc=2&rp=all", []http.HandlerFunc{status(404)}, 2, 204},
		{"#rc=0&rp=all", []http.HandlerFunc{status(500)}, 1, 500},
		{"#rc=9&rp=all", []http.HandlerFunc{status(500), status(500)}, 2, 500}, // out of range: 1
	} {
		var w world
		w = newWorld(t, func(config *simulator.Config) {
			config.Webhook = func() string { return w.hooks.server.URL + simulator.InboundPath + c.fragment }
		})
		w.hooks.answer(c.answers...)
		_, final, err := w.op.Text(t.Context(), samira, "bonjour")
		if calls := len(w.hooks.received()); err != nil || final != c.final || calls != c.calls {
			t.Errorf("%q: %d calls, status %d (%v); want %d, %d", c.fragment, calls, final, err, c.calls, c.final)
		}
		if m := w.op.Phone(samira)[0]; m.Answer != c.final {
			t.Errorf("%q: the phone says %d, want %d", c.fragment, m.Answer, c.final)
		}
	}
}

// trip is a network of the test's own.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestConnectionFailureIsRetriedOnce(t *testing.T) {
	attempts := 0
	op := simulator.New(simulator.Config{
		Webhook: simulator.WebhookAt("http://service.exemple"),
		HTTP: &http.Client{Transport: trip(func(*http.Request) (*http.Response, error) {
			attempts++
			return nil, errors.New("connection refused")
		})},
	})
	sid, status, err := op.Text(t.Context(), samira, "bonjour")
	if sid == "" || status != 0 || !errors.Is(err, simulator.ErrNoAnswer) || attempts != 2 {
		t.Errorf("%q, status %d, %v, %d attempts", sid, status, err, attempts)
	}
	if m := op.Phone(samira)[0]; m.Status != simulator.Received || m.Answer != 0 {
		t.Errorf("on the phone: %+v", m)
	}
}

func TestTimeouts(t *testing.T) {
	connected := func(r *http.Request) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	}
	for _, c := range []struct {
		name, fragment string
		connects       bool
		attempts       int
		took           time.Duration
	}{
		{"no connection", "", false, 2, 10 * time.Second},
		{"no answer", "", true, 1, 15 * time.Second},
		{"no answer, retried", "#rt=1000&rc=3&rp=rt", true, 4, 4 * time.Second},
		{"total", "#ct=2000&tt=5000&rc=5", false, 3, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				silent := trip(func(r *http.Request) (*http.Response, error) {
					attempts++
					if c.connects {
						connected(r)
					}
					<-r.Context().Done()
					return nil, r.Context().Err()
				})
				op := simulator.New(simulator.Config{
					Webhook: func() string { return "http://service.exemple/in" + c.fragment },
					HTTP:    &http.Client{Transport: silent},
				})
				start := time.Now()
				_, _, err := op.Text(t.Context(), samira, "bonjour")
				if took := time.Since(start); took != c.took || attempts != c.attempts || !errors.Is(err, simulator.ErrNoAnswer) {
					t.Errorf("%v, %d attempts, %v; want %v, %d", took, attempts, err, c.took, c.attempts)
				}
			})
		})
	}
}

func TestTwiMLAnswers(t *testing.T) {
	const bothForms = `<?xml version="1.0"?><Response><Message>Un &amp; deux</Message><Message><Body>Trois</Body></Message></Response>`
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   []string
	}{
		{"nothing", status(204), nil},
		{"empty document", page("text/xml; charset=utf-8", "<Response/>"), nil},
		{"messages", page("application/xml", bothForms), []string{"Un & deux", "Trois"}},
		{"a stray OK is sent", page("text/plain", "OK"), []string{"OK"}},
		{"JSON is not", page("application/json", `{"ok":true}`), nil},
		{"broken document", page("text/xml", "<Response><Message>"), nil},
		{"an error page is not", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oups", 500) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.hooks.answer(c.answer)
			if _, _, err := w.op.Text(t.Context(), samira, "bonjour"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]string{"bonjour"}, c.want...), bodies(w.op.Phone(samira))); diff != "" {
				t.Error(diff)
			}
			if n := len(w.op.Ledger()); n != 0 {
				t.Errorf("%d replies in the ledger of API sends", n)
			}
		})
	}
}

func TestLogsSayNeitherNumberNorText(t *testing.T) {
	var out bytes.Buffer
	w := newWorld(t, func(c *simulator.Config) {
		c.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	w.hooks.answer(page("application/json", "{}"))
	w.mustText(t, samira, "texte intime")
	w.mustSend(t, samira, "texte intime")
	w.op.Drain(t.Context())
	w.hooks.server.Close()
	_, _, _ = w.op.Text(t.Context(), samira, "texte intime")
	slog.New(slog.NewTextHandler(&out, nil)).Info("all", "message", w.op.Phone(samira)[0], "entry", w.op.Ledger()[0])
	if out.Len() == 0 {
		t.Fatal("nothing was logged")
	}
	for _, private := range []string{"39980001", "intime"} {
		if strings.Contains(out.String(), private) {
			t.Errorf("the log says %q:\n%s", private, &out)
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	op := simulator.New(simulator.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := op.Wait(ctx, samira, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
