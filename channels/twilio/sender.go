package twilio

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"relais/flows/segments"
)

// SenderConfig is what sending needs.
type SenderConfig struct {
	// AccountSID names the account. Required.
	AccountSID string
	// AuthToken signs in, unless APIKey and APISecret do (Twilio recommends those).
	AuthToken string
	APIKey    string
	APISecret string
	// From is our number in E.164, MessagingServiceSID a service that chooses one.
	// One of them is required.
	From                string
	MessagingServiceSID string
	// StatusCallback is the public address of StatusPath. Connection overrides may
	// follow in a fragment, such as #rc=3&rp=all. Empty means no reports.
	StatusCallback string
	// APIURL is the scheme and host of the API. Defaults to https://api.twilio.com.
	APIURL string
	// HTTP carries the requests. Its redirect policy and cookies are not used.
	// Defaults to a client with a time-out of 10 seconds.
	HTTP *http.Client
}

// Sender sends texts. It may be used by several goroutines.
type Sender struct {
	config   SenderConfig
	api      *url.URL
	callback *url.URL // nil when no reports are wanted
	user     string
	password string
	http     *http.Client
}

// Message is a text to send.
type Message struct {
	To   string // E.164
	Body string
	// From is which of our numbers speaks. Defaults to the configured sender; with a
	// messaging service it must be one of the service's.
	From string
	// Ref comes back in every Status of this message: 1 to 64 of A-Z a-z 0-9 - _.
	Ref string
}

// Result is what Twilio says of a text it took.
type Result struct {
	SID string
	// Segments is what it costs; counted here while Twilio does not know yet.
	Segments int
}

// NewSender checks the configuration.
func NewSender(config SenderConfig) (*Sender, error) {
	s := &Sender{config: config, user: config.AccountSID, password: config.AuthToken, http: httpClient(config.HTTP)}
	if config.APIKey != "" || config.APISecret != "" {
		s.user, s.password = config.APIKey, config.APISecret
	}
	switch {
	case config.AccountSID == "" || !isAlphanumeric(config.AccountSID):
		return nil, errors.New("twilio sender: the account SID is missing or malformed")
	case s.user == "" || s.password == "":
		return nil, errors.New("twilio sender: set the auth token, or both the API key and its secret")
	case (config.From == "") == (config.MessagingServiceSID == ""):
		return nil, errors.New("twilio sender: set either the number to send from or the messaging service")
	}
	var err error
	s.api, err = url.Parse(cmp.Or(config.APIURL, "https://api.twilio.com"))
	if err != nil || s.api.Host == "" {
		return nil, errors.New("twilio sender: the API address must be a URL with a host")
	}
	if config.StatusCallback == "" {
		return s, nil
	}
	s.callback, err = url.Parse(config.StatusCallback)
	if err != nil || s.callback.Host == "" || strings.Contains(s.callback.Host, "_") {
		return nil, errors.New("twilio sender: the status callback must be a URL whose host has no underscore")
	}
	return s, nil
}

// Send hands a text to Twilio, once: it never tries again by itself. An error is
// always a *SendError.
func (s *Sender) Send(ctx context.Context, m Message) (Result, error) {
	if !isRef(m.Ref) {
		return Result{}, &SendError{Kind: Permanent, reason: "the reference is malformed"}
	}
	answer, err := s.service(ctx).CreateMessage(s.params(m))
	if err != nil {
		return Result{}, asSendError(err)
	}
	result := Result{SID: value(answer.Sid)}
	if !isMessageSID(result.SID) {
		return Result{}, unreadable(http.MethodPost)
	}
	// A messaging service answers 0 before it has chosen a sender.
	result.Segments, _ = strconv.Atoi(value(answer.NumSegments))
	if result.Segments == 0 {
		result.Segments = segments.Measure(m.Body).Segments
	}
	return result, nil
}

func (s *Sender) params(m Message) *api.CreateMessageParams {
	params := &api.CreateMessageParams{}
	params.SetTo(m.To).SetBody(m.Body)
	if from := cmp.Or(m.From, s.config.From); from != "" {
		params.SetFrom(from)
	}
	if s.config.MessagingServiceSID != "" {
		params.SetMessagingServiceSid(s.config.MessagingServiceSID)
	}
	if s.callback != nil {
		callback := *s.callback
		query := callback.Query()
		query.Set(refParameter, m.Ref)
		callback.RawQuery = query.Encode()
		params.SetStatusCallback(callback.String())
	}
	return params
}

// service binds Twilio's generated API to one call. The handler is built by hand as
// its constructor reads the environment.
func (s *Sender) service(ctx context.Context) *api.ApiService {
	return api.NewApiService(&client.RequestHandler{Client: &call{ctx: ctx, sender: s}})
}

// httpClient takes the caller's client, or a default one, without redirects (a POST
// must not be repeated elsewhere) and without cookies.
func httpClient(given *http.Client) *http.Client {
	c := http.Client{Timeout: 10 * time.Second}
	if given != nil {
		c = *given
	} else if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport := standard.Clone()
		transport.MaxIdleConnsPerHost = 128
		transport.MaxResponseHeaderBytes = 64 << 10
		c.Transport = transport
	}
	c.Jar = nil
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func isAlphanumeric(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// value reads a field that Twilio may leave out.
func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
