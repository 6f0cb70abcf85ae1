package program

import (
	"context"
	"slices"
	"testing"
	"time"

	"relais/channels/twilio/simulator"
)

// CheckPromises waits until nothing is left to send, then compares what the
// town's people did with what the store keeps and what their phones hold:
// every acknowledged text is there once and in order, and every reply reached
// its phone once and in order. env is a server's; the server must be running.
func (w *Town) CheckPromises(t *testing.T, env []string) {
	t.Helper()
	for _, phone := range w.Phones {
		kept := w.settle(t, env, phone)
		var said, told []string
		for _, m := range kept {
			if m.From == "person" {
				said = append(said, m.Text)
			} else {
				told = append(told, m.Text)
			}
		}
		if !slices.Equal(said, Script) {
			t.Errorf("%s said %q, the store has %q", phone, Script, said)
		}
		if received := received(w.Operator.Phone(phone)); !slices.Equal(received, told) {
			t.Errorf("%s: the store told\n%q\nthe phone received\n%q", phone, told, received)
		}
		if len(told) < len(Script) {
			t.Errorf("%s: %d replies to %d texts", phone, len(told), len(Script))
		}
	}
}

// settle asks for a person's messages until none is left to be sent. A line
// settles only after its send, so a second one would have left before.
func (w *Town) settle(t *testing.T, env []string, phone string) []Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		messages, err := Export(env, phone)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(messages, func(m Message) bool { return !m.settled() }) {
			return messages
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Errorf("%s: messages never sent: %+v", phone, slices.DeleteFunc(messages, Message.settled))
			return messages
		}
	}
}

// received are the texts that were sent to a phone.
func received(thread []simulator.Message) []string {
	var texts []string
	for _, m := range thread {
		if m.Direction != simulator.Inbound {
			texts = append(texts, m.Body)
		}
	}
	return texts
}
