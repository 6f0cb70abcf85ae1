// Package simulator is a stand-in for the SMS operator: what Twilio, the phone
// network and the handsets would do, in one process and without an account.
//
// It serves two purposes. Tests run against it instead of against mocks: it
// takes real API calls, answers as the operator does, and posts real signed
// webhooks, so that everything between is the product's own code. And without
// credentials the demonstration shows a phone in the browser ([PageHandler])
// whose messages travel the same way.
//
// It is written from the operator's public documentation only and imports
// nothing of the channel it stands across from: signatures, segment counts and
// error codes computed here are a second opinion.
//
// What it covers: creating, listing, fetching, redacting and deleting messages
// (2010-04-01), what is set for the number, status callbacks, inbound webhooks
// with the connection overrides of the URL fragment, TwiML replies, default
// opt-out words, and faults on demand. What it does not: media (a picture is
// counted, never given), scheduling, content templates, channels other than SMS,
// fallback URLs, and the sending pace of a number.
// A parameter it does not carry out is refused, never ignored.
package simulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// InboundPath is where a service of this project takes inbound messages.
const InboundPath = "/sms/twilio/inbound"

// MaxText is the longest message carried either way, in UTF-16 units.
const MaxText = 1600

const (
	defaultNumber      = "+33639980000" // 06 39 98: a range kept for fiction in France
	defaultMaxMessages = 10_000
	defaultStopReply   = "C'est fait : plus aucun SMS de ce numéro. Pour en recevoir à nouveau, répondez START."
	callbackWorkers    = 8
)

// Errors of the phone's side.
var (
	ErrNumber   = errors.New("not a number in E.164 form that can send SMS")
	ErrText     = errors.New("message empty or longer than 1600 characters")
	ErrUnknown  = errors.New("no such message")
	ErrNoAnswer = errors.New("the webhook gave no answer")
)

// Config says who the operator's customer is. Its zero value works: a made-up
// account, and no webhook.
type Config struct {
	// AccountSID and AuthToken are the customer's credentials; the token also
	// signs webhooks. Both default to random values, see [Operator.Credentials].
	AccountSID, AuthToken string
	// APIKey and APISecret are a second pair accepted by the API. Default to none.
	APIKey, APISecret string
	// Number is the service's own number, E.164. Defaults to +33639980000.
	Number string
	// Webhook gives the full address inbound messages are posted to; it may end
	// with connection overrides ("#rc=2&rp=5xx"). It is asked for each message,
	// so it may change while the service restarts. Nil or "" means that messages
	// are kept and posted nowhere. [WebhookAt] makes one from a public origin.
	Webhook func() string
	// StopReply is what the operator itself answers to a first STOP. Defaults to
	// a short French text.
	StopReply string
	// Clock tells the time. Defaults to time.Now.
	Clock func() time.Time
	// HTTP posts the webhooks. Defaults to a client of its own.
	HTTP *http.Client
	// Log receives message ids and statuses, never a number or a text. Defaults
	// to none.
	Log *slog.Logger
	// MaxMessages bounds what is remembered, both directions together. Defaults
	// to 10,000.
	MaxMessages int
	// LedgerPath names a file to which every accepted send is appended, one JSON
	// object a line, and synced before the API answers. Defaults to none.
	LedgerPath string
}

// WebhookAt gives the inbound webhook of a service of this project whose public
// origin is base, for instance "http://localhost:8080".
func WebhookAt(base string) func() string {
	return func() string { return base + InboundPath }
}

// Operator carries messages between one service number and any phone. Its
// methods may be called from several goroutines.
type Operator struct {
	config  Config
	archive *archive
	optOuts *optOuts
	faults  faults
	ledger  ledger
	journey chan departure // accepted sends on their way to a phone

	mu          sync.Mutex
	unreachable map[string]int // phone -> error code
}

// New makes an operator. Status callbacks need [Operator.Run] or
// [Operator.Drain]; the rest works at once.
func New(config Config) *Operator {
	config = withDefaults(config)
	return &Operator{
		config:      config,
		archive:     newArchive(config.MaxMessages),
		optOuts:     newOptOuts(),
		ledger:      ledger{path: config.LedgerPath},
		journey:     make(chan departure, config.MaxMessages),
		unreachable: make(map[string]int),
	}
}

func withDefaults(c Config) Config {
	if c.AccountSID == "" {
		c.AccountSID = newSID("AC")
	}
	if c.AuthToken == "" {
		c.AuthToken = newSID("")
	}
	if c.Number == "" {
		c.Number = defaultNumber
	}
	if c.Webhook == nil {
		c.Webhook = func() string { return "" }
	}
	if c.StopReply == "" {
		c.StopReply = defaultStopReply
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.HTTP == nil {
		c.HTTP = newHTTPClient()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxMessages <= 0 {
		c.MaxMessages = defaultMaxMessages
	}
	return c
}

func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 4 * callbackWorkers
	return &http.Client{Transport: transport}
}

// Credentials gives the account and the token that the API accepts and that
// webhooks are signed with.
func (o *Operator) Credentials() (accountSID, authToken string) {
	return o.config.AccountSID, o.config.AuthToken
}

// Number is the service's own number, E.164.
func (o *Operator) Number() string { return o.config.Number }

// Run carries accepted messages to their phones and posts status callbacks
// until ctx ends; then its goroutines have ended too, and it returns nil.
func (o *Operator) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range callbackWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case d := <-o.journey:
					o.leave(ctx, d)
				}
			}
		})
	}
	workers.Wait()
	return nil
}

// Drain carries, in the caller's goroutine and in order, the messages that wait
// now, and says how many. It is Run for tests that want to choose the moment.
func (o *Operator) Drain(ctx context.Context) int {
	for carried := 0; ; carried++ {
		select {
		case d := <-o.journey:
			o.leave(ctx, d)
		default:
			return carried
		}
	}
}

// Close closes the ledger file. Call it after Run has returned and the API is
// no longer served.
func (o *Operator) Close() error { return o.ledger.close() }

// Unreachable makes every later message to a phone end undelivered with an
// operator's error code (30003: handset unreachable). Code 0 heals it.
func (o *Operator) Unreachable(phone string, code int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if code == 0 {
		delete(o.unreachable, phone)
		return
	}
	o.unreachable[phone] = code
}

func (o *Operator) unreachableCode(phone string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.unreachable[phone]
}

func (o *Operator) now() time.Time { return o.config.Clock().UTC() }

// newSID makes an unguessable id of the operator's form: a two-letter prefix
// and 32 hexadecimal digits.
func newSID(prefix string) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return prefix + hex.EncodeToString(b[:])
}

func newUUID() string {
	s := newSID("")
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}
