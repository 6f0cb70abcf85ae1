package simulator

import (
	"fmt"
	"strconv"
)

// resource is a message as the API shows it. Counts and prices are strings,
// error codes numbers, dates RFC 2822, what is not known null.
//
// Source: the operator's OpenAPI description, schema api.v2010.account.message.
type resource struct {
	AccountSID          string            `json:"account_sid"`
	APIVersion          string            `json:"api_version"`
	Body                string            `json:"body"`
	DateCreated         *string           `json:"date_created"`
	DateSent            *string           `json:"date_sent"`
	DateUpdated         *string           `json:"date_updated"`
	Direction           Direction         `json:"direction"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	From                *string           `json:"from"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	NumMedia            string            `json:"num_media"`
	NumSegments         string            `json:"num_segments"`
	Price               *string           `json:"price"`
	PriceUnit           string            `json:"price_unit"`
	SID                 string            `json:"sid"`
	Status              Status            `json:"status"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`
	To                  string            `json:"to"`
	URI                 string            `json:"uri"`
}

func (o *Operator) resource(r record) resource {
	path := fmt.Sprintf("%s/%s", o.messagesPath(), r.SID)
	view := resource{
		AccountSID: o.config.AccountSID, APIVersion: apiVersion, Body: r.Body,
		DateCreated: rfc2822(r.Created), DateSent: rfc2822(r.Sent), DateUpdated: rfc2822(r.Updated),
		Direction: r.Direction, From: &r.From, NumMedia: strconv.Itoa(r.Media), NumSegments: strconv.Itoa(r.Segments),
		PriceUnit: "USD", SID: r.SID, Status: r.Status, To: r.To,
		SubresourceURIs: map[string]string{"media": path + "/Media.json"}, URI: path + ".json",
	}
	if r.Direction == Inbound {
		view.Status = Received
	}
	if r.redacted {
		view.Body = ""
	}
	if r.service != "" {
		view.MessagingServiceSID = &r.service
	}
	if r.Status == Accepted { // no sender has been chosen yet
		view.NumSegments, view.From = "0", nil
	}
	if r.ErrorCode != 0 {
		message := "The message could not be delivered"
		view.ErrorCode, view.ErrorMessage = &r.ErrorCode, &message
	}
	return view
}

func (o *Operator) messagesPath() string {
	return fmt.Sprintf("/%s/Accounts/%s/Messages", apiVersion, o.config.AccountSID)
}
