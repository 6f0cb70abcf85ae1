package simulator

import (
	"encoding/xml"
	"mime"
	"strings"
)

// twiml is the part of a TwiML document that an SMS webhook may answer with.
type twiml struct {
	XMLName  xml.Name `xml:"Response"`
	Messages []struct {
		Text string   `xml:",chardata"`
		Body []string `xml:"Body"`
	} `xml:"Message"`
}

// obeyTwiML does what a webhook's answer asks for. As with the real operator,
// a text/plain answer is sent to the person as it stands, so a stray "OK" page
// shows up on the phone.
func (o *Operator) obeyTwiML(m Message, reply answer) {
	if !answered2xx(reply.status) || len(reply.body) == 0 || o.OptedOut(m.From) {
		return
	}
	texts, ok := readReply(reply)
	if !ok {
		o.config.Log.Warn("webhook answer cannot be read as TwiML", "sid", m.SID)
		return
	}
	for _, text := range texts {
		o.say(OutboundReply, m.From, text)
	}
}

// readReply gives the texts to send back; ok is false for a content type or a
// document that the operator does not take (12300, 12100).
func readReply(reply answer) (texts []string, ok bool) {
	kind, _, _ := mime.ParseMediaType(reply.contentType)
	switch kind {
	case "text/plain":
		return nonEmpty(string(reply.body)), true
	case "text/xml", "application/xml", "text/html":
	default:
		return nil, false
	}
	var document twiml
	if err := xml.Unmarshal(reply.body, &document); err != nil {
		return nil, false
	}
	for _, message := range document.Messages {
		texts = append(texts, nonEmpty(message.Text+strings.Join(message.Body, ""))...)
	}
	return texts, true
}

func nonEmpty(text string) []string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return []string{text}
}
