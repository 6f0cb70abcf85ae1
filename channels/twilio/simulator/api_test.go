package simulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"relais/channels/twilio/simulator"
)

func TestCreateAnswersLikeTheOperator(t *testing.T) {
	w := newWorld(t, nil)
	message, err := w.send(t, samira, "Bonjour, ça va ?", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"to": *message.To, "from": *message.From, "body": *message.Body, "status": *message.Status,
		"direction": *message.Direction, "segments": *message.NumSegments, "media": *message.NumMedia,
		"created": *message.DateCreated, "account": *message.AccountSid,
		"uri": strings.Replace(*message.Uri, *message.Sid, "SID", 1),
	}
	want := map[string]string{
		"to": samira, "from": service, "body": "Bonjour, ça va ?", "status": "queued",
		"direction": "outbound-api", "segments": "1", "media": "0",
		"created": "Tue, 24 Nov 2026 12:00:00 +0000", "account": account,
		"uri": "/2010-04-01/Accounts/" + account + "/Messages/SID.json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if message.DateSent != nil || message.ErrorCode != nil || message.Price != nil {
		t.Error("a queued message has a sending date, an error or a price")
	}
}

// The types matter as much as the values: counts are strings, codes numbers.
func TestResourceTypes(t *testing.T) {
	w := newWorld(t, nil)
	w.op.Unreachable(samira, 30003)
	sid := w.mustSend(t, samira, "Bonjour")
	w.op.Drain(t.Context())
	var raw map[string]any
	if err := json.Unmarshal(w.get(t, "/Messages/"+sid+".json"), &raw); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"num_segments": "1", "num_media": "0", "error_code": float64(30003), "price": nil,
		"messaging_service_sid": nil, "status": "undelivered", "date_sent": "Tue, 24 Nov 2026 12:00:00 +0000",
	} {
		if got, present := raw[key]; !present || got != want {
			t.Errorf("%s = %#v, want %#v", key, got, want)
		}
	}
}

