package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"relais/bot"
	"relais/bot/engine"
	"relais/channels/twilio"
)

// smsSender lends Twilio's sender to the engine.
type smsSender struct{ twilio *twilio.Sender }

var (
	_ bot.Sender = smsSender{}
	_ bot.Finder = smsSender{}
)

// Send hands a text to the operator.
func (s smsSender) Send(ctx context.Context, m bot.Outgoing) (bot.Receipt, error) {
	result, err := s.twilio.Send(ctx, twilio.Message{To: m.To.Value, From: m.From, Body: string(m.Text), Ref: m.Ref})
	if err != nil {
		return bot.Receipt{}, sendError(err)
	}
	return bot.Receipt{Provider: result.SID, Segments: result.Segments}, nil
}

// Find lists the texts like this one that the operator says it took.
func (s smsSender) Find(ctx context.Context, m bot.Outgoing, since time.Time) ([]bot.Receipt, error) {
	listed, err := s.twilio.List(ctx, m.To.Value, since)
	if err != nil {
		return nil, sendError(err)
	}
	var found []bot.Receipt
	for _, sent := range listed {
		if sent.Body == string(m.Text) {
			found = append(found, bot.Receipt{Provider: sent.SID})
		}
	}
	return found, nil
}

func sendError(err error) error {
	var failure *twilio.SendError
	if !errors.As(err, &failure) {
		return err
	}
	return &bot.SendError{Kind: bot.SendErrorKind(failure.Kind), Code: failure.Code, After: failure.After, Err: failure}
}

// smsInbound gives the engine what people text.
func smsInbound(e *engine.Engine) func(context.Context, twilio.Inbound) error {
	return func(ctx context.Context, in twilio.Inbound) error {
		a := arrival(in, time.Time{})
		_, err := e.Receive(ctx, bot.Ref{Address: a.From}, a.Event)
		return err
	}
}

// smsStatus gives the engine what the operator says of our texts. A report
// without our reference is of a text that we did not send.
func smsStatus(e *engine.Engine) func(context.Context, twilio.Status) error {
	deliveries := map[twilio.Delivery]bot.Delivery{
		twilio.Queued: bot.Accepted, twilio.Sent: bot.Sent, twilio.Delivered: bot.Delivered, twilio.Read: bot.Read,
	}
	return func(ctx context.Context, s twilio.Status) error {
		conversation, n, ok := bot.ParseLineRef(s.Ref)
		if !ok {
			return nil
		}
		mark := bot.Mark{Delivery: deliveries[s.Delivery], Provider: s.MessageSID, Error: s.ErrorCode}
		if s.Delivery != twilio.Failed {
			return e.Status(ctx, conversation, n, mark, "")
		}
		return e.Status(ctx, conversation, n, mark, bot.SendErrorKind(twilio.Failure(s.ErrorCode)))
	}
}

// senderConfig signs in to an operator's account, whose reports come to us.
func senderConfig(account TwilioConfig, public string) twilio.SenderConfig {
	return twilio.SenderConfig{
		AccountSID: account.AccountSID, AuthToken: account.AuthTokens[0], APIKey: account.APIKey, APISecret: account.APISecret,
		From: account.From, MessagingServiceSID: account.MessagingServiceSID,
		StatusCallback: callbackURL(public), APIURL: account.APIURL,
	}
}

// callbackURL is where the operator reports.
func callbackURL(public string) string { return strings.TrimRight(public, "/") + twilio.StatusPath }
