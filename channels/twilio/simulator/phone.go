package simulator

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is a phone writing to the service. It records the message, applies the
// operator's own opt-out words, posts the signed webhook and waits for its
// answer. It gives the message's SID, also on a failed webhook, and the HTTP
// status of the last answer: 0 when there is no webhook or none answered
// ([ErrNoAnswer]). A message that cannot be sent is ErrNumber or ErrText.
func (o *Operator) Text(ctx context.Context, from, body string) (sid string, status int, err error) {
	if !canText(from) || from == o.config.Number {
		return "", 0, ErrNumber
	}
	if !utf8.ValidString(body) || strings.TrimSpace(body) == "" || utf16Units(body) > MaxText {
		return "", 0, ErrText
	}
	return o.receive(ctx, Message{SID: newSID("SM"), From: from, Body: body, Segments: countSegments(body)})
}

// Picture is a phone sending a picture without a word, which the service is told
// of and not given; see Text.
func (o *Operator) Picture(ctx context.Context, from string) (sid string, status int, err error) {
	if !canText(from) || from == o.config.Number {
		return "", 0, ErrNumber
	}
	return o.receive(ctx, Message{SID: newSID("MM"), From: from, Media: 1, Segments: 1})
}

func (o *Operator) receive(ctx context.Context, m Message) (sid string, status int, err error) {
	now := o.now()
	m.Direction, m.To, m.Status, m.Created, m.Updated, m.Sent = Inbound, o.config.Number, Receiving, now, now, now
	o.archive.add(record{Message: m})
	o.obeyOptOutWord(m.From, m.Body)
	switch next(&o.faults, &o.faults.webhooks) {
	case DropWebhook:
		o.settleInbound(m.SID, 0)
		return m.SID, 0, ErrNoAnswer
	case RefuseWebhook:
		o.settleInbound(m.SID, http.StatusServiceUnavailable)
		return m.SID, http.StatusServiceUnavailable, nil
	}
	status, err = o.deliverInbound(ctx, m, "")
	return m.SID, status, err
}

// Redeliver posts the webhook of an inbound message once more, as the operator
// does when it believes the first was lost, and gives the HTTP status.
func (o *Operator) Redeliver(ctx context.Context, sid string) (status int, err error) {
	rec, ok := o.archive.find(sid)
	if !ok || rec.Direction != Inbound {
		return 0, ErrUnknown
	}
	return o.deliverInbound(ctx, rec.Message, newUUID())
}

// Phone gives what a phone shows, oldest first: both directions, at most the
// last 500 messages.
func (o *Operator) Phone(number string) []Message {
	messages, _ := o.archive.thread(number, 0)
	return messages
}

// Wait returns a phone's messages as soon as there are n, both directions and
// the operator's own replies counted. When ctx ends first it returns what there
// is and ctx's error.
func (o *Operator) Wait(ctx context.Context, number string, n int) ([]Message, error) {
	return o.WaitUntil(ctx, number, func(thread []Message) bool { return len(thread) >= n })
}

// WaitUntil returns a phone's messages as soon as ok says yes to them; it is
// asked at once and after each change. When ctx ends first it returns what there
// is and ctx's error.
func (o *Operator) WaitUntil(ctx context.Context, number string, ok func([]Message) bool) ([]Message, error) {
	thread, err := o.archive.wait(ctx, number, func(thread []Message, _ uint64) bool { return ok(thread) })
	if err != nil {
		return thread, fmt.Errorf("wait for a phone with %d messages: %w", len(thread), err)
	}
	return thread, nil
}

func (o *Operator) deliverInbound(ctx context.Context, m Message, retryToken string) (int, error) {
	address := o.config.Webhook()
	if address == "" {
		o.settleInbound(m.SID, 0)
		return 0, nil
	}
	reply, err := o.post(ctx, address, o.inboundForm(m), retryToken)
	o.settleInbound(m.SID, reply.status)
	if err != nil {
		o.config.Log.Warn("inbound webhook not answered", "sid", m.SID, "err", err)
		return 0, fmt.Errorf("post inbound webhook: %w: %w", ErrNoAnswer, err)
	}
	o.config.Log.Debug("inbound webhook answered", "sid", m.SID, "status", reply.status)
	o.obeyTwiML(m, reply)
	return reply.status, nil
}

func (o *Operator) settleInbound(sid string, status int) {
	o.archive.update(sid, o.now(), func(r *record) {
		r.Status, r.Answer = Received, status
	})
}

// inboundForm is the webhook's parameters; the geography is unknown and its keys
// are there nevertheless, as the operator sends them.
func (o *Operator) inboundForm(m Message) url.Values {
	form := url.Values{
		"MessageSid":    {m.SID},
		"SmsSid":        {m.SID},
		"SmsMessageSid": {m.SID},
		"AccountSid":    {o.config.AccountSID},
		"From":          {m.From},
		"To":            {m.To},
		"Body":          {m.Body},
		"NumMedia":      {strconv.Itoa(m.Media)},
		"NumSegments":   {strconv.Itoa(m.Segments)},
		"SmsStatus":     {string(Received)},
		"ApiVersion":    {apiVersion},
	}
	for _, end := range []string{"From", "To"} {
		for _, part := range []string{"City", "State", "Zip", "Country"} {
			form.Set(end+part, "")
		}
	}
	return form
}

// say puts a message on a phone without an API call: a TwiML reply or the
// operator's own words.
func (o *Operator) say(direction Direction, to, body string) {
	now := o.now()
	o.archive.add(record{Message: Message{
		SID: newSID("SM"), Direction: direction, From: o.config.Number, To: to, Body: body,
		Segments: countSegments(body), Status: Delivered, Created: now, Updated: now, Sent: now,
	}})
}

func utf16Units(s string) int {
	units := 0
	for _, r := range s {
		units += utf16.RuneLen(r)
	}
	return units
}

// answered2xx says whether a webhook was accepted.
func answered2xx(status int) bool {
	return status >= http.StatusOK && status < http.StatusMultipleChoices
}

// rfc2822 is the operator's way to write a time; nil for none.
func rfc2822(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC1123Z)
	return &s
}
