package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// maxTwiML is the longest webhook answer the operator reads.
const maxTwiML = 64 << 10

var (
	errConnectTimeout = errors.New("no connection in time")
	errReadTimeout    = errors.New("no answer in time")
)

// answer is what a webhook said; the zero value is silence.
type answer struct {
	status      int
	contentType string
	body        []byte
}

// post posts a signed form to a webhook and tries again as its address allows.
// The error is about the last attempt; an answer of any status is no error.
// retryToken marks the first attempt as a repetition already; empty otherwise.
func (o *Operator) post(ctx context.Context, raw string, form url.Values, retryToken string) (answer, error) {
	to, err := parseRoute(raw)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, to.total)
	defer cancel()
	for retries := 0; ; retries++ {
		reply, failed, err := o.attempt(ctx, to, form, retryToken)
		if failed&to.retryOn == 0 || retries == to.retries || ctx.Err() != nil {
			return reply, err
		}
		if retryToken == "" {
			retryToken = newUUID()
		}
	}
}

func (o *Operator) attempt(ctx context.Context, to route, form url.Values, retryToken string) (answer, failure, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var connected atomic.Bool
	ctx = watchConnection(ctx, to, cancel, &connected)

	request, err := o.signedRequest(ctx, to.address, form, retryToken)
	if err != nil {
		return answer{}, 0, err
	}
	reply, err := o.exchange(request)
	if err != nil {
		failed := failRead
		if !connected.Load() {
			failed = failConnect
		}
		return answer{}, failed, anonymous(ctx, err)
	}
	switch reply.status / 100 {
	case 4:
		return reply, fail4xx, nil
	case 5:
		return reply, fail5xx, nil
	}
	return reply, 0, nil
}

// watchConnection bounds the two parts of an attempt: until there is a
// connection, and from then on.
func watchConnection(ctx context.Context, to route, cancel context.CancelCauseFunc, connected *atomic.Bool) context.Context {
	connecting := time.AfterFunc(to.connect, func() { cancel(errConnectTimeout) })
	context.AfterFunc(ctx, func() { connecting.Stop() })
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			connected.Store(true)
			connecting.Stop()
			reading := time.AfterFunc(to.read, func() { cancel(errReadTimeout) })
			context.AfterFunc(ctx, func() { reading.Stop() })
		},
	})
}

func (o *Operator) signedRequest(ctx context.Context, address string, form url.Values, retryToken string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("webhook address cannot be requested")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	request.Header.Set("User-Agent", "TwilioProxy/1.1")
	request.Header.Set("X-Twilio-Signature", Sign(o.config.AuthToken, address, form))
	if retryToken != "" {
		request.Header.Set("I-Twilio-Idempotency-Token", retryToken)
	}
	return request, nil
}

func (o *Operator) exchange(request *http.Request) (answer, error) {
	response, err := o.config.HTTP.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxTwiML))
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, response.Header.Get("Content-Type"), body}, nil
}

// anonymous gives the reason an attempt failed without the address, whose query
// belongs to the customer.
func anonymous(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return fmt.Errorf("request webhook: %w", err)
}
