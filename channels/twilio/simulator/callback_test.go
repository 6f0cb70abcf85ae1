package simulator_test

import (
	"context"
	"net/http"
	"testing"

	"relais/channels/twilio/simulator"
)

func TestCallbacksAreGenuineAndInOrder(t *testing.T) {
	w := newWorld(t, nil)
	sid := w.mustSend(t, samira, "Bonjour")
	if n := len(w.hooks.received()); n != 0 {
		t.Fatalf("%d callbacks for the initial status", n)
	}
	if carried := w.op.Drain(t.Context()); carried != 1 {
		t.Fatalf("carried %d messages", carried)
	}
	if got := w.hooks.statuses(); got != "sent delivered" {
		t.Errorf("callbacks: %q", got)
	}
	for _, c := range w.hooks.received() {
		if !c.genuine() {
			t.Error("the operator's own library refuses the signature")
		}
		if c.url != w.hooks.server.URL+"/sms/twilio/status?ref=r%C3%A9f-1" {
			t.Errorf("posted to %s: our reference is lost", c.url)
		}
		if c.form.Get("MessageSid") != sid || c.form.Get("SmsStatus") != c.form.Get("MessageStatus") || c.form.Has("ErrorCode") {
			t.Errorf("form: %v", c.form)
		}
	}
	if got := w.hooks.received()[1].form.Get("RawDlrDoneDate"); got != "2611241200" {
		t.Errorf("receipt dated %q", got)
	}
}

func TestUnreachablePhone(t *testing.T) {
	w := newWorld(t, nil)
	w.op.Unreachable(samira, 30003)
	w.mustSend(t, samira, "perdu")
	w.op.Drain(t.Context())
	calls := w.hooks.received()
	if got := w.hooks.statuses(); got != "sent undelivered" || calls[1].form.Get("ErrorCode") != "30003" {
		t.Errorf("callbacks: %q, code %q", got, calls[1].form.Get("ErrorCode"))
	}
	w.op.Unreachable(samira, 0)
	w.mustSend(t, samira, "reçu")
	w.op.Drain(t.Context())
	if got := w.op.Phone(samira)[1].Status; got != simulator.Delivered {
		t.Errorf("after it came back: %s", got)
	}
}

func TestRunCarriesUntilItsContextEnds(t *testing.T) {
	w := newWorld(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.op.Run(ctx) }()

	w.mustSend(t, samira, "un")
	w.mustSend(t, samira, "deux")
	_, err := w.op.WaitUntil(soon(t), samira, func(thread []simulator.Message) bool {
		delivered := 0
		for _, m := range thread {
			if m.Status == simulator.Delivered {
				delivered++
			}
		}
		return delivered == 2
	})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
	w.mustSend(t, samira, "trois")
	if got := w.op.Phone(samira)[2].Status; got != simulator.Queued {
		t.Errorf("carried after the end: %s", got)
	}
}

func TestCallbackFaults(t *testing.T) {
	for _, c := range []struct {
		fault simulator.CallbackFault
		want  string
	}{
		{simulator.DropCallbacks, ""},
		{simulator.DuplicateCallbacks, "sent sent delivered delivered"},
		{simulator.ReverseCallbacks, "delivered sent"},
	} {
		w := newWorld(t, nil)
		w.op.FailCallbacks(1, c.fault)
		w.mustSend(t, samira, "Bonjour")
		w.op.Drain(t.Context())
		if got := w.hooks.statuses(); got != c.want {
			t.Errorf("callbacks: %q, want %q", got, c.want)
		}
		if got := w.op.Phone(samira)[0].Status; got != simulator.Delivered {
			t.Errorf("the message is %s", got)
		}
		w.mustSend(t, karim, "Bonjour")
		w.op.Drain(t.Context())
		if got := w.hooks.statuses(); got != join(c.want, "sent delivered") {
			t.Errorf("the next message is struck too: %q", got)
		}
	}
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

// A callback whose answer is late must not keep the others waiting.
func TestSlowCallbackHoldsNobodyElse(t *testing.T) {
	w := newWorld(t, nil)
	release := make(chan struct{})
	w.hooks.answer(func(w http.ResponseWriter, _ *http.Request) { <-release; w.WriteHeader(http.StatusNoContent) })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.op.Run(ctx) }()

	w.mustSend(t, samira, "lent")
	if _, err := w.op.WaitUntil(soon(t), samira, func(m []simulator.Message) bool { return m[0].Status == simulator.Sent }); err != nil {
		t.Fatal(err)
	}
	w.mustSend(t, karim, "rapide")
	if _, err := w.op.WaitUntil(soon(t), karim, func(m []simulator.Message) bool { return m[0].Status == simulator.Delivered }); err != nil {
		t.Error(err)
	}
	close(release)
	stop()
	<-ended
}
