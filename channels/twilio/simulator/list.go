package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	defaultPageSize = 50
	maxPageSize     = 1000
	maxPage         = 1_000_000
	tokenPrefix     = "PA" // a page token is this and the SID before the page
)

// page is one page of messages, newest first.
type page struct {
	End             int        `json:"end"`
	FirstPageURI    string     `json:"first_page_uri"`
	Messages        []resource `json:"messages"`
	NextPageURI     *string    `json:"next_page_uri"`
	Page            int        `json:"page"`
	PageSize        int        `json:"page_size"`
	PreviousPageURI *string    `json:"previous_page_uri"`
	Start           int        `json:"start"`
	URI             string     `json:"uri"`
}

func (o *Operator) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	match, err := readFilter(query)
	if err != nil {
		writeError(w, badRequest(20001, err.Error()))
		return
	}
	size, number, err := readPaging(query)
	if err != nil {
		writeError(w, badRequest(20001, err.Error()))
		return
	}
	found := o.archive.list(match)
	writeJSON(w, http.StatusOK, o.page(found, query, size, number))
}

// readPaging gives the size of a page, 1 to 1000, and its number from 0.
func readPaging(query url.Values) (size, number int, err error) {
	if size, err = readInt(query, "PageSize", defaultPageSize); err != nil || size < 1 {
		return 0, 0, fmt.Errorf("parameter PageSize must be between 1 and %d", maxPageSize)
	}
	if number, err = readInt(query, "Page", 0); err != nil || number < 0 || number > maxPage {
		return 0, 0, fmt.Errorf("parameter Page must be between 0 and %d", maxPage)
	}
	return min(size, maxPageSize), number, nil
}

func readInt(query url.Values, key string, otherwise int) (int, error) {
	if !query.Has(key) {
		return otherwise, nil
	}
	return strconv.Atoi(query.Get(key))
}

// page cuts one page out of what was found. It starts after the message named by
// the page token, so that new messages do not shift it.
func (o *Operator) page(found []record, query url.Values, size, number int) page {
	start := min(number*size, len(found))
	if token := query.Get("PageToken"); token != "" {
		start = startAfter(found, token)
	}
	end := min(start+size, len(found))
	view := page{
		Messages: []resource{}, Page: number, PageSize: size, Start: number * size,
		URI:          o.pageURI(query, size, number, query.Get("PageToken")),
		FirstPageURI: o.pageURI(query, size, 0, ""),
	}
	for _, rec := range found[start:end] {
		view.Messages = append(view.Messages, o.resource(rec))
	}
	view.End = view.Start + max(len(view.Messages)-1, 0)
	if end < len(found) {
		following := o.pageURI(query, size, number+1, tokenPrefix+found[end-1].SID)
		view.NextPageURI = &following
	}
	return view
}

func startAfter(found []record, token string) int {
	for i, rec := range found {
		if tokenPrefix+rec.SID == token {
			return i + 1
		}
	}
	return len(found)
}

func (o *Operator) pageURI(query url.Values, size, number int, token string) string {
	next := url.Values{"PageSize": {strconv.Itoa(size)}, "Page": {strconv.Itoa(number)}}
	for _, key := range []string{"To", "From", "DateSent", "DateSent<", "DateSent>"} {
		if query.Has(key) {
			next.Set(key, query.Get(key))
		}
	}
	if token != "" {
		next.Set("PageToken", token)
	}
	return o.messagesPath() + ".json?" + next.Encode()
}

// readFilter reads To, From and the three DateSent filters. A message that was
// not sent yet has no date and matches none of these.
func readFilter(query url.Values) (func(*record) bool, error) {
	var dates []func(time.Time) bool
	for key, holds := range map[string]func(sent, from, to time.Time) bool{
		"DateSent":  func(sent, from, to time.Time) bool { return !sent.Before(from) && sent.Before(to) },
		"DateSent<": func(sent, _, to time.Time) bool { return sent.Before(to) },
		"DateSent>": func(sent, from, _ time.Time) bool { return !sent.Before(from) },
	} {
		if !query.Has(key) {
			continue
		}
		from, to, err := readMoment(query.Get(key))
		if err != nil {
			return nil, fmt.Errorf("%s must be a date or an RFC 3339 time", key)
		}
		dates = append(dates, func(sent time.Time) bool { return !sent.IsZero() && holds(sent, from, to) })
	}
	to, from := query.Get("To"), query.Get("From")
	return func(r *record) bool {
		if !r.public() || to != "" && r.To != to || from != "" && r.From != from {
			return false
		}
		for _, holds := range dates {
			if !holds(r.Sent) {
				return false
			}
		}
		return true
	}, nil
}

// readMoment reads a UTC day or an instant as the half-open span it covers; an
// instant covers its second, which is as fine as the API's dates are.
func readMoment(s string) (from, to time.Time, err error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day, day.AddDate(0, 0, 1), nil
	}
	instant, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	instant = instant.UTC().Truncate(time.Second)
	return instant, instant.Add(time.Second), nil
}
