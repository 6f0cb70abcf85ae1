package simulator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"relais/channels/twilio/simulator"
)

func TestOptOutWords(t *testing.T) {
	for _, c := range []struct {
		body    string
		blocked bool
		replies int
	}{
		{"STOP", true, 1}, {"stop", true, 1}, {" Stop\n", true, 1}, {"STOPALL", true, 1}, {"UNSUBSCRIBE", true, 1},
		{"CANCEL", true, 1}, {"End", true, 1}, {"QUIT", true, 1}, {"REVOKE", true, 1}, {"OPTOUT", true, 1},
		{"STOP please", false, 0}, {"ARRET", false, 0}, {"stop.", false, 0},
		{"YES", false, 0}, {"START", false, 0}, // nothing was refused: an ordinary answer
		{"HELP", false, 1}, {"info", false, 1}, {"AIDE", false, 0},
	} {
		t.Run(c.body, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mustText(t, samira, c.body)
			if got := w.op.OptedOut(samira); got != c.blocked {
				t.Errorf("opted out: %v", got)
			}
			if got := len(w.op.Phone(samira)) - 1; got != c.replies {
				t.Errorf("%d replies of the operator, want %d", got, c.replies)
			}
			if got := len(w.hooks.received()); got != 1 {
				t.Errorf("forwarded %d times", got)
			}
			wantCode := 0
			if c.blocked {
				wantCode = 21610
			}
			if _, err := w.send(t, samira, "Bonjour", nil); code(err) != wantCode {
				t.Errorf("send: code %d, want %d", code(err), wantCode)
			}
			if _, err := w.send(t, karim, "Bonjour", nil); err != nil {
				t.Errorf("another phone is blocked: %v", err)
			}
		})
	}
}

func TestOptOutAndBack(t *testing.T) {
	w := newWorld(t, func(c *simulator.Config) { c.StopReply = "Plus aucun SMS." })
	for _, body := range []string{"STOP", "STOP", "START", "YES"} {
		w.mustText(t, samira, body)
	}
	thread := w.op.Phone(samira)
	want := []simulator.Direction{
		simulator.Inbound, simulator.AutoReply, simulator.Inbound,
		simulator.Inbound, simulator.AutoReply, simulator.Inbound,
	}
	var got []simulator.Direction
	for _, m := range thread {
		got = append(got, m.Direction)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if thread[1].Body != "Plus aucun SMS." {
		t.Errorf("reply to STOP: %q", thread[1].Body)
	}
	w.mustSend(t, samira, "Bonjour")
	found, err := w.sdk(t, account, token).ListMessage(nil)
	if err != nil || len(found) != 5 {
		t.Errorf("the API shows %d messages, want the 4 received and the one sent (%v)", len(found), err)
	}
}

func TestOptedOutPhoneGetsNoTwiMLReply(t *testing.T) {
	w := newWorld(t, nil)
	w.hooks.answer(page("text/plain", "Au revoir"))
	w.mustText(t, samira, "STOP")
	if got := len(w.op.Phone(samira)); got != 2 {
		t.Errorf("%d messages, want the word and the operator's reply", got)
	}
}
