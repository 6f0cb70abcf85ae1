package twilio

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What fails before a connection is had is safe to send again.
func TestSendNotConnected(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request passed over an untrusted connection")
	}))
	untrusted.Config.ErrorLog = nil
	untrusted.StartTLS()
	defer untrusted.Close()
	noName := func(c *SenderConfig) {
		c.HTTP = &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.DNSError{Err: "no such host", Name: "api.twilio.invalid", IsNotFound: true}
			},
		}}
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()

	for name, send := range map[string]func() (Result, error){
		"refused":     func() (Result, error) { return newSender(t, closed.URL).Send(t.Context(), hello) },
		"TLS":         func() (Result, error) { return newSender(t, untrusted.URL).Send(t.Context(), hello) },
		"no name":     func() (Result, error) { return newSender(t, closed.URL, noName).Send(t.Context(), hello) },
		"out of time": func() (Result, error) { return newSender(t, closed.URL).Send(late, hello) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := send()
			checkSendError(t, err, SendError{Kind: NotSent})
		})
	}
}

// A deadline while no connection comes is safe; once connected it is not.
func TestSendGivenUp(t *testing.T) {
	t.Run("while connecting", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newSender(t, "http://127.0.0.1:1", func(c *SenderConfig) {
			c.HTTP = &http.Client{Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					cancel()
					<-ctx.Done()
					return nil, ctx.Err()
				},
			}}
		})
		_, err := s.Send(ctx, hello)
		checkSendError(t, err, SendError{Kind: NotSent})
	})
	for name, answer := range map[string]func(http.ResponseWriter){
		"no answer": func(http.ResponseWriter) {},
		"half an answer": func(w http.ResponseWriter) {
			w.WriteHeader(201)
			io.WriteString(w, created[:40])
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				answer(w)
				cancel()
				<-r.Context().Done()
			}))
			defer server.Close()
			_, err := newSender(t, server.URL).Send(ctx, hello)
			checkSendError(t, err, SendError{Kind: Unknown})
			if name == "no answer" && !errors.Is(err, context.Canceled) {
				t.Errorf("%v does not tell that the context ended", err)
			}
		})
	}
}

func TestSendTimeout(t *testing.T) {
	s := newSender(t, "http://127.0.0.1:1", func(c *SenderConfig) {
		c.HTTP = &http.Client{Transport: connectedThenLate{}}
	})
	_, err := s.Send(t.Context(), hello)
	checkSendError(t, err, SendError{Kind: Unknown})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("%v does not speak of time", err)
	}
}

type connectedThenLate struct{}

func (connectedThenLate) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GetConn(r.URL.Host)
	trace.GotConn(httptrace.GotConnInfo{})
	return nil, context.DeadlineExceeded
}

// A transport that does not say how far it got is not trusted to have stayed home.
func TestSendThroughSilentTransport(t *testing.T) {
	s := newSender(t, "http://127.0.0.1:1", func(c *SenderConfig) {
		c.HTTP = &http.Client{Transport: silent{}}
	})
	_, err := s.Send(t.Context(), hello)
	checkSendError(t, err, SendError{Kind: Unknown})
}

type silent struct{}

func (silent) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("could not connect, trust me")
}

func TestSendOverHTTP2(t *testing.T) {
	fail := true
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("HTTP/%d", r.ProtoMajor)
		}
		io.Copy(io.Discard, r.Body)
		if fail {
			panic(http.ErrAbortHandler)
		}
		answerOf(201, created)(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	s := newSender(t, server.URL, func(c *SenderConfig) { c.HTTP = server.Client() })
	_, err := s.Send(t.Context(), hello)
	checkSendError(t, err, SendError{Kind: Unknown})
	fail = false
	if result, err := s.Send(t.Context(), hello); err != nil || result.SID != messageID {
		t.Errorf("Send = %+v, %v", result, err)
	}
}

// Failures must give their connection back: fifty of them use one, and leave no
// goroutine behind once idle connections are closed.
func TestFailuresLeakNothing(t *testing.T) {
	var connections atomic.Int32
	answers := []http.HandlerFunc{
		answerOf(503, "<html>"+strings.Repeat("x", 100_000)),
		refusalOf(21610, 400),
		answerOf(201, "<html>"),
		answerOf(429, ""),
		answerOf(400, `{"code":21211} trailing`),
	}
	var calls int
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[calls%len(answers)](w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	s := newSender(t, server.URL)
	before := runtime.NumGoroutine()
	for calls = range 50 {
		if _, err := s.Send(t.Context(), hello); err == nil {
			t.Fatal("a failure is taken for a success")
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("50 failures opened %d connections, want 1", n)
	}
	if n := runtime.NumGoroutine() - before; n > 4 { // two for the connection, as many at the server
		t.Errorf("50 failures left %d goroutines", n)
	}
	server.Close()
}

// An answer beyond the limit is cut off, not left to run.
func TestEndlessAnswerIsCutOff(t *testing.T) {
	cutOff := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(cutOff)
		w.WriteHeader(503)
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	_, err := newSender(t, server.URL).Send(t.Context(), hello)
	checkSendError(t, err, SendError{Kind: Unknown})
	select {
	case <-cutOff:
		server.Close()
	case <-time.After(10 * time.Second):
		t.Fatal("the server is still writing")
	}
}
