package scripts

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"relais/channels/twilio/simulator"
	"relais/test/program"
)

// patience is how long a script waits for something to happen.
const patience = 45 * time.Second

// settings are the variables that a script's `env` hands to its server.
var settings = []string{
	"RELAIS_LISTEN", "RELAIS_PUBLIC_URL", "RELAIS_DATABASE_URL", "RELAIS_DATABASE_OWNER_URL", "RELAIS_SECRET", "RELAIS_DEMO", "RELAIS_FLOWS", "RELAIS_SMS_RATE",
	"RELAIS_MIGRATE", "RELAIS_ADMIN_LISTEN", "RELAIS_REDIS_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM", "TWILIO_API_URL",
}

// session is what one script has going on.
type session struct {
	dir      string
	operator *simulator.Operator
	api      *httptest.Server
	server   *program.Server // the last one started
	url      string          // of the server, also once it has stopped
	lastText string          // the operator's id of it
	chat     chan string     // the answer to a poll in the background
	client   *http.Client
	logs     []string // of everything that ran
	planted  []string // what people wrote
	ctx      context.Context
	end      func()
}

type sessionKey struct{}

func sessionOf(ts *testscript.TestScript) *session { return ts.Value(sessionKey{}).(*session) }

func newSession(dir string) *session {
	jar, _ := cookiejar.New(nil) // fails on options only
	s := &session{dir: dir, client: &http.Client{
		Timeout:       patience,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s.ctx, s.end = context.WithCancel(context.Background())
	s.operator = simulator.New(simulator.Config{Webhook: func() string { return s.url + simulator.InboundPath }})
	s.api = httptest.NewServer(s.operator.Handler())
	running := make(chan struct{})
	go func() { defer close(running); _ = s.operator.Run(s.ctx) }()
	end := s.end
	s.end = func() { end(); <-running }
	return s
}

func (s *session) close() {
	s.halt()
	s.end()
	s.api.Close()
}

// halt kills the server that still runs, if any, and keeps its log.
func (s *session) halt() {
	if s.server == nil {
		return
	}
	s.server.Kill()
	s.keepLog()
}

func (s *session) keepLog() {
	s.logs = append(s.logs, s.server.Log())
	s.server = nil
}

// leaks lists what people wrote or were called, and their numbers, that stand in
// the log of anything that ran. It is for after close.
func (s *session) leaks() []string {
	all := strings.Join(s.logs, "\n")
	var found []string
	for _, secret := range append(s.planted, "Zéphyrine", "framboise") {
		if strings.Contains(all, secret) {
			found = append(found, secret)
		}
	}
	for _, number := range numbers.FindAllString(all, -1) {
		if number != example {
			found = append(found, number)
		}
	}
	return found
}

// numbers finds the numbers of the scripts' people in any form; the example
// that a message shows is nobody's.
var numbers = regexp.MustCompile(`63998\d{4}`)

const example = "639980001"
