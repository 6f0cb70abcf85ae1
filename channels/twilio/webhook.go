package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Where Twilio posts: texts that people send, and reports about those we send.
const (
	InboundPath = "/sms/twilio/inbound"
	StatusPath  = "/sms/twilio/status"
)

const (
	maxForm    = 64 << 10
	patience   = 12 * time.Second // Twilio waits 15 s in all
	retryAfter = "5"              // seconds
)

// WebhookConfig is what the webhooks need; every field but Log is required.
type WebhookConfig struct {
	// PublicURL is what stands before the request target in the URL that Twilio
	// calls, such as https://relais.example.fr.
	PublicURL string
	// Tokens are the auth tokens that may have signed: two during a rotation.
	Tokens []string
	// AccountSID is the only account whose requests are taken.
	AccountSID string
	// Receive keeps a text; nil means it is durable. A MessageSID it has already
	// kept is a success. The context ends before Twilio stops waiting.
	Receive func(context.Context, Inbound) error
	// Status keeps a report; nil means it is durable. Reports come in any order,
	// more than once, and possibly before Send has returned.
	Status func(context.Context, Status) error
	// Log hears about refusals and failures. Defaults to discarding.
	Log *slog.Logger
}

// Webhook answers Twilio's requests. It reads at most 64 KiB; how long a client may
// take to send them is for the server's ReadTimeout to say.
type Webhook struct {
	config WebhookConfig
}

// NewWebhook checks the configuration.
func NewWebhook(config WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(config.PublicURL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, errors.New("twilio webhook: the public URL must begin with https://host or http://host")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("twilio webhook: the public URL has no query and no fragment")
	case len(config.Tokens) == 0:
		return nil, errors.New("twilio webhook: no auth token")
	case config.AccountSID == "":
		return nil, errors.New("twilio webhook: no account SID")
	case config.Receive == nil || config.Status == nil:
		return nil, errors.New("twilio webhook: nothing to hand texts and reports to")
	}
	for _, token := range config.Tokens {
		if token == "" {
			return nil, errors.New("twilio webhook: an auth token is empty")
		}
	}
	config.PublicURL = strings.TrimRight(config.PublicURL, "/")
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Webhook{config: config}, nil
}

// ServeInbound takes a text. 204 says it is kept, 503 that it is not and should
// come again. A text from a sender that cannot be answered by SMS (another channel,
// a short code, a name) is dropped with 204 and a line in the log.
func (h *Webhook) ServeInbound(w http.ResponseWriter, r *http.Request) {
	h.answer(w, r, h.inbound(w, r))
}

// ServeStatus takes a report about a text we sent, known here or not yet. One whose
// status this package does not know is dropped with 204 and a line in the log.
func (h *Webhook) ServeStatus(w http.ResponseWriter, r *http.Request) {
	h.answer(w, r, h.status(w, r))
}

func (h *Webhook) inbound(w http.ResponseWriter, r *http.Request) error {
	fields, err := h.admit(w, r)
	if err != nil {
		return err
	}
	in, err := readInbound(fields)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := h.config.Receive(ctx, in); err != nil {
		return fmt.Errorf("keeping text %s: %w", in.MessageSID, err)
	}
	return nil
}

func (h *Webhook) status(w http.ResponseWriter, r *http.Request) error {
	fields, err := h.admit(w, r)
	if err != nil {
		return err
	}
	query, err := parseForm(r.URL.RawQuery)
	if err != nil || query.repeats() {
		return refusal{http.StatusBadRequest, "query unreadable"}
	}
	status, err := readStatus(fields, query)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := h.config.Status(ctx, status); err != nil {
		return fmt.Errorf("keeping report on %s: %w", status.MessageSID, err)
	}
	return nil
}

// refusal is an answer chosen for a request we do not take.
type refusal struct {
	code   int
	reason string
}

func (r refusal) Error() string { return r.reason }

// answer ends a request. No answer has a body, nor therefore a content type: Twilio
// would send a text/plain body on to the person as an SMS.
func (h *Webhook) answer(w http.ResponseWriter, r *http.Request, err error) {
	var refused refusal
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &refused):
		h.config.Log.WarnContext(r.Context(), "twilio webhook refused",
			"path", r.URL.Path, "code", refused.code, "reason", refused.reason)
		if refused.code == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", http.MethodPost)
		}
		w.WriteHeader(refused.code)
	default:
		h.config.Log.ErrorContext(r.Context(), "twilio webhook failed", "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", retryAfter)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// admit returns the fields of an authentic request of our account.
func (h *Webhook) admit(w http.ResponseWriter, r *http.Request) (form, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	fields, err := parseForm(body)
	if err != nil {
		return nil, refusal{http.StatusBadRequest, err.Error()}
	}
	if fields.repeats() {
		return nil, refusal{http.StatusBadRequest, errRepeated.Error()}
	}
	if !h.authentic(r, fields) {
		return nil, refusal{http.StatusForbidden, "signature missing or wrong"}
	}
	if fields.get("AccountSid") != h.config.AccountSID {
		return nil, refusal{http.StatusForbidden, "account unknown"}
	}
	return fields, nil
}

// authentic checks the signature over the public URL and the target as it came on
// the wire; a proxy may have changed everything else.
func (h *Webhook) authentic(r *http.Request, fields form) bool {
	signatures := r.Header.Values(signatureHeader)
	if len(signatures) != 1 || !strings.HasPrefix(r.RequestURI, "/") {
		return false
	}
	return validSignature(h.config.Tokens, h.config.PublicURL+r.RequestURI, fields, signatures[0])
}

// readBody returns the body of a POST of a form.
func readBody(w http.ResponseWriter, r *http.Request) (string, error) {
	switch {
	case r.Method != http.MethodPost:
		return "", refusal{http.StatusMethodNotAllowed, "not a POST"}
	case !isFormType(r.Header.Get("Content-Type")), r.Header.Get("Content-Encoding") != "":
		return "", refusal{http.StatusUnsupportedMediaType, "not a plain form"}
	case r.ContentLength > maxForm:
		return "", refusal{http.StatusRequestEntityTooLarge, "over 64 KiB"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", refusal{http.StatusRequestEntityTooLarge, "over 64 KiB"}
	case err != nil:
		return "", refusal{http.StatusBadRequest, "body cut short"}
	}
	return string(body), nil
}
