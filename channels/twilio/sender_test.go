package twilio

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const created = `{"sid":"` + messageID + `","status":"queued","num_segments":"1","error_code":null,` +
	`"date_created":"Mon, 23 Nov 2026 10:00:00 +0000","to":"` + person + `"}`

// refusalOf is an error as the API words it, with the number it likes to quote.
func refusalOf(code, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code":%d,"message":"about %s: Bonjour","more_info":"https://x","status":%d}`, code, person, status)
	}
}

func answerOf(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func newSender(t *testing.T, apiURL string, changes ...func(*SenderConfig)) *Sender {
	t.Helper()
	config := SenderConfig{AccountSID: account, AuthToken: token, From: ours, APIURL: apiURL}
	for _, change := range changes {
		change(&config)
	}
	s, err := NewSender(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.http.CloseIdleConnections)
	return s
}

var hello = Message{To: person, Body: "Bonjour, c'est noté.", Ref: "9f-1_a"}

func TestSend(t *testing.T) {
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		got = r
		answerOf(201, created)(w, r)
	}))
	defer server.Close()
	s := newSender(t, server.URL, func(c *SenderConfig) {
		c.StatusCallback = "https://relais.example.fr/sms/twilio/status?v=1#rc=3&rp=all"
	})
	result, err := s.Send(t.Context(), hello)
	if err != nil || result != (Result{SID: messageID, Segments: 1}) {
		t.Fatalf("Send = %+v, %v", result, err)
	}
	if want := "/2010-04-01/Accounts/" + account + "/Messages.json"; got.Method != "POST" || got.URL.Path != want {
		t.Errorf("%s %s, want POST %s", got.Method, got.URL.Path, want)
	}
	if user, password, ok := got.BasicAuth(); !ok || user != account || password != token {
		t.Error("not signed in with account and token")
	}
	for key, want := range map[string]string{
		"To": person, "From": ours, "Body": hello.Body, "MessagingServiceSid": "",
		"StatusCallback": "https://relais.example.fr/sms/twilio/status?ref=9f-1_a&v=1#rc=3&rp=all",
	} {
		if got.PostForm.Get(key) != want {
			t.Errorf("%s = %q, want %q", key, got.PostForm.Get(key), want)
		}
	}
	if len(got.PostForm) != 4 {
		t.Errorf("fields %v", got.PostForm)
	}
}

func TestSendWithServiceAndKey(t *testing.T) {
	service := "MG" + messageID[2:]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "SK1" || password != "se-cr_et" {
			t.Error("not signed in with the key")
		}
		if r.FormValue("MessagingServiceSid") != service || r.FormValue("From") != "" || r.FormValue("StatusCallback") != "" {
			t.Errorf("fields %v", r.Form)
		}
		answerOf(201, strings.Replace(created, `"num_segments":"1"`, `"num_segments":"0"`, 1))(w, r)
	}))
	defer server.Close()
	s := newSender(t, server.URL, func(c *SenderConfig) {
		c.AuthToken, c.APIKey, c.APISecret = "", "SK1", "se-cr_et"
		c.From, c.MessagingServiceSID = "", service
	})
	long := hello
	long.Body = strings.Repeat("a", 161)
	if result, err := s.Send(t.Context(), long); err != nil || result.Segments != 2 {
		t.Errorf("Send = %+v, %v; want two segments, counted here", result, err)
	}
}

func TestSendFrom(t *testing.T) {
	const other, service = "+33937000001", "MG1"
	fromNumber := newSender(t, "http://127.0.0.1:1")
	fromService := newSender(t, "http://127.0.0.1:1", func(c *SenderConfig) { c.From, c.MessagingServiceSID = "", service })
	for _, tt := range []struct {
		name                string
		sender              *Sender
		from                string
		wantFrom, wantGroup string
	}{
		{"number", fromNumber, "", ours, ""},
		{"another number", fromNumber, other, other, ""},
		{"service", fromService, "", "", service},
		{"a number of the service", fromService, other, other, service},
	} {
		params := tt.sender.params(Message{To: person, Body: "Bonjour", From: tt.from, Ref: "r"})
		if from, group := value(params.From), value(params.MessagingServiceSid); from != tt.wantFrom || group != tt.wantGroup {
			t.Errorf("%s: from %q, service %q; want %q, %q", tt.name, from, group, tt.wantFrom, tt.wantGroup)
		}
	}
}

