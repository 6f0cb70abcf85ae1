package webchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"relais/bot"
)

// Limits of what a client sends.
const (
	maxFrame  = 64 << 10 // bytes
	maxFrames = 64       // in one poll
	maxName   = 64       // bytes of a client id, a log's name, a language
	maxChoice = 256      // bytes
)

// received is one object from a client; which fields matter depends on Type.
type received struct {
	Type string `json:"type"`

	Session string `json:"session"` // hello
	Log     string `json:"log"`
	After   int64  `json:"after"`
	Lang    string `json:"lang"` // hello, heed
	Wait    int    `json:"wait"` // seconds, in a poll

	ID     string `json:"id"` // say, heed
	Text   string `json:"text"`
	Choice string `json:"choice"`
	To     int64  `json:"to"`
}

// Faults of what a client sends.
var (
	// errUnreadable: not a JSON object; nothing that follows can be trusted.
	errUnreadable = errors.New("frame unreadable")
	// errBadFrame: readable, but not something we know how to take.
	errBadFrame = errors.New("frame not understood")
)

// readFrame reads one object. With errBadFrame, the fields that could be read
// are there: the answer may name the message it is about.
func readFrame(data []byte) (received, error) {
	var in received
	if !utf8.Valid(data) || !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return in, errUnreadable
	}
	if err := json.Unmarshal(data, &in); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return in.named(), errBadFrame
		}
		return received{}, errUnreadable
	}
	if !in.valid() {
		return in.named(), errBadFrame
	}
	return in, nil
}

func (in received) valid() bool {
	switch in.Type {
	case "hello":
		return len(in.Log) <= maxName && len(in.Lang) <= maxName
	case "say":
		return validID(in.ID) && len(in.Choice) <= maxChoice && in.To >= 0 && (in.Text != "" || in.Choice != "")
	case "heed":
		return validID(in.ID) && len(in.Lang) <= maxName && in.Text != ""
	case "ping", "seen", "typing", "bye":
		return true
	}
	return false
}

// named keeps an id only when it may be sent back.
func (in received) named() received {
	if in.Type != "say" || !validID(in.ID) {
		in.ID = ""
	}
	return in
}

// validID tells whether a client's id is 1 to 64 letters, digits, '-', '_' or
// '.': a UUID, or anything as plain.
func validID(id string) bool {
	if id == "" || len(id) > maxName {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// What a server sends.
type (
	welcome struct {
		Type    string        `json:"type"`
		Session string        `json:"session"`
		Log     string        `json:"log"` // "" until something was said
		Seq     int64         `json:"seq"` // the last one
		Owner   bot.OwnerKind `json:"owner"`
		Promise string        `json:"promise,omitempty"`
		Text    string        `json:"text"` // says who answers
	}
	message struct {
		Type    string       `json:"type"`
		Seq     int64        `json:"seq"`
		From    bot.From     `json:"from"`
		Name    string       `json:"name,omitempty"`
		Text    string       `json:"text"`
		Choices []bot.Choice `json:"choices,omitempty"`
		At      string       `json:"at"`
		ID      string       `json:"id,omitempty"`
	}
	ack struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Seq  int64  `json:"seq"`
		Log  string `json:"log,omitempty"`
	}
	ownerIs struct {
		Type    string        `json:"type"`
		Owner   bot.OwnerKind `json:"owner"`
		Promise string        `json:"promise,omitempty"`
		Text    string        `json:"text"`
	}
	failure struct {
		Type   string `json:"type"`
		Code   code   `json:"code"`
		ID     string `json:"id,omitempty"`
		Retry  int64  `json:"retry,omitempty"`  // ms
		Urgent bool   `json:"urgent,omitempty"` // the text says what to do in the danger the person spoke of
		Text   string `json:"text"`
	}
	bye struct {
		Type  string `json:"type"`
		Retry int64  `json:"retry"` // ms
	}
	// heeded answers a heed. With a retry the text was not read: it may be
	// asked about again.
	heeded struct {
		Type  string `json:"type"`
		ID    string `json:"id"`
		Text  string `json:"text,omitempty"`  // what to do in this danger; none: no sign of one
		Retry int64  `json:"retry,omitempty"` // ms
	}
	pong struct {
		Type string `json:"type"`
	}
)

func messageOf(l *bot.Line) message {
	m := message{
		Type: "message", Seq: l.Seq, From: l.From, Name: l.Name, Text: string(l.Text),
		Choices: l.Choices, At: l.At.UTC().Format(time.RFC3339Nano),
	}
	if l.From == bot.FromPerson {
		m.ID = l.Key
	}
	return m
}

func encode(frame any) []byte {
	data, err := json.Marshal(frame)
	if err != nil {
		panic("webchat: " + err.Error()) // plain structs of strings and numbers
	}
	return data
}