func TestCreateRefusals(t *testing.T) {
	w := newWorld(t, nil)
	w.mustText(t, karim, "STOP")
	type params = openapi.CreateMessageParams
	cases := []struct {
		name string
		to   string
		edit func(*params)
		want int
	}{
		{"no recipient", samira, func(p *params) { p.To = nil }, 21604},
		{"no sender", samira, func(p *params) { p.From = nil }, 21603},
		{"no body", samira, func(p *params) { p.Body = nil }, 21602},
		{"blank body", samira, func(p *params) { p.SetBody(" \n") }, 21602},
		{"long body", samira, func(p *params) { p.SetBody(strings.Repeat("é", 1601)) }, 21617},
		{"longest body", samira, func(p *params) { p.SetBody(strings.Repeat("é", 1600)) }, 0},
		{"not a number", "bonjour", nil, 21211},
		{"national form", "0639980001", nil, 21211},
		{"a digit missing", "+3363998000", nil, 21211},
		{"fixed line", "+33199000001", nil, 21614},
		{"09 of a box", "+33950000001", nil, 21614},
		{"platform number", "+33937000001", nil, 0},
		{"abroad", "+41790000000", nil, 0},
		{"sender of another", samira, func(p *params) { p.SetFrom("+33639989999") }, 21606},
		{"opted out", karim, nil, 21610},
		{"bad service", samira, func(p *params) { p.From = nil; p.SetMessagingServiceSid("MG1") }, 21705},
		{"bad callback", samira, func(p *params) { p.SetStatusCallback("ftp://exemple.fr") }, 21609},
		{"underscore in callback host", samira, func(p *params) { p.SetStatusCallback("http://a_b.fr/x") }, 21609},
		{"media", samira, func(p *params) { p.SetMediaUrl([]string{"https://exemple.fr/a.png"}) }, 20001},
		{"scheduled", samira, func(p *params) { p.SetSendAt(noon.Add(time.Hour)) }, 20001},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := len(w.op.Ledger())
			_, err := w.send(t, c.to, "Bonjour", c.edit)
			if got := code(err); got != c.want || (c.want == 0) != (err == nil) {
				t.Fatalf("code %d, want %d (%v)", got, c.want, err)
			}
			if accepted := len(w.op.Ledger()) > before; accepted != (c.want == 0) {
				t.Errorf("in the ledger: %v", accepted)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	w := newWorld(t, func(c *simulator.Config) { c.APIKey, c.APISecret = "SKkey", "secret" })
	for _, c := range []struct {
		user, password string
		want           int
	}{
		{account, token, 0}, {"SKkey", "secret", 0},
		{account, "secret", 20003}, {"SKkey", token, 20003}, {"", "", 20003},
	} {
		_, err := w.sdk(t, c.user, c.password).ListMessage(nil)
		if got := code(err); got != c.want || (c.want == 0) != (err == nil) {
			t.Errorf("%q: code %d, want %d (%v)", c.user, got, c.want, err)
		}
	}
}

func TestNoKeyMeansNoKey(t *testing.T) {
	w := newWorld(t, nil)
	request, _ := http.NewRequest(http.MethodGet, w.api.URL+"/2010-04-01/Accounts/"+account+"/Messages.json", nil)
	request.SetBasicAuth("", "")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("empty credentials: status %d", response.StatusCode)
	}
}

func TestListFiltersAndPages(t *testing.T) {
	w := newWorld(t, nil)
	var sids []string
	for i := range 7 {
		sids = append(sids, w.mustSend(t, samira, fmt.Sprint("numéro ", i)))
	}
	w.mustSend(t, karim, "autre")
	inbound := w.mustText(t, samira, "bonjour")

	params := &openapi.ListMessageParams{}
	params.SetTo(samira).SetFrom(service).SetPageSize(3)
	found, err := w.sdk(t, account, token).ListMessage(params)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range found {
		got = append([]string{*m.Sid}, got...)
	}
	if diff := cmp.Diff(sids, got); diff != "" {
		t.Errorf("three pages, newest first: %s", diff)
	}

	params = &openapi.ListMessageParams{}
	params.SetTo(service)
	found, err = w.sdk(t, account, token).ListMessage(params)
	if err != nil || len(found) != 1 || *found[0].Sid != inbound || *found[0].Status != "received" {
		t.Errorf("what the service received: %v, %v", found, err)
	}
}

func TestListByDateLeavesOutWhatIsNotSent(t *testing.T) {
	w := newWorld(t, nil)
	w.mustSend(t, samira, "parti")
	w.op.Drain(t.Context())
	w.mustSend(t, samira, "en attente")
	for _, c := range []struct {
		name string
		edit func(*openapi.ListMessageParams)
		want int
	}{
		{"from that second", func(p *openapi.ListMessageParams) { p.SetDateSentAfter(noon) }, 1},
		{"later", func(p *openapi.ListMessageParams) { p.SetDateSentAfter(noon.Add(time.Second)) }, 0},
		{"until that second", func(p *openapi.ListMessageParams) { p.SetDateSentBefore(noon) }, 1},
		{"earlier", func(p *openapi.ListMessageParams) { p.SetDateSentBefore(noon.Add(-time.Second)) }, 0},
		{"no date", func(*openapi.ListMessageParams) {}, 2},
	} {
		params := &openapi.ListMessageParams{}
		c.edit(params)
		found, err := w.sdk(t, account, token).ListMessage(params)
		if err != nil || len(found) != c.want {
			t.Errorf("%s: %d messages, want %d (%v)", c.name, len(found), c.want, err)
		}
	}
}

func TestFetchUnknownIsNotFound(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.sdk(t, account, token).FetchMessage("SM00000000000000000000000000000000", nil)
	if code(err) != 20404 {
		t.Errorf("code %d, want 20404", code(err))
	}
	other := &openapi.FetchMessageParams{}
	other.SetPathAccountSid("AC00000000000000000000000000000002")
	_, err = w.sdk(t, account, token).FetchMessage(w.mustSend(t, samira, "Bonjour"), other)
	if code(err) != 20404 {
		t.Errorf("another account's path: code %d, want 20404", code(err))
	}
}

func TestRedactionAndDeletion(t *testing.T) {
	w := newWorld(t, nil)
	sdk := w.sdk(t, account, token)
	sid := w.mustSend(t, samira, "secret")
	redaction := &openapi.UpdateMessageParams{}
	redaction.SetBody("")

	if _, err := sdk.UpdateMessage(sid, redaction); code(err) != 20009 {
		t.Errorf("redaction on the way: code %d, want 20009", code(err))
	}
	if err := sdk.DeleteMessage(sid, nil); code(err) != 20009 {
		t.Errorf("deletion on the way: code %d, want 20009", code(err))
	}
	w.op.Drain(t.Context())
	message, err := sdk.UpdateMessage(sid, redaction)
	if err != nil || *message.Body != "" {
		t.Fatalf("redaction: %v, %v", message, err)
	}
	rewrite := &openapi.UpdateMessageParams{}
	rewrite.SetBody("autre chose")
	if _, err := sdk.UpdateMessage(sid, rewrite); code(err) != 20001 {
		t.Errorf("rewriting: code %d, want 20001", code(err))
	}
	if err := sdk.DeleteMessage(sid, nil); err != nil {
		t.Fatalf("deletion: %v", err)
	}
	if _, err := sdk.FetchMessage(sid, nil); code(err) != 20404 {
		t.Errorf("after deletion: code %d, want 20404", code(err))
	}
	if got := bodies(w.op.Phone(samira)); !cmp.Equal(got, []string{"secret"}) {
		t.Errorf("the phone lost its copy: %q", got)
	}
}

func TestServiceSenderIsChosenLater(t *testing.T) {
	w := newWorld(t, nil)
	message, err := w.send(t, samira, "Bonjour", func(p *openapi.CreateMessageParams) {
		p.From = nil
		p.SetMessagingServiceSid("MG00000000000000000000000000000001")
	})
	if err != nil {
		t.Fatal(err)
	}
	if *message.Status != "accepted" || *message.NumSegments != "0" || message.From != nil {
		t.Errorf("status %q, segments %q, from %v", *message.Status, *message.NumSegments, message.From)
	}
	w.op.Drain(t.Context())
	if got := w.hooks.statuses(); got != "queued sent delivered" {
		t.Errorf("callbacks: %q", got)
	}
	if sid := w.hooks.received()[0].form.Get("MessagingServiceSid"); sid == "" {
		t.Error("the callback does not name the service")
	}
}

func TestOversizedFormIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	form := url.Values{"To": {samira}, "From": {service}, "Body": {"x"}, "Extra": {strings.Repeat("x", 70<<10)}}
	request, _ := http.NewRequest(http.MethodPost, w.api.URL+"/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(account, token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusBadRequest || len(w.op.Ledger()) != 0 {
		t.Errorf("status %d, %d sends", response.StatusCode, len(w.op.Ledger()))
	}
}

func (w world) get(t *testing.T, resource string) []byte {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, w.api.URL+"/2010-04-01/Accounts/"+account+resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(account, token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	return body
}
