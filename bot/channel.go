package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Sender delivers texts on one channel. It returns a *SendError when the text
// did not certainly leave.
type Sender interface {
	Send(ctx context.Context, m Outgoing) (Receipt, error)
}

// Finder is a Sender that can tell which texts it took: the evidence asked for
// before anything is sent again. It lists those to the same person with the
// same words, since a time.
type Finder interface {
	Find(ctx context.Context, m Outgoing, since time.Time) ([]Receipt, error)
}

// Outgoing is one text on its way out.
type Outgoing struct {
	To   Address
	From string // our number; empty: the default
	Text Text
	Ref  string // ours, comes back with every status: "<conversation>-<n>"
}

// Receipt is what the operator says it took.
type Receipt struct {
	Provider string // its id of the message
	Segments int    // 0 when it does not tell
}

// SendErrorKind is what a failed send means, whoever the operator is.
type SendErrorKind string

const (
	SendPermanent     SendErrorKind = "permanent"     // it never will
	SendOptedOut      SendErrorKind = "opted_out"     // the operator knows a refusal
	SendConfiguration SendErrorKind = "configuration" // our account or number is wrong
	SendThrottled     SendErrorKind = "throttled"     // not taken, try again after After
	SendNotSent       SendErrorKind = "not_sent"      // certainly not taken, try again
	SendUnknown       SendErrorKind = "unknown"       // perhaps taken: look for evidence first
)

// SendError tells why a text did not certainly leave. It holds no number and
// no text.
type SendError struct {
	Kind  SendErrorKind
	Code  int // the operator's
	After time.Duration
	Err   error
}

func (e *SendError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("send: %s (%d): %v", e.Kind, e.Code, e.Err)
	}
	return fmt.Sprintf("send: %s (%d)", e.Kind, e.Code)
}

func (e *SendError) Unwrap() error { return e.Err }

// LineRef names a line for an operator; ParseLineRef reads it back.
func LineRef(conversation ID, n int64) string { return conversation.String() + "-" + itoa(n) }

// Hint tells that something changed; it never says what. The receiver reads
// the rows after its own cursor.
type Hint struct {
	Conversation ID
	N            int64 // the conversation's last line, 0 when unknown
}

// Bus carries hints between whoever commits and whoever watches. Losing one
// costs a little time.
type Bus interface {
	// Publish never blocks.
	Publish(topic string, h Hint)
	// Subscribe calls notify for each hint of a topic until the returned
	// function is called. notify must not block; it may miss hints that come
	// close together, but never the last one.
	Subscribe(topic string, notify func(Hint)) (cancel func())
}

// Topics of the bus.
func ConversationTopic(id ID) string      { return "conversation:" + id.String() }
func AddressTopic(a Address) string       { return "address:" + a.String() }
func OrganisationTopic(org string) string { return "organisation:" + org }

// ParseLineRef reads what LineRef wrote; ok is false for anything else.
func ParseLineRef(s string) (conversation ID, n int64, ok bool) {
	id, number, found := strings.Cut(s, "-")
	if !found {
		return ID{}, 0, false
	}
	conversation, err := ParseID(id)
	if err != nil {
		return ID{}, 0, false
	}
	n, err = strconv.ParseInt(number, 10, 64)
	return conversation, n, err == nil && n > 0
}
