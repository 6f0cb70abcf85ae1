package webchat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"relais/channels/webchat"
)

// poll posts objects and returns the answer.
func (c *chat) poll(t testing.TB, header http.Header, objects ...frame) (*http.Response, []frame) {
	t.Helper()
	body, err := json.Marshal(objects)
	if err != nil {
		t.Fatal(err)
	}
	return c.post(t, header, body)
}

func (c *chat) post(t testing.TB, header http.Header, body []byte) (*http.Response, []frame) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+webchat.PollPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var frames []frame
	if response.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(answer, &frames); err != nil {
			t.Fatalf("answer %q: %v", answer, err)
		}
	}
	return response, frames
}

func kinds(frames []frame) string {
	var names []string
	for _, f := range frames {
		names = append(names, f.Type)
	}
	return strings.Join(names, " ")
}

func TestPoll(t *testing.T) {
	c := newChat(t, nil)
	_, frames := c.poll(t, nil, frame{Type: "hello", Wait: 0})
	if kinds(frames) != "welcome" {
		t.Fatalf("hello: %+v", frames)
	}
	session := frames[0].Session
	_, frames = c.poll(t, nil, frame{Type: "hello", Session: session, Wait: 25}, frame{Type: "say", ID: "1", Text: "Bonjour"}, frame{Type: "ping"})
	if got := kinds(frames); !strings.HasPrefix(got, "welcome ack message message") || !strings.HasSuffix(got, " pong") {
		t.Fatalf("say: %s", got)
	}
	shown := seqs(frames)
	last := shown[len(shown)-1]
	if !slices.Equal(shown, upTo(1, last)) {
		t.Errorf("messages %v", shown)
	}
	log := frames[1].Log
	_, frames = c.poll(t, nil, frame{Type: "hello", Session: session, Log: log, After: last},
		frame{Type: "say", ID: "1", Text: "Bonjour"}, frame{Type: "dance"}, frame{Type: "say", ID: "2"})
	if got := kinds(frames); got != "welcome ack error error" || frames[1].Seq != 1 || frames[3].ID != "2" {
		t.Errorf("the same again, and nonsense: %+v", frames)
	}
	_, frames = c.poll(t, nil, frame{Type: "hello", Session: session, Log: log, After: 1, Wait: 25})
	if got := seqs(frames); !slices.Equal(got, upTo(2, last)) {
		t.Errorf("resumed: %v", got)
	}
	_, frames = c.poll(t, nil, frame{Type: "hello", Session: "forged", Wait: 25})
	if kinds(frames) != "error" || frames[0].Code != "session_unknown" {
		t.Errorf("forged: %+v", frames)
	}
	if _, frames = c.post(t, nil, []byte(" [] ")); frames == nil || len(frames) != 0 {
		t.Errorf("nothing: %+v", frames)
	}
}

func TestPollWaitsForNews(t *testing.T) {
	c := newChat(t, nil)
	p, welcome := c.begin(t, frame{})
	got := make(chan []frame)
	go func() {
		_, frames := c.poll(t, nil, frame{Type: "hello", Session: welcome.Session, Wait: 25})
		got <- frames
	}()
	eventually(t, "the poll waits", func() bool { return c.Open() == 2 })
	p.say("1", "Bonjour")
	p.expect("ack")
	frames := <-got
	if len(seqs(frames)) == 0 || seqs(frames)[0] != 1 {
		t.Errorf("woken with %+v", frames)
	}
}

func TestPollEndsEmptyHanded(t *testing.T) {
	c := newChat(t, nil)
	server := httptest.NewUnstartedServer(c.Handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	server.Start()
	defer server.Close()
	impatient := &chat{url: server.URL}
	start := time.Now()
	_, frames := impatient.poll(t, nil, frame{Type: "hello", Wait: 1})
	if waited := time.Since(start); kinds(frames) != "welcome" || waited < time.Second {
		t.Errorf("after %v: %+v", waited, frames)
	}
}

func TestPollAtTheEnd(t *testing.T) {
	c := newChat(t, nil)
	got := make(chan []frame)
	go func() {
		_, frames := c.poll(t, nil, frame{Type: "hello", Wait: 25})
		got <- frames
	}()
	eventually(t, "the poll waits", func() bool { return c.Open() == 1 })
	c.Close()
	if frames := <-got; kinds(frames) != "welcome bye" || frames[1].Retry == 0 {
		t.Errorf("at the end: %+v", frames)
	}
}

func TestPollPages(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) { c.Says = 1000 })
	p, welcome := c.begin(t, frame{})
	p.say("0", "CONSEILLER")
	p.expect("ack")
	for i := range 200 {
		p.say(fmt.Sprint("n", i), "encore")
	}
	for acks := 0; acks < 200; {
		f, err := p.read()
		if err != nil {
			t.Fatal(err)
		}
		if f.Type == "ack" {
			acks++
		}
	}
	var got []int64
	for rounds := 0; ; rounds++ {
		after := int64(len(got))
		_, frames := c.poll(t, nil, frame{Type: "hello", Session: welcome.Session, After: after})
		got = append(got, seqs(frames)...)
		if int64(len(got)) >= frames[0].Seq || rounds == 10 {
			break
		}
	}
	if !slices.Equal(got, upTo(1, int64(len(got)))) || len(got) < 201 {
		t.Errorf("%d messages: %v", len(got), got)
	}
}

func TestPollBodies(t *testing.T) {
	c := newChat(t, nil)
	for name, test := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no JSON":      {"hello", 400, "bad_frame"},
		"nothing":      {"", 400, "bad_frame"},
		"one object":   {`{"type":"hello"}`, 400, "bad_frame"},
		"null":         {`null`, 400, "bad_frame"},
		"over 64 KiB":  {`["` + strings.Repeat("a", 64<<10) + `"]`, 413, "too_large"},
		"65 objects":   {"[" + strings.Repeat(`{},`, 64) + "{}]", 413, "too_large"},
		"odd objects":  {`[5]`, 200, "bad_frame"},
		"early to say": {`[{"type":"say","id":"1","text":"x"}]`, 200, "session_unknown"},
	} {
		response, frames := c.post(t, nil, []byte(test.body))
		if response.StatusCode != test.status || len(frames) != 1 || frames[0].Code != test.code {
			t.Errorf("%s: %s %+v", name, response.Status, frames)
		}
	}
}

func TestPreflight(t *testing.T) {
	c := newChat(t, func(c *webchat.Config) { c.Origins = []string{"https://www.example.fr"} })
	for origin, want := range map[string]int{"https://www.example.fr": 204, "https://evil.example": 403} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, c.url+webchat.PollPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if shared := response.Header.Get("Access-Control-Allow-Origin"); response.StatusCode != want || (shared == origin) != (want == 204) {
			t.Errorf("from %s: %s, shared with %q", origin, response.Status, shared)
		}
	}
}
