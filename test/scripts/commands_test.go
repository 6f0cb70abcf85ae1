package scripts

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"relais/channels/twilio/simulator"
	"relais/test/program"
)

// command is one that scripts may use, with `!` before it when neg is set.
type command = func(ts *testscript.TestScript, neg bool, args []string)

var commands = map[string]command{
	"relais":      runRelais,
	"operator":    useOperator,
	"serve":       serve,
	"stop-server": stopServer,
	"kill-server": killServer,
	"disk":        disk,
	"text":        text,
	"redeliver":   redeliver,
	"phone":       phone,
	"wait-for":    waitFor,
	"get":         get,
	"post":        post,
	"post-signed": postSigned,
	"chat":        chat,
	"chat-answer": chatAnswer,
	"sign-in":     signIn,
	"scrape":      scrape,
	"lose":        lose,
}

// runRelais runs a command of the binary to its end:
//
//	[!] relais args…
//
// With `!` it must end with status 1: 2 is what a panic leaves behind.
func runRelais(ts *testscript.TestScript, neg bool, args []string) {
	path, err := program.Path()
	ts.Check(err)
	err = ts.Exec(path, args...)
	s := sessionOf(ts)
	s.logs = append(s.logs, ts.ReadFile("stderr"))
	var failed *exec.ExitError
	switch {
	case !neg:
		ts.Check(err)
	case err == nil:
		ts.Fatalf("relais succeeded")
	case !errors.As(err, &failed) || failed.ExitCode() != 1:
		ts.Fatalf("relais ended with %v, want status 1", err)
	}
}

// useOperator gives the program an account at the stand-in operator, at the
// pace of a test.
func useOperator(ts *testscript.TestScript, _ bool, _ []string) {
	s := sessionOf(ts)
	sid, token := s.operator.Credentials()
	ts.Setenv("TWILIO_ACCOUNT_SID", sid)
	ts.Setenv("TWILIO_AUTH_TOKEN", token)
	ts.Setenv("TWILIO_FROM", s.operator.Number())
	ts.Setenv("TWILIO_API_URL", s.api.URL)
	ts.Setenv("RELAIS_SMS_RATE", "0")
}

// serve starts a server and waits until it listens; $ADDRESS is where. With
// `!` it must end by itself instead, and why is on stderr.
func serve(ts *testscript.TestScript, neg bool, _ []string) {
	s := sessionOf(ts)
	if s.server != nil {
		ts.Fatalf("a server is running")
	}
	var env []string
	for _, name := range settings {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	server, err := program.StartIn(s.dir, env)
	if neg {
		if !errors.Is(err, program.ErrEnded) {
			ts.Fatalf("the server did not refuse to start: %v", err)
		}
		fmt.Fprintln(ts.Stderr(), err)
		return
	}
	ts.Check(err)
	s.server, s.url = server, server.URL()
	ts.Setenv("ADDRESS", strings.TrimPrefix(s.url, "http://"))
	fmt.Fprint(ts.Stdout(), server.Out())
}

// stopServer asks the server to stop, with SIGTERM or the signal named INT. It must
// end with status 0; its log is then on stderr.
func stopServer(ts *testscript.TestScript, _ bool, args []string) {
	s := running(ts)
	signal := syscall.SIGTERM
	if len(args) == 1 && args[0] == "INT" {
		signal = syscall.SIGINT
	}
	ts.Check(s.server.Signal(signal))
	ts.Check(s.server.Wait())
	fmt.Fprint(ts.Stderr(), s.server.Log())
	s.keepLog()
}

// killServer ends the server as a power cut would.
func killServer(ts *testscript.TestScript, _ bool, _ []string) { running(ts).halt() }

func running(ts *testscript.TestScript) *session {
	s := sessionOf(ts)
	if s.server == nil {
		ts.Fatalf("no server is running")
	}
	return s
}

// text sends a text from a phone and prints the status that the server
// answered the operator with:
//
//	[!] text number 'body'
//
// Without `!` it must be acknowledged.
func text(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: text number body")
	}
	s := running(ts)
	if len([]rune(args[1])) >= 8 { // long enough not to be in a log by chance
		s.planted = append(s.planted, args[1])
	}
	sid, status, err := s.operator.Text(s.ctx, args[0], args[1])
	s.lastText = sid
	acknowledged(ts, neg, status, err)
}

// redeliver lets the operator deliver the last text once more; see text.
func redeliver(ts *testscript.TestScript, neg bool, _ []string) {
	s := running(ts)
	status, err := s.operator.Redeliver(s.ctx, s.lastText)
	acknowledged(ts, neg, status, err)
}

func acknowledged(ts *testscript.TestScript, neg bool, status int, err error) {
	if err != nil && !errors.Is(err, simulator.ErrNoAnswer) {
		ts.Fatalf("texting: %v", err)
	}
	fmt.Fprintln(ts.Stdout(), status)
	if acked := status/100 == 2; acked == neg {
		ts.Fatalf("the operator was answered %d", status)
	}
}

// phone prints what a phone shows: "> " before what it sent, "< " before what
// it received.
func phone(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: phone number")
	}
	fmt.Fprint(ts.Stdout(), shown(sessionOf(ts).operator.Phone(args[0])))
}

func shown(thread []simulator.Message) string {
	var b bytes.Buffer
	for _, m := range thread {
		mark := "< "
		if m.Direction == simulator.Inbound {
			mark = "> "
		}
		b.WriteString(mark + strings.ReplaceAll(m.Body, "\n", "\n  ") + "\n")
	}
	return b.String()
}

// waitFor waits until a phone shows something, then prints as phone does:
//
//	wait-for number 'pattern'
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: wait-for number pattern")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	s := running(ts)
	thread, err := s.wait(args[0], func(thread []simulator.Message) bool { return pattern.MatchString(shown(thread)) })
	fmt.Fprint(ts.Stdout(), shown(thread))
	if err != nil {
		ts.Fatalf("the phone never showed %q:\n%s\nthe server logged:\n%s", args[1], shown(thread), s.server.Log())
	}
}
