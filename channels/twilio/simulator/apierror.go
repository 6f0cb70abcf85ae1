package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// apiError is a refusal in the operator's form.
type apiError struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func (e *apiError) Error() string { return fmt.Sprintf("operator error %d: %s", e.Code, e.Message) }

func refusal(status, code int, message string) *apiError {
	return &apiError{code, message, fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), status}
}

func badRequest(code int, message string) *apiError {
	return refusal(http.StatusBadRequest, code, message)
}

// The refusals that need no detail. The codes are the operator's; the sentences
// are not, and nobody should depend on them.
var (
	errAuthenticate = refusal(http.StatusUnauthorized, 20003, "Authentication failed")
	errMethod       = refusal(http.StatusMethodNotAllowed, 20004, "Method not allowed on this resource")
	errNotComplete  = refusal(http.StatusConflict, 20009, "The message is still on its way: wait for its last status")
	errNotFound     = refusal(http.StatusNotFound, 20404, "The requested resource was not found")
	errConcurrency  = refusal(http.StatusTooManyRequests, 20429, "Too many concurrent requests: try again later")
	errServer       = refusal(http.StatusInternalServerError, 20500, "An internal error occurred")
	errForm         = badRequest(20001, "The parameters cannot be read")
	errUpdate       = badRequest(20001, "A message can only be updated with an empty Body")
	errCallbackURL  = badRequest(21609, "The StatusCallback is not a valid URL")
	errInvalidTo    = badRequest(21211, "The To number is not a valid phone number")
	errNoBody       = badRequest(21602, "A Body is required to send a message")
	errNoSender     = badRequest(21603, "A From number or a MessagingServiceSid is required to send a message")
	errNoTo         = badRequest(21604, "A To number is required to send a message")
	errSender       = badRequest(21606, "The From number is not one of this account's SMS numbers")
	errOptedOut     = badRequest(21610, "The recipient has opted out of this sender's messages")
	errQueueFull    = badRequest(21611, "Too many messages wait on this sender")
	errNotMobile    = badRequest(21614, "The To number is not a mobile number")
	errTooLong      = badRequest(21617, "The Body exceeds 1600 characters")
	errService      = badRequest(21705, "The MessagingServiceSid is invalid")
)

func writeError(w http.ResponseWriter, e *apiError) {
	if e == errAuthenticate {
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
	}
	writeJSON(w, e.Status, e)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone; nobody is left to tell
}
