package simulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"relais/channels/twilio/simulator"
)

// post sends without the SDK, whose errors hide what the connection did.
func (w world) post(ctx context.Context) (*http.Response, []byte, error) {
	form := url.Values{
		"To": {samira}, "From": {service}, "Body": {"Bonjour"},
		"StatusCallback": {w.hooks.server.URL + "/sms/twilio/status?ref=1"},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		w.api.URL+"/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	request.SetBasicAuth(account, token)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

func TestSendFaults(t *testing.T) {
	for _, c := range []struct {
		name     string
		fault    simulator.APIFault
		accepted bool
		status   int // 0: no answer
		broken   bool
	}{
		{"none", simulator.NoFault, true, 201, false},
		{"500 before", simulator.ServerError, false, 500, false},
		{"503 page", simulator.HTMLUnavailable, false, 503, false},
		{"429", simulator.TooManyRequests, false, 429, false},
		{"500 after", simulator.AcceptServerError, true, 500, false},
		{"reset", simulator.AcceptReset, true, 0, true},
		{"truncated", simulator.AcceptTruncate, true, 201, true},
		{"callback first", simulator.CallbackFirst, true, 201, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.op.FailSends(1, c.fault)
			response, _, err := w.post(soon(t))
			if (err != nil) != c.broken {
				t.Fatalf("error %v, want one: %v", err, c.broken)
			}
			if response != nil && response.StatusCode != c.status || response == nil && c.status != 0 {
				t.Errorf("answered %v, want %d", response, c.status)
			}
			if got := len(w.op.Ledger()) == 1; got != c.accepted {
				t.Errorf("accepted: %v", got)
			}
			w.op.Drain(t.Context())
			wantCallbacks := ""
			if c.accepted {
				wantCallbacks = "sent delivered"
			}
			if got := w.hooks.statuses(); got != wantCallbacks {
				t.Errorf("callbacks: %q, want %q", got, wantCallbacks)
			}
			if response, _, err := w.post(soon(t)); err != nil || response.StatusCode != 201 {
				t.Errorf("the next send is struck too: %v, %v", response, err)
			}
		})
	}
}

func TestFaultAnswersInDetail(t *testing.T) {
	w := newWorld(t, nil)
	w.op.FailSends(1, simulator.TooManyRequests)
	w.op.FailSends(1, simulator.HTMLUnavailable)

	response, body, err := w.post(soon(t))
	if err != nil || response.Header.Get("Retry-After") != "2" || !strings.Contains(string(body), `"code":20429`) {
		t.Errorf("429: %v, %s, %v", response, body, err)
	}
	response, body, err = w.post(soon(t))
	if err != nil || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || !strings.Contains(string(body), "<h1>") {
		t.Errorf("503: %v, %s, %v", response, body, err)
	}
}

func TestCallbackComesBeforeTheAnswer(t *testing.T) {
	w := newWorld(t, nil)
	w.op.FailSends(1, simulator.CallbackFirst)
	response, _, err := w.post(soon(t))
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatal(response, err)
	}
	if got := w.hooks.statuses(); got != "sent delivered" { // no Run, no Drain: it can only be before
		t.Errorf("callbacks before the answer: %q", got)
	}
}

func TestHangingSendIsAcceptedAndEndsWithItsCaller(t *testing.T) {
	w := newWorld(t, nil)
	w.op.FailSends(1, simulator.AcceptHang)
	ctx, giveUp := context.WithCancel(soon(t))
	answered := make(chan error, 1)
	go func() {
		_, _, err := w.post(ctx)
		answered <- err
	}()
	if _, err := w.op.Wait(soon(t), samira, 1); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-answered:
		t.Fatalf("answered: %v", err)
	default:
	}
	giveUp()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	w.api.Close() // returns only when no call is left hanging
	if n := len(w.op.Ledger()); n != 1 {
		t.Errorf("%d sends accepted", n)
	}
}

func TestReadFaultsLeaveSendsAlone(t *testing.T) {
	w := newWorld(t, nil)
	sid := w.mustSend(t, samira, "Bonjour")
	sdk := w.sdk(t, account, token)
	for _, fault := range []simulator.APIFault{ // a reset read is repeated by net/http and goes unnoticed
		simulator.ServerError, simulator.HTMLUnavailable, simulator.TooManyRequests,
		simulator.AcceptServerError, simulator.AcceptTruncate,
	} {
		w.op.FailReads(1, fault)
		w.mustSend(t, samira, "Bonjour")
		if _, err := sdk.FetchMessage(sid, nil); err == nil {
			t.Errorf("fault %d did not strike the read", fault)
		}
		if _, err := sdk.FetchMessage(sid, nil); err != nil {
			t.Errorf("fault %d struck twice: %v", fault, err)
		}
	}
}
