package twilio_test

import (
	"fmt"
	"net/url"

	"relais/channels/twilio"
)

func ExampleVerify() {
	form := url.Values{"MessageSid": {"SM0123456789abcdef0123456789abcdef"}, "Body": {"Oui, à demain"}}
	request := twilio.Request{
		URL:         "https://relais.example.fr/sms/twilio/inbound",
		ContentType: "application/x-www-form-urlencoded",
		Body:        form.Encode(),
		Signature:   twilio.Sign("the auth token", "https://relais.example.fr/sms/twilio/inbound", form),
		Tokens:      []string{"the auth token", "the one before"},
	}
	fmt.Println(twilio.Verify(request))
	request.Body += "&Body=Non"
	fmt.Println(twilio.Verify(request))
	// Output:
	// true
	// false
}
