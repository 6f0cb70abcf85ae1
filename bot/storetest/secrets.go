package storetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"testing"

	"relais/bot"
	"relais/bot/appointments"
	"relais/flows"
)

func secrets(t *testing.T, s *suite) {
	s.check(t, "nothing personal lies in clear", func(t *testing.T, h *house) {
		page := bot.Address{Channel: bot.Web, Value: "canary-session-token"}
		turn := h.first(phone(1234))
		second := h.id()
		turn.Conversation.Threads = append(turn.Conversation.Threads, bot.Thread{ID: second, Channel: bot.Web})
		turn.Addresses[second] = page
		turn.Conversation.Threads[0].Own = "+33939981212"
		turn.Conversation.Owner = bot.Owner{Kind: bot.Adviser, Organisation: "a", Adviser: "ad1", Name: "canary-owner-name"}
		turn.Conversation.Frames = []bot.Frame{{Flow: "f", Hash: "h", At: flows.Position{
			Vars: flows.Vars{{Name: "v", Values: []string{"canary-variable"}}},
		}}}
		turn.Lines[0].Text = "canary-message"
		turn.Lines[1].Name, turn.Lines[1].Text = "canary-adviser-name", "canary-reply"
		turn.Lines[1].Choices = []bot.Choice{{Value: "canary-choice", Label: "canary-label"}}
		turn.Answers = []bot.Answer{{Key: "k", At: now, Values: []string{"canary-value"}, Words: "canary-words", Codes: []string{"code-in-clear"}}}
		turn.Items = []bot.Item{{ID: h.id(), Kind: "call", Organisation: "a", Text: "canary-item", At: now}}
		turn.OptOuts = []bot.OptOut{{Thread: turn.Conversation.Threads[0].ID, At: now, Proof: "canary-proof"}}
		turn.Booked = []appointments.Appointment{{
			Key:   appointments.Key{Source: "csv", ExternalID: "canary-external", Participant: "canary-participant"},
			Start: now, Place: "canary-place", Address: "canary-street", Motive: "canary-motive", Adviser: "canary-petit",
		}}
		h.must(t, turn)
		next := h.next(h.load(t, page))
		next.Lines[0].Text = "canary-second"
		h.must(t, next)

		raw := h.opened.Raw(t)
		if !bytes.Contains(raw, []byte("code-in-clear")) {
			t.Fatal("what lies in clear is not found either: the search is blind")
		}
		for _, canary := range []string{
			phone(1234).Value, phone(1234).Value[3:], page.Value, "+33939981212", "canary",
		} {
			for name, form := range map[string]string{
				"as it is": canary, "in hexadecimal": hex.EncodeToString([]byte(canary)),
				"in base64": base64.StdEncoding.EncodeToString([]byte(canary))[:4*len(canary)/3-1],
			} {
				if at := bytes.Index(raw, []byte(form)); at >= 0 {
					t.Errorf("%q lies in clear %s: …%q…", canary, name, raw[max(0, at-40):min(len(raw), at+60)])
				}
			}
		}
	})
}
