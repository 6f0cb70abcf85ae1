package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"relais/channels/twilio/simulator"
)

// A phone writes, the service is told by webhook and answers through the API.
func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("webhook:", r.URL.Path, r.PostFormValue("Body"))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer service.Close()
	op := simulator.New(simulator.Config{Webhook: simulator.WebhookAt(service.URL)})
	api := httptest.NewServer(op.Handler())
	defer api.Close()

	ctx := context.Background()
	_, status, err := op.Text(ctx, "+33639980001", "Bonjour")
	fmt.Println("answered:", status, err)

	account, token := op.Credentials()
	form := url.Values{"To": {"+33639980001"}, "From": {op.Number()}, "Body": {"Bonjour ! Que cherchez-vous ?"}}
	request, _ := http.NewRequest(http.MethodPost, api.URL+"/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(account, token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	op.Drain(ctx)
	for _, m := range op.Phone("+33639980001") {
		fmt.Println(m.Direction, m.Status, m.Body)
	}
	// Output:
	// webhook: /sms/twilio/inbound Bonjour
	// answered: 204 <nil>
	// inbound received Bonjour
	// outbound-api delivered Bonjour ! Que cherchez-vous ?
}
