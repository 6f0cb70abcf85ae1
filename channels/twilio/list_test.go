package twilio

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

const attempt = "2026-11-23T10:00:00.7Z"

func entry(n int, at string) string {
	return fmt.Sprintf(`{"sid":"SM%032x","from":"%s","to":"%s","body":"texte %d","direction":"outbound-api",`+
		`"status":"undelivered","error_code":30003,"date_created":"%s","date_sent":null}`, n, ours, person, n, at)
}

func page(next, entries string) string {
	return fmt.Sprintf(`{"page":0,"page_size":100,"next_page_uri":%s,"messages":[%s]}`, next, entries)
}

func TestList(t *testing.T) {
	since, err := time.Parse(time.RFC3339Nano, attempt)
	if err != nil {
		t.Fatal(err)
	}
	const (
		after  = "Mon, 23 Nov 2026 10:00:05 +0000"
		same   = "Mon, 23 Nov 2026 11:00:00 +0100" // the second of the attempt, in another zone
		before = "Mon, 23 Nov 2026 09:59:59 +0000"
		second = `"https://evil.example/elsewhere?To=x&Page=1&PageToken=PT1"`
		third  = `"/2010-04-01/Accounts/AC/Messages.json?Page=2&PageToken=PT2"`
	)
	pages := map[string]string{
		"":    page(second, entry(1, after)+","+entry(2, same)),
		"PT1": page(third, entry(3, before)+","+entry(4, after)),
		"PT2": page(`"/never?Page=3&PageToken=PT3"`, entry(5, before)),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		body, known := pages[q.Get("PageToken")]
		if !known || r.Method != "GET" || q.Get("To") != person || q.Get("PageSize") != "100" {
			t.Errorf("%s with %v", r.Method, q)
		}
		io.WriteString(w, body)
	}))
	defer server.Close()
	records, err := newSender(t, server.URL).List(t.Context(), person, since)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, r := range records {
		bodies = append(bodies, r.Body)
	}
	if want := []string{"texte 1", "texte 2", "texte 4"}; !slices.Equal(bodies, want) {
		t.Errorf("listed %q, want %q", bodies, want)
	}
	want := Record{
		SID: "SM00000000000000000000000000000001", From: ours, To: person, Body: "texte 1",
		Direction: "outbound-api", Status: "undelivered", ErrorCode: 30003,
		Created: time.Date(2026, 11, 23, 10, 0, 5, 0, time.UTC),
	}
	if records[0] != want {
		t.Errorf("got %+v\nwant %+v", records[0], want)
	}
}

// A list that is not read to its end proves nothing, and costs nothing to ask again.
func TestListFails(t *testing.T) {
	const now = "Mon, 23 Nov 2026 10:00:05 +0000"
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   SendError
	}{
		{"500", refusalOf(20500, 500), SendError{Kind: NotSent, Code: 20500}},
		{"reset", reset, SendError{Kind: NotSent}},
		{"credentials", refusalOf(20003, 401), SendError{Kind: Configuration, Code: 20003}},
		{"too many", refusalOf(20429, 429), SendError{Kind: Throttled, Code: 20429}},
		{"not JSON", answerOf(200, "<html>"), SendError{Kind: NotSent}},
		{"a date missing", answerOf(200, page("null", entry(1, ""))), SendError{Kind: NotSent}},
		{"a page without number", answerOf(200, page(`"/x?PageToken=a"`, entry(1, now))), SendError{Kind: NotSent}},
		{"without end", answerOf(200, page(`"/x?Page=1&PageToken=a"`, entry(1, now))), SendError{Kind: NotSent}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			records, err := newSender(t, server.URL).List(t.Context(), person, time.Unix(0, 0))
			checkSendError(t, err, tt.want)
			if records != nil {
				t.Errorf("part of a list: %+v", records)
			}
		})
	}
}
