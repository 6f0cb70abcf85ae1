package simulator

import (
	"sync"
	"time"
)

// APIFault is a way for one API call to go wrong.
type APIFault int

// The API faults. After an Accept… fault the message exists and goes its way:
// only the caller cannot know. For a read, "accepted" means that it was done.
const (
	NoFault APIFault = iota
	// ServerError answers 500 and nothing was done.
	ServerError
	// HTMLUnavailable answers 503 with a page of HTML, nothing was done.
	HTMLUnavailable
	// TooManyRequests answers 429 (error 20429) with Retry-After, nothing was done.
	TooManyRequests
	// AcceptHang accepts, then says nothing until the caller goes away.
	AcceptHang
	// AcceptReset accepts, then resets the connection.
	AcceptReset
	// AcceptServerError accepts, then answers 500.
	AcceptServerError
	// AcceptTruncate accepts, then cuts the 201 in the middle of its JSON.
	AcceptTruncate
	// CallbackFirst accepts, posts the status callbacks, and only then answers 201.
	CallbackFirst
)

// RetryAfter is the delay that TooManyRequests asks for.
const RetryAfter = 2 * time.Second

// CallbackFault is a way for the status callbacks of one message to go wrong.
type CallbackFault int

// The callback faults.
const (
	_ CallbackFault = iota // none
	// DropCallbacks posts none.
	DropCallbacks
	// DuplicateCallbacks posts each twice.
	DuplicateCallbacks
	// ReverseCallbacks posts the last first.
	ReverseCallbacks
)

// WebhookFault is a way for the webhook of one inbound message to be lost. It is
// not tried again, as the operator does not by default.
type WebhookFault int

// The webhook faults.
const (
	_ WebhookFault = iota // none
	// DropWebhook posts none.
	DropWebhook
	// RefuseWebhook posts none and takes 503 for the answer, as of a proxy that
	// has no server behind it.
	RefuseWebhook
)

// faults holds what shall go wrong next, first in first out.
type faults struct {
	mu        sync.Mutex
	sends     []APIFault
	reads     []APIFault
	callbacks []CallbackFault
	webhooks  []WebhookFault
}

// FailSends makes the next n authenticated calls that create a message go wrong.
func (o *Operator) FailSends(n int, fault APIFault) { plan(&o.faults, &o.faults.sends, n, fault) }

// FailReads makes the next n authenticated calls that list or fetch go wrong.
func (o *Operator) FailReads(n int, fault APIFault) { plan(&o.faults, &o.faults.reads, n, fault) }

// FailCallbacks makes the callbacks of the next n messages carried go wrong.
func (o *Operator) FailCallbacks(n int, fault CallbackFault) {
	plan(&o.faults, &o.faults.callbacks, n, fault)
}

// FailWebhooks makes the webhooks of the next n inbound messages go wrong.
func (o *Operator) FailWebhooks(n int, fault WebhookFault) {
	plan(&o.faults, &o.faults.webhooks, n, fault)
}

func plan[F any](f *faults, queue *[]F, n int, fault F) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		*queue = append(*queue, fault)
	}
}

// next takes the fault planned first, or the zero value, which is none.
func next[F any](f *faults, queue *[]F) F {
	f.mu.Lock()
	defer f.mu.Unlock()
	var fault F
	if len(*queue) > 0 {
		fault, *queue = (*queue)[0], (*queue)[1:]
	}
	return fault
}
