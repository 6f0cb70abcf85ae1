package scripts

import (
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"relais/channels/twilio/simulator"
)

// metricsAt finds the listener of its own that the figures have, if any.
var metricsAt = regexp.MustCompile(`"msg":"metrics","url":"([^"]+)"`)

// scrape asks for the figures as Prometheus does and prints them, without what
// explains them; with a pattern, again and again until a line fits it:
//
//	scrape ['pattern']
func scrape(ts *testscript.TestScript, _ bool, args []string) {
	s := running(ts)
	url := s.url + "/metrics"
	if found := metricsAt.FindStringSubmatch(s.server.Log()); found != nil {
		url = found[1]
	}
	pattern, err := regexp.Compile("(?m)" + strings.Join(args, " "))
	ts.Check(err)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for end := time.After(patience); ; {
		figures := s.figures(ts, url)
		if pattern.MatchString(figures) {
			io.WriteString(ts.Stdout(), figures)
			return
		}
		select {
		case <-again.C:
		case <-end:
			ts.Fatalf("no line ever fitted %q:\n%s", pattern, figures)
		}
	}
}

// lose loses the webhook of the next text on its way: only the operator's list
// tells of it.
func lose(ts *testscript.TestScript, _ bool, _ []string) {
	sessionOf(ts).operator.FailWebhooks(1, simulator.DropWebhook)
}

func (s *session) figures(ts *testscript.TestScript, url string) string {
	response, err := s.client.Get(url)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if response.StatusCode != 200 {
		ts.Fatalf("%d:\n%s", response.StatusCode, body)
	}
	var figures strings.Builder
	for line := range strings.Lines(string(body)) {
		if !strings.HasPrefix(line, "#") {
			figures.WriteString(line)
		}
	}
	return figures.String()
}
