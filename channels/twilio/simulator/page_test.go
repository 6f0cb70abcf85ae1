package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"relais/channels/twilio/simulator"
)

type thread struct {
	Log      string `json:"log"`
	Rev      uint64 `json:"rev"`
	Messages []struct {
		ID, From, Text, State string
		Segments              int
	} `json:"messages"`
	Error string `json:"error"`
}

func newPage(t *testing.T, w world) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(simulator.PageHandler(w.op, simulator.PageConfig{Service: "Doubs <Emploi>"}))
	t.Cleanup(server.Close)
	return server
}

// ask posts JSON to the page as its script does; header values come in pairs.
func ask(t *testing.T, server *httptest.Server, what, body string, header ...string) (int, thread) {
	t.Helper()
	request, err := http.NewRequestWithContext(soon(t), http.MethodPost, server.URL+"/demo/phone/"+what, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer thread
	if response.Header.Get("Content-Type") == "application/json" {
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
	}
	return response.StatusCode, answer
}

func TestPageIsLockedDown(t *testing.T) {
	server := newPage(t, newWorld(t, nil))
	for path, kind := range map[string]string{"": "text/html", "/phone.css": "text/css", "/phone.js": "text/javascript"} {
		response, err := http.Get(server.URL + "/demo/phone" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), kind) || len(body) == 0 {
			t.Errorf("%s: status %d, %s", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
		policy := response.Header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, rule) {
				t.Errorf("%s: the policy lacks %s", path, rule)
			}
		}
		if path == "" && (strings.Contains(string(body), "<Emploi>") || !strings.Contains(string(body), "06 39 98 00 01")) {
			t.Error("the page does not escape its service's name or offers no number")
		}
		if strings.Contains(string(body), "innerHTML") || strings.Contains(string(body), "style=") {
			t.Errorf("%s: builds markup from text, or styles inline", path)
		}
	}
	for _, path := range []string{"/phone.html", "/", "/page/phone.js", "/send"} {
		response, err := http.Get(server.URL + "/demo/phone" + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("GET %s: status %d", path, response.StatusCode)
		}
	}
}

func TestPageSendsAndShows(t *testing.T) {
	w := newWorld(t, nil)
	server := newPage(t, w)
	if got, _ := ask(t, server, "send", `{"phone":"06 39 98 00 01","text":"Bonjour"}`); got != http.StatusOK {
		t.Fatalf("send: status %d", got)
	}
	if calls := w.hooks.received(); len(calls) != 1 || !calls[0].genuine() || calls[0].form.Get("From") != samira {
		t.Fatalf("webhooks: %v", calls)
	}
	w.mustSend(t, samira, strings.Repeat("é", 161))

	_, first := ask(t, server, "thread", `{"phone":"+33639980001","log":"","after":0,"wait":true}`)
	if len(first.Messages) != 2 {
		t.Fatalf("thread: %+v", first)
	}
	mine, theirs := first.Messages[0], first.Messages[1]
	if mine.From != "person" || mine.Text != "Bonjour" || mine.State != "delivered" {
		t.Errorf("the person's: %+v", mine)
	}
	if theirs.From != "service" || theirs.State != "pending" || theirs.Segments != 2 {
		t.Errorf("the service's: %+v", theirs)
	}

	answers := make(chan thread, 1)
	cursor, _ := json.Marshal(map[string]any{"phone": samira, "log": first.Log, "after": first.Rev, "wait": true})
	go func() {
		_, answer := ask(t, server, "thread", string(cursor))
		answers <- answer
	}()
	w.op.FailCallbacks(1, simulator.DropCallbacks)
	w.op.Drain(t.Context())
	if next := <-answers; len(next.Messages) != 1 || next.Messages[0].ID != theirs.ID || next.Rev <= first.Rev {
		t.Errorf("after a change: %+v", next)
	}
}

func TestPageStartsAnewWithAnotherMemory(t *testing.T) {
	w := newWorld(t, nil)
	server := newPage(t, w)
	w.mustText(t, samira, "bonjour")
	_, answer := ask(t, server, "thread", `{"phone":"+33639980001","log":"ancien","after":99,"wait":true}`)
	if len(answer.Messages) != 1 || answer.Log == "ancien" {
		t.Errorf("with the cursor of another memory: %+v", answer)
	}
}

func TestPageSaysWhenTheServiceDoesNotTakeIt(t *testing.T) {
	w := newWorld(t, nil)
	w.hooks.answer(status(503))
	server := newPage(t, w)
	got, answer := ask(t, server, "send", `{"phone":"+33639980001","text":"Bonjour"}`)
	if got != http.StatusBadGateway || answer.Error == "" {
		t.Errorf("status %d, %q", got, answer.Error)
	}
	_, shown := ask(t, server, "thread", `{"phone":"+33639980001","log":"","after":0,"wait":false}`)
	if shown.Messages[0].State != "failed" {
		t.Errorf("shown as %q", shown.Messages[0].State)
	}
}

func TestPageRefusals(t *testing.T) {
	w := newWorld(t, nil)
	server := newPage(t, w)
	const good = `{"phone":"+33639980001","text":"Bonjour"}`
	for _, c := range []struct {
		name, what, body string
		header           []string
		want             int
	}{
		{"another origin", "send", good, []string{"Origin", "https://ailleurs.exemple"}, 403},
		{"another site", "send", good, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"reading from another origin", "thread", `{"phone":"+33639980001"}`, []string{"Origin", "https://ailleurs.exemple"}, 403},
		{"a form", "send", "phone=1&text=2", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"too large", "send", `{"phone":"+33639980001","text":"` + strings.Repeat("x", 17<<10) + `"}`, nil, 413},
		{"too long", "send", `{"phone":"+33639980001","text":"` + strings.Repeat("x", 1601) + `"}`, nil, 422},
		{"empty", "send", `{"phone":"+33639980001","text":" "}`, nil, 422},
		{"a real number", "send", `{"phone":"+33612345678","text":"Bonjour"}`, nil, 422},
		{"a real number's thread", "thread", `{"phone":"+33612345678"}`, nil, 422},
		{"the service's own number", "send", `{"phone":"+33639980000","text":"Bonjour"}`, nil, 422},
		{"not JSON", "send", `bonjour`, nil, 400},
		{"an unknown field", "send", `{"telephone":"+33639980001"}`, nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := ask(t, server, c.what, c.body, c.header...); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
	if n := len(w.hooks.received()); n != 0 {
		t.Errorf("%d webhooks", n)
	}
	if got, _ := ask(t, server, "send", good, "Origin", server.URL, "Sec-Fetch-Site", "same-origin"); got != http.StatusOK {
		t.Errorf("its own origin: status %d", got)
	}
}
