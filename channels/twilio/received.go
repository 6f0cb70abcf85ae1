package twilio

import (
	"context"
	"fmt"
	"slices"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// A list of received texts is read in pages of which even the longest texts do
// not exceed maxAnswer, and is given up beyond 50,000 of them.
const (
	receivedPageSize = 50
	maxReceivedPages = 1000
)

// Received is a text that a person sent, as Twilio lists it.
type Received struct {
	Inbound           // OptOutType and NumSegments are only told by the webhook
	At      time.Time // when Twilio received it, UTC, to the second
}

// Received lists the texts that came for us from one time to another, both
// included, the oldest first: those to our number, or through our messaging
// service, from senders that can be answered by SMS. Of two in the same second,
// Twilio's order decides. An error is always a *SendError, never Unknown: a list
// that cannot be read to its end proves nothing.
//
// Source: twilio.com/docs/messaging/api/message-resource, "Read multiple Message
// resources": the newest come first, DateSent filters on the second.
func (s *Sender) Received(ctx context.Context, from, until time.Time) ([]Received, error) {
	params := &api.ListMessageParams{}
	params.SetDateSentAfter(from.UTC().Truncate(time.Second)).SetDateSentBefore(until.UTC()).SetPageSize(receivedPageSize)
	if s.config.From != "" {
		params.SetTo(s.config.From)
	}
	service := s.service(ctx)
	var received []Received
	var at cursor
	for range maxReceivedPages {
		page, err := service.PageMessage(params, at.token, at.page)
		if err != nil {
			return nil, asListError(err)
		}
		for _, m := range page.Messages {
			r, ok, err := s.readReceived(m)
			if err != nil {
				return nil, asListError(err)
			}
			if ok {
				received = append(received, r)
			}
		}
		next, more, err := nextPage(page.NextPageUri)
		if err != nil {
			return nil, asListError(err)
		}
		if !more {
			slices.Reverse(received)
			slices.SortStableFunc(received, func(a, b Received) int { return a.At.Compare(b.At) })
			return received, nil
		}
		at = next
	}
	return nil, &SendError{Kind: NotSent, reason: "the list is too long"}
}

// readReceived reads one message of a list; ok is false for one that is not a
// text to us, has not wholly arrived, or cannot be answered by SMS.
func (s *Sender) readReceived(m api.ApiV2010Message) (r Received, ok bool, err error) {
	ours := s.config.From != "" && value(m.To) == s.config.From ||
		s.config.MessagingServiceSID != "" && value(m.MessagingServiceSid) == s.config.MessagingServiceSID
	if value(m.Direction) != "inbound" || value(m.Status) == "receiving" || !ours ||
		!isMessageSID(value(m.Sid)) || !isE164(value(m.From)) {
		return Received{}, false, nil
	}
	date := value(m.DateSent)
	if date == "" {
		date = value(m.DateCreated)
	}
	at, err := time.Parse(time.RFC1123Z, date)
	if err != nil {
		return Received{}, false, fmt.Errorf("reading when a text came: %w", err)
	}
	media, ok := readCount(value(m.NumMedia))
	if !ok {
		return Received{}, false, fmt.Errorf("reading the attachments of text %s", value(m.Sid))
	}
	return Received{At: at.UTC(), Inbound: Inbound{
		MessageSID: value(m.Sid), AccountSID: value(m.AccountSid), From: value(m.From), To: value(m.To),
		Body: cleanText(value(m.Body)), NumMedia: media, MessagingServiceSID: value(m.MessagingServiceSid),
	}}, true, nil
}
