package main

import (
	"context"
	"time"

	"relais/bot"
	"relais/bot/engine"
	"relais/channels/twilio"
)

// arrival is a text as the engine receives it, whether its webhook brought it or
// the operator's list did: the id is the same, so it takes effect once. A
// webhook's is of now.
func arrival(in twilio.Inbound, at time.Time) engine.Arrival {
	return engine.Arrival{
		From: bot.Address{Channel: bot.SMS, Value: in.From},
		Event: bot.Event{
			Source: "twilio", ID: in.MessageSID, At: at,
			What: bot.Said{Text: bot.Text(in.Body), Media: in.NumMedia, OptOut: in.OptOutType, Own: in.To, Key: in.MessageSID},
		},
	}
}

// smsArchive lends Twilio's list of what people texted to the engine.
type smsArchive struct{ twilio *twilio.Sender }

var _ engine.Archive = smsArchive{}

// Received lists the texts that the operator received for us, oldest first.
func (a smsArchive) Received(ctx context.Context, from, until time.Time) ([]engine.Arrival, error) {
	listed, err := a.twilio.Received(ctx, from, until)
	if err != nil {
		return nil, err
	}
	arrivals := make([]engine.Arrival, len(listed))
	for i, text := range listed {
		arrivals[i] = arrival(text.Inbound, text.At)
	}
	return arrivals, nil
}
