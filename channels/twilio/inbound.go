package twilio

import (
	"net/http"
	"strconv"
	"strings"
)

// Inbound is a text that a person sent.
type Inbound struct {
	MessageSID string // SM or MM and 32 hexadecimal digits; the key of the text
	AccountSID string
	From       string // the person, E.164
	To         string // our number, E.164 or a short code
	Body       string // UTF-8 without U+0000; up to 64 KiB, empty for a bare picture
	// NumMedia counts attachments (none by SMS in France: they come as links).
	NumMedia int
	// NumSegments is what the text cost its sender; 0 when not told.
	NumSegments int
	// OptOutType is STOP, START or HELP when Twilio itself answered the person
	// (Advanced Opt-Out): anything we replied would be a second answer. Else "".
	OptOutType string
	// MessagingServiceSID is set when our number belongs to a service.
	MessagingServiceSID string
}

// readInbound checks the shape of the fields of an authentic form.
func readInbound(fields form) (Inbound, error) {
	in := Inbound{
		MessageSID:          fields.get("MessageSid"),
		AccountSID:          fields.get("AccountSid"),
		From:                fields.get("From"),
		To:                  fields.get("To"),
		Body:                cleanText(fields.get("Body")),
		OptOutType:          optOutType(fields.get("OptOutType")),
		MessagingServiceSID: fields.get("MessagingServiceSid"),
	}
	var mediaOK, segmentsOK bool
	in.NumMedia, mediaOK = readCount(fields.get("NumMedia"))
	in.NumSegments, segmentsOK = readCount(fields.get("NumSegments"))
	service := in.MessagingServiceSID
	switch {
	case !isMessageSID(in.MessageSID):
		return Inbound{}, refusal{http.StatusBadRequest, "MessageSid malformed"}
	case in.From == "":
		return Inbound{}, refusal{http.StatusBadRequest, "From missing"}
	case !isE164(in.From):
		return Inbound{}, refusal{http.StatusNoContent, "sender cannot be answered by SMS: " + in.MessageSID}
	case !isE164(in.To) && !isShortCode(in.To):
		return Inbound{}, refusal{http.StatusBadRequest, "To malformed"}
	case !mediaOK, !segmentsOK:
		return Inbound{}, refusal{http.StatusBadRequest, "NumMedia or NumSegments malformed"}
	case service != "" && !isSID(service, "MG"):
		return Inbound{}, refusal{http.StatusBadRequest, "MessagingServiceSid malformed"}
	}
	return in, nil
}

// cleanText removes what no store keeps: U+0000 and broken UTF-8.
func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func optOutType(s string) string {
	switch s = strings.ToUpper(s); s {
	case "STOP", "START", "HELP":
		return s
	}
	return ""
}

// readCount reads a small number; a missing one is 0.
func readCount(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= 1000
}

func isMessageSID(s string) bool { return isSID(s, "SM") || isSID(s, "MM") }

// isSID checks a prefix of two letters and 32 hexadecimal digits.
func isSID(s, prefix string) bool {
	digits, found := strings.CutPrefix(s, prefix)
	return found && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// isE164 checks "+", a country code and a number of 15 digits at most.
func isE164(s string) bool {
	digits, found := strings.CutPrefix(s, "+")
	return found && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && isDigits(digits)
}

func isShortCode(s string) bool { return len(s) >= 3 && len(s) <= 8 && isDigits(s) }

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }
