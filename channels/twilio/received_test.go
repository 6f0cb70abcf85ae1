package twilio

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// came is a received text as the API lists it, with whatever a test changes.
func came(n int, at string, changes ...string) string {
	text := fmt.Sprintf(`{"sid":"SM%032x","account_sid":"AC1","from":"%s","to":"%s","body":"texte %d","direction":"inbound",`+
		`"status":"received","num_media":"0","messaging_service_sid":null,"date_created":"%s","date_sent":"%s"}`, n, person, ours, n, at, at)
	return strings.NewReplacer(changes...).Replace(text)
}

func TestReceived(t *testing.T) {
	const (
		late  = "Mon, 23 Nov 2026 10:00:05 +0000"
		early = "Mon, 23 Nov 2026 10:00:01 +0000"
	)
	pages := map[string]string{
		"": page(`"/x?Page=1&PageToken=PT1"`, strings.Join([]string{
			came(6, late),
			came(5, late, "inbound", "outbound-api"),
			came(4, late, "received", "receiving"),
			came(3, early, "texte 3", "z\\u0000\\ud800"),
		}, ",")),
		"PT1": page("null", strings.Join([]string{
			came(2, early, `"num_media":"0"`, `"num_media":"2"`, "texte 2", "", "SM0", "MM0"),
			came(1, early, person, "INFO"),
			came(0, early, ours, "+33639980099"),
		}, ",")),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		body, known := pages[q.Get("PageToken")]
		if !known || q.Get("To") != ours || q.Get("DateSent>") != "2026-11-23T10:00:00Z" || q.Get("DateSent<") != "2026-11-23T10:15:00Z" {
			t.Errorf("%s with %v", r.Method, q)
		}
		io.WriteString(w, body)
	}))
	defer server.Close()
	since := time.Date(2026, 11, 23, 10, 0, 0, 7e8, time.UTC)
	received, err := newSender(t, server.URL).Received(t.Context(), since, time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range received {
		got = append(got, fmt.Sprintf("%s %q %d %s", r.MessageSID[:2]+r.MessageSID[33:], r.Body, r.NumMedia, r.At.Format(time.TimeOnly)))
	}
	want := []string{`MM2 "" 2 10:00:01`, "SM3 \"z\uFFFD\" 0 10:00:01", `SM6 "texte 6" 0 10:00:05`}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestReceivedThroughAService(t *testing.T) {
	const mine, other = "MG00000000000000000000000000000001", "MG00000000000000000000000000000002"
	const at = "Mon, 23 Nov 2026 10:00:05 +0000"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("To") {
			t.Error("a service has several numbers: To leaves some out")
		}
		io.WriteString(w, page("null", strings.Join([]string{
			came(3, at), came(2, at, `sid":null`, `sid":"`+other+`"`), came(1, at, `sid":null`, `sid":"`+mine+`"`),
		}, ",")))
	}))
	defer server.Close()
	sender := newSender(t, server.URL, func(c *SenderConfig) { c.From, c.MessagingServiceSID = "", mine })
	received, err := sender.Received(t.Context(), time.Unix(0, 0), time.Now())
	if err != nil || len(received) != 1 || received[0].Body != "texte 1" || received[0].MessagingServiceSID != mine {
		t.Errorf("received %v (%v)", received, err)
	}
}

func TestReceivedFails(t *testing.T) {
	const now = "Mon, 23 Nov 2026 10:00:05 +0000"
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   SendError
	}{
		{"500", refusalOf(20500, 500), SendError{Kind: NotSent, Code: 20500}},
		{"credentials", refusalOf(20003, 401), SendError{Kind: Configuration, Code: 20003}},
		{"not JSON", answerOf(200, "<html>"), SendError{Kind: NotSent}},
		{"a date missing", answerOf(200, page("null", came(1, ""))), SendError{Kind: NotSent}},
		{"attachments unreadable", answerOf(200, page("null", came(1, now, `"0"`, `"many"`))), SendError{Kind: NotSent}},
		{"without end", answerOf(200, page(`"/x?Page=1&PageToken=a"`, came(1, now))), SendError{Kind: NotSent}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			received, err := newSender(t, server.URL).Received(t.Context(), time.Unix(0, 0), time.Now())
			checkSendError(t, err, tt.want)
			if received != nil {
				t.Errorf("part of a list: %+v", received)
			}
		})
	}
}

func TestInboundAddress(t *testing.T) {
	number := func(fields string) http.HandlerFunc {
		return answerOf(200, `{"incoming_phone_numbers":[{"phone_number":"`+ours+`",`+fields+`}]}`)
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
		err    error
	}{
		{"set", number(`"sms_method":"POST","sms_url":"https://a.example/in#rc=5"`), "https://a.example/in#rc=5", nil},
		{"set to GET", number(`"sms_method":"GET","sms_url":"https://a.example/in"`), "GET https://a.example/in", nil},
		{"not set", number(`"sms_method":"POST","sms_url":""`), "", nil},
		{"somebody else's", answerOf(200, `{"incoming_phone_numbers":[]}`), "", ErrNoNumber},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			address, err := newSender(t, server.URL).InboundAddress(t.Context())
			if address != tt.want || err != tt.err {
				t.Errorf("got %q (%v)", address, err)
			}
		})
	}
	server := httptest.NewServer(refusalOf(20003, 401))
	defer server.Close()
	_, err := newSender(t, server.URL).InboundAddress(t.Context())
	checkSendError(t, err, SendError{Kind: Configuration, Code: 20003})
}
