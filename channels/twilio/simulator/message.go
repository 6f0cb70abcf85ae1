package simulator

import (
	"log/slog"
	"time"
)

// Direction is the way a message went, in the operator's words.
type Direction string

// The directions. AutoReply is the operator speaking for itself (opt-out words);
// such messages are seen on the phone and not through the API.
const (
	Inbound       Direction = "inbound"
	OutboundAPI   Direction = "outbound-api"
	OutboundReply Direction = "outbound-reply"
	AutoReply     Direction = "auto-reply"
)

// Status is how far a message went, in the operator's words.
type Status string

// The statuses in use. An inbound message is receiving until its webhook has
// been answered or given up.
const (
	Accepted    Status = "accepted"
	Queued      Status = "queued"
	Sent        Status = "sent"
	Delivered   Status = "delivered"
	Undelivered Status = "undelivered"
	Receiving   Status = "receiving"
	Received    Status = "received"
)

func (s Status) final() bool {
	return s == Delivered || s == Undelivered || s == Received
}

// Message is one SMS as its phone holds it. The phone keeps its copy when the
// service redacts or deletes the operator's record.
type Message struct {
	SID       string
	Direction Direction
	From, To  string // E.164
	Body      string
	Media     int // pictures that came with it
	Segments  int
	Status    Status
	ErrorCode int       // of an undelivered message; 0 otherwise
	Answer    int       // inbound: HTTP status of the webhook; 0 while or when there is none
	Created   time.Time // UTC
	Updated   time.Time // UTC
	Sent      time.Time // UTC; zero until sent
}

// LogValue keeps numbers and texts out of logs.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("sid", m.SID), slog.String("status", string(m.Status)))
}

// phone is the end of the message that is not the service.
func (m *Message) phone() string {
	if m.Direction == Inbound {
		return m.From
	}
	return m.To
}

// record is a message with what only the operator knows about it.
type record struct {
	Message
	service  string // Messaging Service SID; empty when sent from the number
	callback string // StatusCallback
	redacted bool
	deleted  bool
	rev      uint64 // of its phone's thread, when last changed
}
