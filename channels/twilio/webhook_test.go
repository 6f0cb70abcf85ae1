package twilio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const (
	account   = "AC0123456789abcdef0123456789abcdef"
	messageID = "SM0123456789abcdef0123456789abcdef"
	public    = "https://relais.example.fr"
	token     = "00112233445566778899aabbccddeeff"
	person    = "+33639980001"
	ours      = "+33937000000"
)

// desk keeps what the webhooks hand over.
type desk struct {
	texts   []Inbound
	reports []Status
	err     error
	log     bytes.Buffer
}

func newWebhook(t *testing.T, d *desk) *Webhook {
	t.Helper()
	h, err := NewWebhook(WebhookConfig{
		PublicURL:  public + "/",
		Tokens:     []string{"anoldtoken", token},
		AccountSID: account,
		Receive: func(ctx context.Context, in Inbound) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("Receive may take for ever")
			}
			d.texts = append(d.texts, in)
			return d.err
		},
		Status: func(_ context.Context, s Status) error {
			d.reports = append(d.reports, s)
			return d.err
		},
		Log: slog.New(slog.NewJSONHandler(&d.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (d *desk) post(h *Webhook, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	mux := http.NewServeMux()
	mux.HandleFunc(InboundPath, h.ServeInbound)
	mux.HandleFunc(StatusPath, h.ServeStatus)
	mux.ServeHTTP(w, r)
	return w
}

// signed is a genuine request: the host is a proxy's, the signature over the public URL.
func signed(target string, form url.Values) *http.Request {
	return signedAs(token, target, form, form.Encode())
}

func signedAs(key, target string, form url.Values, body string) *http.Request {
	r := httptest.NewRequest("POST", target, strings.NewReader(body))
	r.Host = "127.0.0.1:8080"
	r.Header.Set("Content-Type", formType)
	r.Header.Set(signatureHeader, Sign(key, public+target, form))
	return r
}

func textForm(pairs ...string) url.Values {
	return with(url.Values{
		"MessageSid": {messageID}, "SmsSid": {messageID}, "AccountSid": {account}, "From": {person}, "To": {ours},
		"Body": {"Bonjour"}, "NumMedia": {"0"}, "NumSegments": {"1"}, "FromCity": {""},
	}, pairs)
}

func reportForm(pairs ...string) url.Values {
	return with(url.Values{
		"MessageSid": {messageID}, "MessageStatus": {"sent"}, "AccountSid": {account}, "From": {ours}, "To": {person},
	}, pairs)
}

func with(form url.Values, pairs []string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func TestInbound(t *testing.T) {
	text := func(change func(*Inbound)) *Inbound {
		in := Inbound{MessageSID: messageID, AccountSID: account, From: person, To: ours, Body: "Bonjour", NumSegments: 1}
		change(&in)
		return &in
	}
	same := func(*Inbound) {}
	header := func(r *http.Request, key, value string) *http.Request {
		r.Header.Set(key, value)
		return r
	}
	genuine := func() *http.Request { return signed(InboundPath, textForm()) }
	big := textForm("Body", strings.Repeat("a", maxForm))
	exact := textForm("Body", strings.Repeat("a", maxForm-len(textForm("Body", "").Encode())))

	tests := []struct {
		name    string
		request *http.Request
		code    int
		want    *Inbound // nil: nothing may be received
	}{
		{"genuine", genuine(), 204, text(same)},
		{"old token", signedAs("anoldtoken", InboundPath, textForm(), textForm().Encode()), 204, text(same)},
		{"unknown fields", signed(InboundPath, textForm("ProfileName", "x", "New", "y")), 204, text(same)},
		{"query in the target", signed(InboundPath+"?x=l'%C3%A9t%c3%a9", textForm()), 204, text(same)},
		{"signed with a port", func() *http.Request {
			return header(genuine(), signatureHeader, Sign(token, public+":443"+InboundPath, textForm()))
		}(), 204, text(same)},
		{"accents and emoji", signed(InboundPath, textForm("Body", "Prêt à venir 😀 l’été")), 204, text(func(in *Inbound) { in.Body = "Prêt à venir 😀 l’été" })},
		{"U+0000 and broken UTF-8", signed(InboundPath, textForm("Body", "a\x00b\xffc")), 204, text(func(in *Inbound) { in.Body = "ab\uFFFDc" })},
		{"empty text with a picture", signed(InboundPath, textForm("Body", "", "NumMedia", "2")), 204, text(func(in *Inbound) { in.Body, in.NumMedia = "", 2 })},
		{"MMS", signed(InboundPath, textForm("MessageSid", "MM"+messageID[2:])), 204, text(func(in *Inbound) { in.MessageSID = "MM" + messageID[2:] })},
		{"opt-out by Twilio", signed(InboundPath, textForm("OptOutType", "STOP")), 204, text(func(in *Inbound) { in.OptOutType = "STOP" })},
		{"opt-out of a new kind", signed(InboundPath, textForm("OptOutType", "LATER")), 204, text(same)},
		{"service", signed(InboundPath, textForm("MessagingServiceSid", "MG"+messageID[2:])), 204, text(func(in *Inbound) { in.MessagingServiceSID = "MG" + messageID[2:] })},
		{"short code of ours", signed(InboundPath, textForm("To", "38080")), 204, text(func(in *Inbound) { in.To = "38080" })},
		{"64 KiB", signed(InboundPath, exact), 204, text(func(in *Inbound) { in.Body = exact.Get("Body") })},

		{"WhatsApp", signed(InboundPath, textForm("From", "whatsapp:"+person)), 204, nil},
		{"RCS", signed(InboundPath, textForm("From", "rcs:"+person)), 204, nil},
		{"from a short code", signed(InboundPath, textForm("From", "36180")), 204, nil},
		{"from a name", signed(InboundPath, textForm("From", "OPERATEUR")), 204, nil},

		{"GET", httptest.NewRequest("GET", InboundPath, nil), 405, nil},
		{"PUT", httptest.NewRequest("PUT", InboundPath, strings.NewReader("a=1")), 405, nil},
		{"JSON", header(genuine(), "Content-Type", "application/json"), 415, nil},
		{"no type", header(genuine(), "Content-Type", ""), 415, nil},
		{"compressed", header(genuine(), "Content-Encoding", "gzip"), 415, nil},
		{"over 64 KiB", signed(InboundPath, big), 413, nil},
		{"over 64 KiB, length not told", func() *http.Request {
			r := signed(InboundPath, big)
			r.ContentLength = -1
			return r
		}(), 413, nil},
		{"broken escape", signedAs(token, InboundPath, textForm(), textForm().Encode()+"&x=%zz"), 400, nil},
		{"semicolon", signedAs(token, InboundPath, textForm(), textForm().Encode()+";x=1"), 400, nil},
		{"10,000 fields", signedAs(token, InboundPath, textForm(), textForm().Encode()+strings.Repeat("&x", 10000)), 400, nil},
		{"repeated key, other value", signedAs(token, InboundPath, textForm(), textForm().Encode()+"&Body=STOP"), 400, nil},
		{"repeated key, same value", signedAs(token, InboundPath, textForm(), textForm().Encode()+"&Body=Bonjour"), 400, nil},
		{"repeated key, validly signed", func() *http.Request {
			form := textForm()
			form.Add("Body", "STOP")
			return signed(InboundPath, form)
		}(), 400, nil},
		{"no signature", func() *http.Request {
			r := genuine()
			r.Header.Del(signatureHeader)
			return r
		}(), 403, nil},
		{"two signatures", func() *http.Request {
			r := genuine()
			r.Header.Add(signatureHeader, r.Header.Get(signatureHeader))
			return r
		}(), 403, nil},
		{"other token", signedAs("guess", InboundPath, textForm(), textForm().Encode()), 403, nil},
		{"empty token", signedAs("", InboundPath, textForm(), textForm().Encode()), 403, nil},
		{"changed text", signedAs(token, InboundPath, textForm(), textForm("Body", "STOP").Encode()), 403, nil},
		{"signed for the private host", header(genuine(), signatureHeader, Sign(token, "http://127.0.0.1:8080"+InboundPath, textForm())), 403, nil},
		{"signed for the other webhook", header(genuine(), signatureHeader, Sign(token, public+StatusPath, textForm())), 403, nil},
		{"changed query", func() *http.Request {
			r := signed(InboundPath+"?a=1", textForm())
			r.RequestURI = InboundPath + "?a=2"
			return r
		}(), 403, nil},
		{"forwarded host is not believed", func() *http.Request {
			r := signedAs(token, InboundPath, textForm(), textForm().Encode())
			r.Header.Set("X-Forwarded-Host", "evil.example")
			r.Header.Set(signatureHeader, Sign(token, "https://evil.example"+InboundPath, textForm()))
			return r
		}(), 403, nil},
		{"other account", signed(InboundPath, textForm("AccountSid", "AC"+strings.Repeat("f", 32))), 403, nil},
		{"no account", signed(InboundPath, textForm("AccountSid", "")), 403, nil},
		{"no MessageSid", signed(InboundPath, textForm("MessageSid", "")), 400, nil},
		{"short MessageSid", signed(InboundPath, textForm("MessageSid", "SM123")), 400, nil},
		{"MessageSid not hexadecimal", signed(InboundPath, textForm("MessageSid", "SM"+strings.Repeat("g", 32))), 400, nil},
		{"no From", signed(InboundPath, textForm("From", "")), 400, nil},
		{"no To", signed(InboundPath, textForm("To", "")), 400, nil},
		{"NumMedia not a number", signed(InboundPath, textForm("NumMedia", "-1")), 400, nil},
		{"service malformed", signed(InboundPath, textForm("MessagingServiceSid", "MG1")), 400, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d desk
			w := d.post(newWebhook(t, &d), tt.request)
			checkAnswer(t, &d, w, tt.code)
			switch {
			case tt.want == nil && len(d.texts) > 0:
				t.Errorf("received %+v, want nothing", d.texts)
			case tt.want != nil && (len(d.texts) != 1 || d.texts[0] != *tt.want):
				t.Errorf("received %+v\nwant %+v", d.texts, *tt.want)
			}
		})
	}
}

// checkAnswer holds what is true of every answer: no body that Twilio could send on,
// and no number, text or secret in the log.
func checkAnswer(t *testing.T, d *desk, w *httptest.ResponseRecorder, code int) {
	t.Helper()
	if w.Code != code {
		t.Errorf("answered %d, want %d (%s)", w.Code, code, &d.log)
	}
	if w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("a body %q of type %q", w.Body, w.Header().Get("Content-Type"))
	}
	if (code == http.StatusMethodNotAllowed) != (w.Header().Get("Allow") == "POST") {
		t.Errorf("Allow: %q with %d", w.Header().Get("Allow"), code)
	}
	for _, secret := range []string{person, person[1:], ours, "Bonjour", token} {
		if strings.Contains(d.log.String(), secret) {
			t.Errorf("the log tells %q: %s", secret, &d.log)
		}
	}
}

func TestInboundNotKept(t *testing.T) {
	d := desk{err: errors.New("disk full")}
	w := d.post(newWebhook(t, &d), signed(InboundPath, textForm()))
	checkAnswer(t, &d, w, 503)
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if !strings.Contains(d.log.String(), "disk full") || !strings.Contains(d.log.String(), messageID) {
		t.Errorf("the log does not say what failed: %s", &d.log)
	}
	d.err = nil
	checkAnswer(t, &d, d.post(newWebhook(t, &d), signed(InboundPath, textForm())), 204)
}

func TestStatusReports(t *testing.T) {
	target := StatusPath + "?ref=9f-1_a"
	report := func(change func(*Status)) *Status {
		s := Status{MessageSID: messageID, Status: "sent", Rank: 3, Delivery: Sent, Ref: "9f-1_a"}
		change(&s)
		return &s
	}
	tests := []struct {
		name    string
		request *http.Request
		code    int
		want    *Status
	}{
		{"sent", signed(target, reportForm()), 204, report(func(*Status) {})},
		{"delivered", signed(target, reportForm("MessageStatus", "delivered", "RawDlrDoneDate", "2611231015")), 204,
			report(func(s *Status) { s.Status, s.Rank, s.Delivery = "delivered", 4, Delivered })},
		{"undelivered with a code", signed(target, reportForm("MessageStatus", "undelivered", "ErrorCode", "30003")), 204,
			report(func(s *Status) { s.Status, s.Rank, s.Delivery, s.ErrorCode = "undelivered", 4, Failed, 30003 })},
		{"older field name", func() *http.Request {
			form := reportForm("SmsStatus", "queued")
			form.Del("MessageStatus")
			return signed(target, form)
		}(), 204, report(func(s *Status) { s.Status, s.Rank, s.Delivery = "queued", 1, Queued })},
		{"sent by another program", signed(StatusPath, reportForm()), 204, report(func(s *Status) { s.Ref = "" })},

		{"status of a new kind", signed(target, reportForm("MessageStatus", "partially_delivered")), 204, nil},
		{"no status", signed(target, reportForm("MessageStatus", "")), 400, nil},
		{"MessageSid malformed", signed(target, reportForm("MessageSid", "SM1")), 400, nil},
		{"ErrorCode malformed", signed(target, reportForm("ErrorCode", "thirty")), 400, nil},
		{"ref malformed", signed(StatusPath+"?ref=%2E%2E%2F", reportForm()), 400, nil},
		{"ref too long", signed(StatusPath+"?ref="+strings.Repeat("a", 65), reportForm()), 400, nil},
		{"ref repeated", signed(StatusPath+"?ref=a&ref=b", reportForm()), 400, nil},
		{"query unreadable", signed(StatusPath+"?ref=%zz", reportForm()), 400, nil},
		{"repeated key", signedAs(token, target, reportForm(), reportForm().Encode()+"&MessageStatus=read"), 400, nil},
		{"ref of another message", func() *http.Request {
			r := signed(target, reportForm())
			r.RequestURI = StatusPath + "?ref=other"
			return r
		}(), 403, nil},
		{"other account", signed(target, reportForm("AccountSid", "AC1")), 403, nil},
		{"not signed", signedAs("guess", target, reportForm(), reportForm().Encode()), 403, nil},
		{"GET", httptest.NewRequest("GET", target, nil), 405, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d desk
			w := d.post(newWebhook(t, &d), tt.request)
			checkAnswer(t, &d, w, tt.code)
			switch {
			case tt.want == nil && len(d.reports) > 0:
				t.Errorf("took %+v, want nothing", d.reports)
			case tt.want != nil && (len(d.reports) != 1 || d.reports[0] != *tt.want):
				t.Errorf("took %+v\nwant %+v", d.reports, *tt.want)
			}
		})
	}
	d := desk{err: errors.New("disk full")}
	checkAnswer(t, &d, d.post(newWebhook(t, &d), signed(target, reportForm())), 503)
}

// Over a real connection, behind a host name that is not the public one.
func TestWebhookOverTheWire(t *testing.T) {
	var d desk
	h := newWebhook(t, &d)
	server := httptest.NewServer(http.HandlerFunc(h.ServeInbound))
	defer server.Close()
	post := func(form url.Values, body io.Reader) *http.Response {
		t.Helper()
		r, err := http.NewRequest("POST", server.URL+InboundPath+"?b=%c3%a9", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", formType)
		r.Header.Set(signatureHeader, Sign(token, public+InboundPath+"?b=%c3%a9", form))
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if content, err := io.ReadAll(resp.Body); err != nil || len(content) > 0 || resp.Header.Get("Content-Type") != "" {
			t.Errorf("a body %q of type %q (%v)", content, resp.Header.Get("Content-Type"), err)
		}
		return resp
	}
	form := textForm()
	if resp := post(form, strings.NewReader(form.Encode())); resp.StatusCode != 204 {
		t.Errorf("genuine: %d", resp.StatusCode)
	}
	chunked := struct{ io.Reader }{strings.NewReader(strings.Repeat("a", 2*maxForm))}
	if resp := post(form, chunked); resp.StatusCode != 413 {
		t.Errorf("chunked and too long: %d", resp.StatusCode)
	}
	if len(d.texts) != 1 {
		t.Errorf("received %d texts, want 1", len(d.texts))
	}
}

func TestNewWebhookRefuses(t *testing.T) {
	valid := WebhookConfig{
		PublicURL: public, Tokens: []string{token}, AccountSID: account,
		Receive: func(context.Context, Inbound) error { return nil },
		Status:  func(context.Context, Status) error { return nil },
	}
	if _, err := NewWebhook(valid); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*WebhookConfig){
		"relative URL":   func(c *WebhookConfig) { c.PublicURL = "relais.example.fr" },
		"other scheme":   func(c *WebhookConfig) { c.PublicURL = "ftp://relais.example.fr" },
		"URL with query": func(c *WebhookConfig) { c.PublicURL += "?a=1" },
		"no token":       func(c *WebhookConfig) { c.Tokens = nil },
		"empty token":    func(c *WebhookConfig) { c.Tokens = []string{token, ""} },
		"no account":     func(c *WebhookConfig) { c.AccountSID = "" },
		"no receiver":    func(c *WebhookConfig) { c.Receive = nil },
		"no status":      func(c *WebhookConfig) { c.Status = nil },
	} {
		config := valid
		spoil(&config)
		if _, err := NewWebhook(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkInbound(b *testing.B) {
	h, err := NewWebhook(WebhookConfig{
		PublicURL: public, Tokens: []string{sdkToken}, AccountSID: account,
		Receive: func(context.Context, Inbound) error { return nil },
		Status:  func(context.Context, Status) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	values, err := url.ParseQuery(benchForm)
	if err != nil {
		b.Fatal(err)
	}
	r := signedAs(sdkToken, InboundPath, values, benchForm)
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader(benchForm))
		w := httptest.NewRecorder()
		h.ServeInbound(w, r)
		if w.Code != 204 {
			b.Fatal(w.Code)
		}
	}
}
