package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SendError says why a text was not, or perhaps not, handed to Twilio.
type SendError struct {
	Kind Kind
	// Code is Twilio's error code, 0 when it gave none.
	Code int
	// After is how long to wait before trying again; 0 leaves it to the caller.
	After time.Duration

	status int    // of the answer, 0 without one
	reason string // ours: Twilio's own messages quote phone numbers
	cause  error
}

// Error tells the kind, the reason and the codes; never a number or a text.
func (e *SendError) Error() string {
	s := fmt.Sprintf("twilio: %s: %s", e.Kind, e.reason)
	if e.status != 0 {
		s += fmt.Sprintf(" (HTTP %d, code %d)", e.status, e.Code)
	}
	return s
}

// Unwrap gives the context's error or the network's, when there was no answer.
func (e *SendError) Unwrap() error { return e.cause }

// Waits that are ours to choose, and the longest that Twilio may ask for.
const (
	fullQueueWait = 10 * time.Minute // a full queue is hours deep
	longestWait   = time.Hour
)

// asSendError keeps our own errors; any other comes from twilio-go reading a 2xx
// answer that is not what it expected.
func asSendError(err error) *SendError {
	if e, ok := errors.AsType[*SendError](err); ok {
		return e
	}
	return unreadable(http.MethodPost)
}

// unsure is what an uncertain outcome means: a text may have left, while a GET sends
// nothing and may be repeated.
func unsure(method string) Kind {
	if method == http.MethodPost {
		return Unknown
	}
	return NotSent
}

func unreadable(method string) *SendError {
	return &SendError{Kind: unsure(method), reason: "the answer cannot be read"}
}

// unanswered classifies a request without an answer.
func unanswered(method string, untouched bool, err error) *SendError {
	e := &SendError{Kind: unsure(method), reason: "the connection was lost before an answer", cause: err}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		e.cause = outer.Err // without the URL, whose query has a phone number
		if outer.Timeout() || errors.Is(err, context.Canceled) {
			e.reason = "no answer in time"
		}
	}
	if untouched {
		e.Kind, e.reason = NotSent, "no connection"
	}
	return e
}

// refused classifies an answer that is not a success. Its body may be anything.
func refused(method string, resp *http.Response, body []byte) *SendError {
	var answer struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(body, &answer) != nil {
		answer.Code = 0
	}
	e := &SendError{
		Kind:   refusalKind(method, resp.StatusCode, answer.Code),
		Code:   answer.Code,
		After:  waitAsked(resp.Header.Get("Retry-After")),
		status: resp.StatusCode,
		reason: "refused",
	}
	if e.Code == 21611 || e.Code == 30001 {
		e.After = max(e.After, fullQueueWait)
	}
	if e.Kind == Unknown {
		e.reason = "failed at Twilio"
	}
	return e
}

// refusalKind trusts the HTTP status where it is decisive, then the code. A refusal
// without a readable code comes from something in between and may be tried again,
// unless it speaks of who we are or where we call.
func refusalKind(method string, status, code int) Kind {
	kind, known := kindOf(code)
	switch {
	case status == http.StatusTooManyRequests:
		return Throttled
	case status >= 500, status == http.StatusRequestTimeout:
		return unsure(method)
	case known:
		return kind
	case status < 400, status == http.StatusUnauthorized, status == http.StatusForbidden,
		code == 0 && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed):
		return Configuration
	case code == 0:
		return NotSent
	default:
		return Permanent
	}
}

// waitAsked reads Retry-After, in seconds or as a date; 0 when absent or wrong.
func waitAsked(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), int(longestWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(at), 0), longestWait)
	}
	return 0
}
