package simulator_test

import (
	"errors"
	"net/http"
	"testing"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"relais/channels/twilio/simulator"
)

// A lost webhook is not tried again, and its text stays on the list.
func TestLostWebhooks(t *testing.T) {
	w := newWorld(t, nil)
	w.op.FailWebhooks(1, simulator.DropWebhook)
	w.op.FailWebhooks(1, simulator.RefuseWebhook)
	if _, status, err := w.op.Text(t.Context(), samira, "perdu"); status != 0 || !errors.Is(err, simulator.ErrNoAnswer) {
		t.Errorf("dropped: %d (%v)", status, err)
	}
	if _, status, err := w.op.Text(t.Context(), samira, "refusé"); status != http.StatusServiceUnavailable || err != nil {
		t.Errorf("refused: %d (%v)", status, err)
	}
	w.mustText(t, samira, "arrivé")
	if calls := w.hooks.received(); len(calls) != 1 {
		t.Errorf("%d webhooks, want that of the third text", len(calls))
	}
	params := &openapi.ListMessageParams{}
	params.SetTo(service)
	listed, err := w.sdk(t, account, token).ListMessage(params)
	if err != nil || len(listed) != 3 {
		t.Errorf("%d texts listed (%v), want 3", len(listed), err)
	}
}

func TestPicture(t *testing.T) {
	w := newWorld(t, nil)
	sid, status, err := w.op.Picture(t.Context(), samira)
	if err != nil || status/100 != 2 || sid[:2] != "MM" {
		t.Fatalf("%s: %d (%v)", sid, status, err)
	}
	form := w.hooks.received()[0].form
	if form.Get("NumMedia") != "1" || form.Get("Body") != "" {
		t.Errorf("the webhook told %v", form)
	}
	m, err := w.sdk(t, account, token).FetchMessage(sid, nil)
	if err != nil || *m.NumMedia != "1" || *m.Body != "" {
		t.Errorf("the API tells %+v (%v)", m, err)
	}
}

func TestNumberTellsItsWebhook(t *testing.T) {
	w := newWorld(t, nil)
	params := &openapi.ListIncomingPhoneNumberParams{}
	params.SetPhoneNumber(service)
	numbers, err := w.sdk(t, account, token).ListIncomingPhoneNumber(params)
	if err != nil || len(numbers) != 1 || *numbers[0].SmsUrl == "" || *numbers[0].PhoneNumber != service {
		t.Errorf("numbers %+v (%v)", numbers, err)
	}
	params.SetPhoneNumber(samira)
	if numbers, err := w.sdk(t, account, token).ListIncomingPhoneNumber(params); err != nil || len(numbers) != 0 {
		t.Errorf("somebody else's number: %+v (%v)", numbers, err)
	}
}
