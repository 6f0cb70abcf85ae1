package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"relais/channels/twilio/simulator"
)

// remembered bounds what the simulated operator keeps: more than any run sends.
const remembered = 400_000

// simulated serves the simulated operator's API, with its callbacks, until the
// listener closes.
func simulated(ctx context.Context, listener net.Listener, tally *Tally, a Account) error {
	door := http.DefaultTransport.(*http.Transport).Clone()
	door.MaxIdleConnsPerHost = 64
	op := simulator.New(simulator.Config{
		AccountSID: a.SID, AuthToken: a.Token, Number: a.Number, MaxMessages: remembered,
		HTTP: &http.Client{Transport: reports{door, tally}},
	})
	api := &http.Server{Handler: taken{op.Handler(), tally}}
	ended := make(chan error, 1)
	go func() { ended <- op.Run(ctx) }()
	context.AfterFunc(ctx, func() { _ = api.Close() })
	if err := api.Serve(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("simulated operator: %w", err)
	}
	return <-ended
}

// taken counts the texts that the API accepts.
type taken struct {
	http.Handler
	tally *Tally
}

func (t taken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := &status{ResponseWriter: w}
	t.Handler.ServeHTTP(seen, r)
	if seen.code == http.StatusCreated {
		t.tally.arrive(personOf(r.PostForm.Get("To")), placeOf(r.PostForm.Get("Body")), time.Now())
	}
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets the operator flush its answer.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// reports counts the callbacks.
type reports struct {
	http.RoundTripper
	tally *Tally
}

func (r reports) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err != nil || response.StatusCode/100 != 2 {
		r.tally.head.refused.Add(1)
		return response, err
	}
	r.tally.head.latest.Store(time.Now().UnixNano())
	r.tally.head.reports.Add(1)
	return response, nil
}
