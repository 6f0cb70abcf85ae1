package program

import (
	"encoding/json"
	"fmt"
)

// Message is one message of an export.
type Message struct {
	Seq    int    `json:"seq"`
	From   string `json:"from"`
	Text   string `json:"text"`
	Status string `json:"status"`
}

// settled tells that nothing more will be sent for a message.
func (m Message) settled() bool {
	return m.From == "person" || m.Status != "pending" && m.Status != "begun"
}

// Export asks a command, beside the server or not, for the messages kept about
// a telephone number.
func Export(env []string, phone string) ([]Message, error) {
	out, err := Run(env, "export", "--address", "sms:"+phone)
	if err != nil {
		return nil, err
	}
	var dossier struct {
		Messages []Message `json:"messages"`
	}
	if err := json.Unmarshal([]byte(out), &dossier); err != nil {
		return nil, fmt.Errorf("reading an export: %w", err)
	}
	return dossier.Messages, nil
}