func TestSendAnswers(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   SendError
	}{
		{"opted out", refusalOf(21610, 400), SendError{Kind: OptedOut, Code: 21610}},
		{"invalid number", refusalOf(21211, 400), SendError{Kind: Permanent, Code: 21211}},
		{"landline", refusalOf(21614, 400), SendError{Kind: Permanent, Code: 21614}},
		{"sender not ours", refusalOf(21606, 400), SendError{Kind: Configuration, Code: 21606}},
		{"bad credentials", refusalOf(20003, 401), SendError{Kind: Configuration, Code: 20003}},
		{"code not known", refusalOf(29999, 400), SendError{Kind: Permanent, Code: 29999}},
		{"queue full", refusalOf(21611, 400), SendError{Kind: Throttled, Code: 21611, After: 10 * time.Minute}},
		{"too many at once", refusalOf(20429, 429), SendError{Kind: Throttled, Code: 20429}},
		{"429 from a proxy, with a wait", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "3")
			answerOf(429, "slow down")(w, r)
		}, SendError{Kind: Throttled, After: 3 * time.Second}},
		{"429 with an absurd wait", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "99999999999")
			answerOf(429, "")(w, r)
		}, SendError{Kind: Throttled, After: time.Hour}},
		{"500", refusalOf(20500, 500), SendError{Kind: Unknown, Code: 20500}},
		{"500 with a permanent code", refusalOf(21211, 500), SendError{Kind: Unknown, Code: 21211}},
		{"503 in HTML", answerOf(503, "<html>"+strings.Repeat("x", 100_000)), SendError{Kind: Unknown}},
		{"408", answerOf(408, ""), SendError{Kind: Unknown}},
		{"403 in HTML", answerOf(403, "<html>no</html>"), SendError{Kind: Configuration}},
		{"404 in HTML", answerOf(404, "<html>no</html>"), SendError{Kind: Configuration}},
		{"400 in HTML", answerOf(400, "<html>no</html>"), SendError{Kind: NotSent}},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/elsewhere") {
				t.Error("a redirect was followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, SendError{Kind: Configuration}},

		{"accept, then reset", reset, SendError{Kind: Unknown}},
		{"accept, then close", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, SendError{Kind: Unknown}},
		{"truncated 201", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(created)))
			answerOf(201, created[:40])(w, r)
		}, SendError{Kind: Unknown}},
		{"201 in HTML", answerOf(201, "<html>ok</html>"), SendError{Kind: Unknown}},
		{"201 of another shape", answerOf(201, `{"sid":12345}`), SendError{Kind: Unknown}},
		{"201 without a SID", answerOf(201, `{}`), SendError{Kind: Unknown}},
		{"201 with a strange SID", answerOf(201, `{"sid":"SM../../x"}`), SendError{Kind: Unknown}},
		{"201 without an end", answerOf(201, created+strings.Repeat(" ", maxAnswer)), SendError{Kind: Unknown}},
		{"not HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			io.WriteString(conn, "hello "+person+"\r\n\r\n")
			conn.Close()
		}, SendError{Kind: Unknown}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				io.Copy(io.Discard, r.Body)
				tt.answer(w, r)
			}))
			defer server.Close()
			_, err := newSender(t, server.URL).Send(t.Context(), hello)
			checkSendError(t, err, tt.want)
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests reached the server, want 1", n)
			}
		})
	}
}

func checkSendError(t *testing.T, err error, want SendError) {
	t.Helper()
	got, ok := errors.AsType[*SendError](err)
	if !ok {
		t.Fatalf("error %v, want a *SendError", err)
	}
	if got.Kind != want.Kind || got.Code != want.Code || got.After != want.After {
		t.Errorf("%s %d %v, want %s %d %v", got.Kind, got.Code, got.After, want.Kind, want.Code, want.After)
	}
	for _, secret := range []string{person[1:], ours[1:], "Bonjour", token} {
		if strings.Contains(got.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, got)
		}
	}
	if _, shown := errors.AsType[*url.Error](err); shown {
		t.Error("the cause holds an address whose query names a person")
	}
}

func TestWaitAsked(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, "7": 7 * time.Second, "86400": time.Hour,
		"Mon, 23 Nov 1998 10:00:00 GMT": 0, "Mon, 23 Nov 2998 10:00:00 GMT": time.Hour,
	} {
		if got := waitAsked(header); got != want {
			t.Errorf("waitAsked(%q) = %v, want %v", header, got, want)
		}
	}
}

func TestSendRefusesReference(t *testing.T) {
	s := newSender(t, "http://127.0.0.1:1")
	for _, ref := range []string{"", "a b", "é", "a&b", strings.Repeat("a", 65)} {
		_, err := s.Send(t.Context(), Message{To: person, Body: "Bonjour", Ref: ref})
		checkSendError(t, err, SendError{Kind: Permanent})
	}
}

func TestNewSenderRefuses(t *testing.T) {
	valid := SenderConfig{AccountSID: account, AuthToken: token, From: ours}
	if _, err := NewSender(valid); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*SenderConfig){
		"no account":               func(c *SenderConfig) { c.AccountSID = "" },
		"account with a slash":     func(c *SenderConfig) { c.AccountSID = "AC/../x" },
		"no token":                 func(c *SenderConfig) { c.AuthToken = "" },
		"key without secret":       func(c *SenderConfig) { c.APIKey = "SK1" },
		"no sender":                func(c *SenderConfig) { c.From = "" },
		"two senders":              func(c *SenderConfig) { c.MessagingServiceSID = "MG1" },
		"API without host":         func(c *SenderConfig) { c.APIURL = "localhost" },
		"callback without host":    func(c *SenderConfig) { c.StatusCallback = "/sms/twilio/status" },
		"callback with underscore": func(c *SenderConfig) { c.StatusCallback = "https://a_b.fr/x" },
	} {
		config := valid
		spoil(&config)
		if _, err := NewSender(config); err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error tells the token", name)
		}
	}
}

// The callback that Send asks for is a request that the webhook accepts.
func TestCallbackReachesTheWebhook(t *testing.T) {
	s := newSender(t, "http://127.0.0.1:1", func(c *SenderConfig) { c.StatusCallback = public + StatusPath })
	callback, err := url.Parse(*s.params(hello).StatusCallback)
	if err != nil {
		t.Fatal(err)
	}
	var d desk
	w := d.post(newWebhook(t, &d), signed(callback.RequestURI(), reportForm()))
	checkAnswer(t, &d, w, 204)
	if len(d.reports) != 1 || d.reports[0].Ref != hello.Ref {
		t.Errorf("took %+v, want a report with ref %q", d.reports, hello.Ref)
	}
}
