package twilio

import (
	"context"
	"errors"
	"net/http"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// Overrides end the address of the inbound webhook: Twilio then tries five times
// more, whatever went wrong, where it would otherwise do so once and only when
// no connection was made. It never signs nor requests them.
//
// Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
const Overrides = "#rc=5&rp=all"

// Numbers that are not looked at.
var (
	ErrService  = errors.New("the number belongs to a messaging service: its address is set there")
	ErrNoNumber = errors.New("the account has no such number")
)

// InboundAddress is where Twilio posts the texts that come to our number, as it
// is set in the account. An error is ErrService, ErrNoNumber or a *SendError.
func (s *Sender) InboundAddress(ctx context.Context) (address string, err error) {
	if s.config.From == "" {
		return "", ErrService
	}
	params := &api.ListIncomingPhoneNumberParams{}
	params.SetPhoneNumber(s.config.From).SetPageSize(2)
	page, err := s.service(ctx).PageIncomingPhoneNumber(params, "", "")
	if err != nil {
		return "", asListError(err)
	}
	for _, n := range page.IncomingPhoneNumbers {
		switch {
		case value(n.PhoneNumber) != s.config.From:
		case value(n.SmsMethod) != "" && value(n.SmsMethod) != http.MethodPost:
			return value(n.SmsMethod) + " " + value(n.SmsUrl), nil
		default:
			return value(n.SmsUrl), nil
		}
	}
	return "", ErrNoNumber
}
