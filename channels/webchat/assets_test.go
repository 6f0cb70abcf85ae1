package webchat_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"relais/channels/webchat"
)

func get(t *testing.T, c *chat, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestWidget(t *testing.T) {
	c := newChat(t, nil)
	for path, kind := range map[string]string{webchat.ScriptPath: "text/javascript", webchat.StylePath: "text/css", "/chat/page.css": "text/css"} {
		plain, body := get(t, c, path, http.Header{"Accept-Encoding": {"identity"}})
		if plain.StatusCode != http.StatusOK || !strings.HasPrefix(plain.Header.Get("Content-Type"), kind) ||
			plain.Header.Get("X-Content-Type-Options") != "nosniff" || body == "" {
			t.Errorf("%s: %s %v", path, plain.Status, plain.Header)
		}
		packed, small := get(t, c, path, http.Header{"Accept-Encoding": {"gzip"}})
		unpacked, err := gzip.NewReader(strings.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		if same, err := io.ReadAll(unpacked); err != nil || string(same) != body {
			t.Errorf("%s: packed it is another file, %v", path, err)
		}
		if len(small) > 30_000 {
			t.Errorf("%s: %d bytes packed, 30 kB at most", path, len(small))
		}
		again, rest := get(t, c, path, http.Header{"If-None-Match": {packed.Header.Get("ETag")}})
		if again.StatusCode != http.StatusNotModified || rest != "" {
			t.Errorf("%s again: %s", path, again.Status)
		}
	}
}

// The page that embeds the chat may have the strictest content policy, and what
// people write never becomes markup.
func TestWidgetWritesTextOnly(t *testing.T) {
	c := newChat(t, nil)
	_, script := get(t, c, webchat.ScriptPath, nil)
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.style\b|setAttribute\("(style|on)`)
	if found := forbidden.FindAllString(script, -1); found != nil {
		t.Errorf("the script uses %q", found)
	}
	if regexp.MustCompile(`https?://`).MatchString(script) {
		t.Error("the script names an address of its own")
	}
	_, style := get(t, c, webchat.StylePath, nil)
	if regexp.MustCompile(`url\(|@import`).MatchString(style) {
		t.Error("the style loads something")
	}
}

func TestDemoPage(t *testing.T) {
	c := newChat(t, nil)
	for _, test := range []struct {
		config  webchat.PageConfig
		has, no []string
	}{
		{webchat.PageConfig{Service: "Doubs Emploi", Territory: "Département du Doubs", Tel: "03 81 00 00 00", Demo: true, Phone: true},
			[]string{"<h1>Doubs Emploi</h1>", "Département du Doubs", "03 81 00 00 00", `href="/demo/phone"`, `href="/console/"`, "<relais-chat", "noscript"}, nil},
		{webchat.PageConfig{Service: "Doubs Emploi", Demo: true}, []string{`href="/console/"`}, []string{"/demo/phone"}},
		{webchat.PageConfig{Service: `<script>alert(1)</script>`},
			[]string{"&lt;script&gt;alert(1)"}, []string{"<script>alert", "/demo/phone", "préférez parler"}},
	} {
		answer := httptest.NewRecorder()
		c.DemoPage(test.config).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
		page := answer.Body.String()
		for _, text := range test.has {
			if !strings.Contains(page, text) {
				t.Errorf("the page has no %q:\n%s", text, page)
			}
		}
		for _, text := range test.no {
			if strings.Contains(page, text) {
				t.Errorf("the page has %q", text)
			}
		}
		if csp := answer.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'") {
			t.Errorf("policy %q", csp)
		}
		if regexp.MustCompile(`<style|style=|<script>|<script [^>]*>[^<]|\son[a-z]+=`).MatchString(page) {
			t.Error("the page has style or script inside")
		}
	}
}
