package twilio

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// Delivery is how far an outgoing text got, in words that are not Twilio's.
type Delivery string

// The deliveries, in order.
const (
	Queued    Delivery = "queued"
	Sent      Delivery = "sent" // may be the last word: some operators give no receipt
	Delivered Delivery = "delivered"
	Failed    Delivery = "failed"
	Read      Delivery = "read" // WhatsApp and RCS only
)

// Rank orders Twilio's statuses of an outgoing message. Callbacks come in any order
// and more than once: a stored status is replaced only by one of higher rank. It
// reports false for a status it does not know.
func Rank(status string) (rank int, known bool) {
	switch status {
	case "accepted", "scheduled":
		return 0, true
	case "queued":
		return 1, true
	case "sending":
		return 2, true
	case "sent":
		return 3, true
	case "delivered", "undelivered", "failed", "canceled":
		return 4, true
	case "read":
		return 5, true
	default:
		return 0, false
	}
}

// DeliveryOf translates a status of Twilio; false when it is not known.
func DeliveryOf(status string) (Delivery, bool) {
	switch status {
	case "accepted", "scheduled", "queued", "sending":
		return Queued, true
	case "sent":
		return Sent, true
	case "delivered":
		return Delivered, true
	case "undelivered", "failed", "canceled":
		return Failed, true
	case "read":
		return Read, true
	default:
		return "", false
	}
}

// Status is a report about a text we sent.
type Status struct {
	MessageSID string
	Status     string   // in Twilio's words
	Rank       int      // see Rank
	Delivery   Delivery // in ours
	// ErrorCode says why a text failed, 0 when not told. See Failure.
	ErrorCode int
	// Ref is the reference Send was given, "" when the text was not sent by Send.
	Ref string
}

// refParameter carries our reference in the query of the status callback, which the
// signature covers.
const refParameter = "ref"

// readStatus checks the shape of the fields of an authentic form and query.
func readStatus(fields, query form) (Status, error) {
	word := cmp.Or(fields.get("MessageStatus"), fields.get("SmsStatus"))
	rank, known := Rank(word)
	delivery, _ := DeliveryOf(word)
	code, codeOK := readErrorCode(fields.get("ErrorCode"))
	s := Status{
		MessageSID: fields.get("MessageSid"),
		Status:     word,
		Rank:       rank,
		Delivery:   delivery,
		ErrorCode:  code,
		Ref:        query.get(refParameter),
	}
	switch {
	case !isMessageSID(s.MessageSID):
		return Status{}, refusal{http.StatusBadRequest, "MessageSid malformed"}
	case word == "":
		return Status{}, refusal{http.StatusBadRequest, "MessageStatus missing"}
	case !known:
		return Status{}, refusal{http.StatusNoContent, "status not known: " + s.MessageSID}
	case !codeOK:
		return Status{}, refusal{http.StatusBadRequest, "ErrorCode malformed"}
	case s.Ref != "" && !isRef(s.Ref):
		return Status{}, refusal{http.StatusBadRequest, "ref malformed"}
	}
	return s, nil
}

// readErrorCode reads five digits at most; a missing code is 0.
func readErrorCode(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	code, err := strconv.Atoi(s)
	return code, err == nil && code >= 0 && code < 1_000_000
}

// isRef bounds the references that Send takes and callbacks give back.
func isRef(s string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(s) >= 1 && len(s) <= 64 && strings.Trim(s, letters) == ""
}
