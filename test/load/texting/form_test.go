package texting

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"relais/channels/twilio"
)

var service = Service{
	Address: "127.0.0.1:1", Public: "http://127.0.0.1:1", Account: "AC00000000000000000000000000000000", Token: "token", Number: "+33937000000",
}

// TestPostIsSigned reads the request as a server does and checks its signature
// with the product's own code.
func TestPostIsSigned(t *testing.T) {
	f := newForm(service, [32]byte{1})
	seen := map[string]bool{}
	for _, body := range []string{"oui", "besançon", "1 & 6 = 7 + 1%", ""} {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(f.post(Phone(7), body))))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		signed := twilio.Verify(twilio.Request{
			URL: service.Public + r.URL.String(), ContentType: r.Header.Get("Content-Type"), Body: string(raw),
			Signature: r.Header.Get("X-Twilio-Signature"), Tokens: []string{service.Token},
		})
		if !signed {
			t.Errorf("%q: the signature does not hold", body)
		}
		r.Body = io.NopCloser(bytes.NewReader(raw))
		if err := r.ParseForm(); err != nil {
			t.Fatal(err)
		}
		if got := r.PostForm.Get("Body"); got != body {
			t.Errorf("body: got %q, want %q", got, body)
		}
		if got := r.PostForm.Get("From"); got != "+33639980007" {
			t.Errorf("from: got %q", got)
		}
		if len(r.PostForm) != 19 {
			t.Errorf("%d fields, want 19", len(r.PostForm))
		}
		if id := r.PostForm.Get("MessageSid"); seen[id] {
			t.Errorf("message id %s came twice", id)
		} else {
			seen[id] = true
		}
	}
}

func TestParseAnswer(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status, size int
		fails        bool
	}{
		{name: "no content", answer: "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n", status: 204, size: 36},
		{name: "with a body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", status: 200, size: 41},
		{name: "body to come", answer: "HTTP/1.1 503 x\r\nContent-Length: 30\r\n\r\n", status: 503, size: 68},
		{name: "head to come", answer: "HTTP/1.1 204 No"},
		{name: "chunked", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", fails: true},
		{name: "not HTTP", answer: "220 mail.example.org ready\r\n\r\n", fails: true},
		{name: "bad length", answer: "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", fails: true},
	} {
		status, size, err := parseAnswer([]byte(c.answer))
		if (err != nil) != c.fails || !c.fails && (status != c.status || size != c.size) {
			t.Errorf("%s: got %d, %d bytes, %v", c.name, status, size, err)
		}
	}
}

// BenchmarkPost is what a text costs besides its two system calls.
func BenchmarkPost(b *testing.B) {
	f := newForm(service, [32]byte{1})
	b.ReportAllocs()
	for b.Loop() {
		f.post("+33639980007", "besançon")
	}
}
