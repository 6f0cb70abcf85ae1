package twilio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"
)

// maxAnswer bounds an answer of the API; a full page of messages is far below.
const maxAnswer = 1 << 20

// call carries one request of Twilio's generated API. It stands in for the client
// of twilio-go v1.31.0, which has no context, leaves the bodies of failures open and
// cannot tell a request that never left from one that was lost on the way. It holds
// a context because client.BaseClient gives it no other way in; it lives as long as
// the request.
type call struct {
	ctx    context.Context
	sender *Sender
}

// AccountSid completes the path of a request.
func (c *call) AccountSid() string { return c.sender.config.AccountSID }

// SetTimeout does nothing: the context bounds a call.
func (c *call) SetTimeout(time.Duration) {}

// SetOauth does nothing: a call signs in with a key or a token.
func (c *call) SetOauth(client.OAuth) {}

// OAuth returns nil.
func (c *call) OAuth() client.OAuth { return nil }

// SendRequest performs the request and reads the whole answer, so that nothing of
// the connection is left to twilio-go. Its errors are all *SendError.
func (c *call) SendRequest(method, rawURL string, data url.Values, _ map[string]any, _ ...byte) (*http.Response, error) {
	var wire wire
	req, err := c.request(wire.trace(c.ctx), method, rawURL, data)
	if err != nil {
		return nil, &SendError{Kind: NotSent, reason: "the request cannot be built"}
	}
	if err := c.ctx.Err(); err != nil {
		return nil, &SendError{Kind: NotSent, reason: "no time left", cause: err}
	}
	resp, err := c.sender.http.Do(req)
	if err != nil {
		return nil, unanswered(method, wire.untouched(), err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, refused(method, resp, body)
	}
	if err != nil || len(body) > maxAnswer {
		return nil, unreadable(method)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// request aims at the configured API whatever host twilio-go had in mind.
func (c *call) request(ctx context.Context, method, rawURL string, data url.Values) (*http.Request, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("reading the address: %w", err)
	}
	u.Scheme, u.Host = c.sender.api.Scheme, c.sender.api.Host
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(data.Encode())
	} else {
		u.RawQuery = data.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(c.sender.user, c.sender.password)
	return req, nil
}

// wire watches how far a request gets.
type wire struct{ asked, connected atomic.Bool }

func (w *wire) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
	})
}

// untouched tells whether the request certainly stayed here: a connection was asked
// for and none was had, for want of an address, of a listener or of a TLS handshake.
// A transport that does not report is not believed.
func (w *wire) untouched() bool { return w.asked.Load() && !w.connected.Load() }
