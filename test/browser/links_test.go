package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"testing"

	"relais/test/program"
)

// The first page of a demonstration only leads to what is there: the simulated
// phone is not when a real operator's account sends the texts.
func TestDemonstrationLinks(t *testing.T) {
	program.Whole(t)
	operator := httptest.NewServer(http.NotFoundHandler()) // has no texts to tell of
	defer operator.Close()
	for _, test := range []struct {
		name string
		env  []string
		want []string
	}{
		{"simulated phone", nil, []string{"/demo/phone", "/console/"}},
		{"operator's account", []string{
			"RELAIS_DEMO=1", "TWILIO_ACCOUNT_SID=AC00000000000000000000000000000001", "TWILIO_AUTH_TOKEN=0123456789abcdef0123456789abcdef",
			"TWILIO_FROM=+33757000000", "TWILIO_API_URL=" + operator.URL,
		}, []string{"/console/"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, err := program.StartIn(t.TempDir(), test.env)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Kill()
			links := linksOf(t, server.URL()+"/")
			if !slices.Equal(links, test.want) {
				t.Errorf("the page leads to %q, want %q", links, test.want)
			}
			for _, link := range links {
				fetch(t, server.URL()+link)
			}
		})
	}
}

var linked = regexp.MustCompile(`<a href="(/[^"]*)"`)

// linksOf lists where a page leads on this server, in its order.
func linksOf(t *testing.T, page string) (links []string) {
	t.Helper()
	for _, found := range linked.FindAllStringSubmatch(fetch(t, page), -1) {
		links = append(links, found[1])
	}
	return links
}

// fetch gets a page, which must be there.
func fetch(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", address, answer.Status)
	}
	return string(body)
}
