package twilio

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// A list is read in pages, and given up when it is longer than this many.
const (
	pageSize = 100
	maxPages = 50
)

// Record is a message as Twilio keeps it, sent or received.
type Record struct {
	SID, From, To string
	Body          string
	Direction     string // inbound, outbound-api or outbound-reply
	Status        string // see Rank
	ErrorCode     int
	Created       time.Time // UTC, to the second
}

// List returns the messages that Twilio created for a recipient at or after since,
// in Twilio's order. It is the evidence that settles an Unknown send (to is the
// person: was this body created since the attempt?) and shows which texts never
// reached us (to is our number). Twilio's clock counts in seconds and is not ours:
// ask a little earlier than you mean. An error is always a *SendError, never
// Unknown: a list that cannot be read to its end proves nothing.
func (s *Sender) List(ctx context.Context, to string, since time.Time) ([]Record, error) {
	since = since.UTC().Truncate(time.Second)
	params := &api.ListMessageParams{}
	params.SetTo(to).SetPageSize(pageSize)
	service := s.service(ctx)
	var records []Record
	var at cursor
	for range maxPages {
		page, err := service.PageMessage(params, at.token, at.page)
		if err != nil {
			return nil, asListError(err)
		}
		kept, err := recordsSince(page.Messages, since)
		if err != nil {
			return nil, asListError(err)
		}
		records = append(records, kept...)
		next, more, err := nextPage(page.NextPageUri)
		if err != nil {
			return nil, asListError(err)
		}
		if !more || len(page.Messages) > 0 && len(kept) == 0 {
			return records, nil // the newest come first: the rest is older still
		}
		at = next
	}
	return nil, &SendError{Kind: NotSent, reason: "the list is too long"}
}

func recordsSince(messages []api.ApiV2010Message, since time.Time) ([]Record, error) {
	var kept []Record
	for _, m := range messages {
		created, err := time.Parse(time.RFC1123Z, value(m.DateCreated))
		if err != nil {
			return nil, fmt.Errorf("reading a date of creation: %w", err)
		}
		if created.Before(since) {
			continue
		}
		r := Record{
			SID:       value(m.Sid),
			From:      value(m.From),
			To:        value(m.To),
			Body:      value(m.Body),
			Direction: value(m.Direction),
			Status:    value(m.Status),
			Created:   created.UTC(),
		}
		if m.ErrorCode != nil {
			r.ErrorCode = *m.ErrorCode
		}
		kept = append(kept, r)
	}
	return kept, nil
}

// cursor names a page of a list.
type cursor struct{ page, token string }

// nextPage takes the cursor out of a next_page_uri, and nothing else of it.
func nextPage(uri *string) (next cursor, more bool, err error) {
	if value(uri) == "" {
		return cursor{}, false, nil
	}
	u, err := url.Parse(*uri)
	if err != nil {
		return cursor{}, false, fmt.Errorf("reading the address of the next page: %w", err)
	}
	next = cursor{page: u.Query().Get("Page"), token: u.Query().Get("PageToken")}
	if _, err := strconv.Atoi(next.page); err != nil {
		return cursor{}, false, fmt.Errorf("reading the number of the next page: %w", err)
	}
	return next, true, nil
}

// asListError is asSendError for a request that sends nothing.
func asListError(err error) *SendError {
	e := asSendError(err)
	if e.Kind == Unknown {
		return unreadable(http.MethodGet)
	}
	return e
}
