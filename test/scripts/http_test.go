package scripts

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"relais/channels/twilio/simulator"
)

// wait waits for a phone, for as long as a script is patient.
func (s *session) wait(number string, ok func([]simulator.Message) bool) ([]simulator.Message, error) {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	return s.operator.WaitUntil(ctx, number, ok)
}

const formType = "application/x-www-form-urlencoded"

// get prints the status of a page, its headers and what it says:
//
//	get /path
func get(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: get path")
	}
	request, err := http.NewRequest(http.MethodGet, running(ts).url+args[0], nil)
	ts.Check(err)
	ask(ts, request)
}

// post posts fields as a browser on the server's own page would, or a file as
// it is, unsigned:
//
//	post /path name=value…
//	post /path content-type @file
func post(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: post path name=value… | post path content-type @file")
	}
	contentType, body := formType, encodeFields(args[1:])
	if file, ok := strings.CutPrefix(args[len(args)-1], "@"); ok {
		contentType, body = args[1], ts.ReadFile(file)
	}
	request, err := http.NewRequest(http.MethodPost, running(ts).url+args[0], strings.NewReader(body))
	ts.Check(err)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Origin", sessionOf(ts).url)
	ask(ts, request)
}

// signIn opens a session of the console, as its page would:
//
//	sign-in email file-of-the-password
func signIn(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sign-in email file")
	}
	password := strings.TrimSpace(ts.ReadFile(args[1]))
	post(ts, false, []string{"/console/login", "email=" + args[0], "password=" + password})
}

// postSigned posts a webhook as the operator does, signed, with the account's
// id unless the fields name another:
//
//	post-signed /path name=value…
func postSigned(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: post-signed path name=value…")
	}
	s := running(ts)
	sid, token := s.operator.Credentials()
	if !strings.Contains(strings.Join(args, "\n"), "AccountSid=") {
		args = append(args, "AccountSid="+sid)
	}
	body := encodeFields(args[1:])
	fields, err := url.ParseQuery(body)
	ts.Check(err)
	request, err := http.NewRequest(http.MethodPost, s.url+args[0], strings.NewReader(body))
	ts.Check(err)
	request.Header.Set("Content-Type", formType)
	request.Header.Set("X-Twilio-Signature", simulator.Sign(token, s.url+args[0], fields))
	ask(ts, request)
}

// encodeFields keeps the order and the repetitions that a script asks for. A
// value written *n stands for n letters.
func encodeFields(args []string) string {
	parts := make([]string, len(args))
	for i, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		var letters int
		if n, err := fmt.Sscanf(value, "*%d", &letters); n == 1 && err == nil {
			value = strings.Repeat("x", letters)
		}
		parts[i] = url.QueryEscape(name) + "=" + url.QueryEscape(value)
	}
	return strings.Join(parts, "&")
}

func ask(ts *testscript.TestScript, request *http.Request) {
	response, err := sessionOf(ts).client.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	out := ts.Stdout()
	fmt.Fprintln(out, response.StatusCode)
	ts.Check(response.Header.Write(out))
	fmt.Fprintf(out, "\n%s\n", body)
}

// chat polls the chat with a file of client objects, and prints what the server
// says; with & it goes on in the background once the server has begun with it:
//
//	chat file [&]
//
// The session token that a welcome names is $SESSION from then on; a file may
// use it.
func chat(ts *testscript.TestScript, _ bool, args []string) {
	s := running(ts)
	if len(args) == 0 || len(args) > 2 || len(args) == 2 && args[1] != "&" {
		ts.Fatalf("usage: chat file [&]")
	}
	body := strings.ReplaceAll(ts.ReadFile(args[0]), "$SESSION", ts.Getenv("SESSION"))
	begun := make(chan struct{})
	answer := make(chan string, 1)
	go func() { answer <- s.poll(body, sync.OnceFunc(func() { close(begun) })) }()
	if len(args) == 2 {
		s.chat = answer
		<-begun
		return
	}
	printAnswer(ts, <-answer)
}

// chatAnswer prints what came of the poll in the background.
func chatAnswer(ts *testscript.TestScript, _ bool, _ []string) {
	answer := sessionOf(ts).chat
	if answer == nil {
		ts.Fatalf("no poll in the background")
	}
	printAnswer(ts, <-answer)
}

func printAnswer(ts *testscript.TestScript, answer string) {
	if _, rest, ok := strings.Cut(answer, `"session":"`); ok {
		token, _, _ := strings.Cut(rest, `"`)
		ts.Setenv("SESSION", token)
	}
	fmt.Fprintln(ts.Stdout(), answer)
}

// poll asks the chat and returns its status and answer. The server says "go
// on" when it has begun to read: only then does the body leave.
func (s *session) poll(body string, begun func()) string {
	defer begun()
	ctx := httptrace.WithClientTrace(s.ctx, &httptrace.ClientTrace{Got100Continue: begun})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/chat/poll", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Expect", "100-continue")
	client := &http.Client{Timeout: patience, Transport: &http.Transport{ExpectContinueTimeout: patience, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d\n%s", response.StatusCode, said)
}
