package simulator_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"relais/channels/twilio/simulator"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
	service = "+33639980000"
	samira  = "+33639980001"
	karim   = "+33639980002"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// world is an operator, its API on a real socket, and the service's webhooks.
type world struct {
	op    *simulator.Operator
	api   *httptest.Server
	hooks *hooks
}

func newWorld(t *testing.T, change func(*simulator.Config)) world {
	t.Helper()
	received := newHooks(t)
	config := simulator.Config{
		AccountSID: account, AuthToken: token, Number: service,
		Webhook: simulator.WebhookAt(received.server.URL),
		Clock:   func() time.Time { return noon },
	}
	if change != nil {
		change(&config)
	}
	op := simulator.New(config)
	api := httptest.NewServer(op.Handler())
	t.Cleanup(api.Close)
	return world{op, api, received}
}

// call is one webhook as it arrived.
type call struct {
	url    string // as requested
	body   string
	header http.Header
	form   url.Values
}

func (c call) genuine() bool {
	validator := client.NewRequestValidator(token)
	return validator.ValidateBody(c.url, []byte(c.body), c.header.Get("X-Twilio-Signature"))
}

// hooks is the service's side: it keeps what it receives and answers what it is
// told, 204 otherwise.
type hooks struct {
	server *httptest.Server

	mu      sync.Mutex
	calls   []call
	answers []http.HandlerFunc
}

func newHooks(t *testing.T) *hooks {
	h := &hooks{}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	return h
}

func (h *hooks) answer(with ...http.HandlerFunc) { h.answers = append(h.answers, with...) }

func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.calls = append(h.calls, call{h.server.URL + r.RequestURI, r.PostForm.Encode(), r.Header.Clone(), r.PostForm})
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	if len(h.answers) > 0 {
		answer, h.answers = h.answers[0], h.answers[1:]
	}
	h.mu.Unlock()
	answer(w, r)
}

func (h *hooks) received() []call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]call(nil), h.calls...)
}

// statuses gives the statuses reported, in order of arrival.
func (h *hooks) statuses() string {
	var all []string
	for _, c := range h.received() {
		if s := c.form.Get("MessageStatus"); s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, " ")
}

// redirect sends the SDK's requests to the stand-in.
type redirect struct{ to *url.URL }

func (d redirect) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = d.to.Scheme, d.to.Host, ""
	return http.DefaultTransport.RoundTrip(r)
}

// sdk is the operator's own Go library, pointed at the stand-in.
func (w world) sdk(t *testing.T, user, password string) *openapi.ApiService {
	t.Helper()
	to, err := url.Parse(w.api.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &client.Client{
		Credentials: client.NewCredentials(user, password),
		HTTPClient:  &http.Client{Transport: redirect{to}, Timeout: 10 * time.Second},
	}
	c.SetAccountSid(account)
	return openapi.NewApiService(client.NewRequestHandler(c))
}

// send creates a message through the SDK; edit changes its parameters.
func (w world) send(t *testing.T, to, body string, edit func(*openapi.CreateMessageParams)) (*openapi.ApiV2010Message, error) {
	t.Helper()
	params := &openapi.CreateMessageParams{}
	params.SetTo(to)
	params.SetFrom(service)
	params.SetBody(body)
	params.SetStatusCallback(w.hooks.server.URL + "/sms/twilio/status?ref=r%C3%A9f-1")
	if edit != nil {
		edit(params)
	}
	return w.sdk(t, account, token).CreateMessage(params)
}

func (w world) mustSend(t *testing.T, to, body string) string {
	t.Helper()
	message, err := w.send(t, to, body, nil)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return *message.Sid
}

func (w world) mustText(t *testing.T, from, body string) string {
	t.Helper()
	sid, status, err := w.op.Text(t.Context(), from, body)
	if err != nil || status/100 != 2 {
		t.Fatalf("text: status %d, %v", status, err)
	}
	return sid
}

// code is the operator's error code, 0 when err carries none.
func code(err error) int {
	var refused *client.TwilioRestError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// soon bounds a wait that should end by itself.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func bodies(messages []simulator.Message) []string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Body)
	}
	return all
}
