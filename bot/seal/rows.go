package seal

import (
	"encoding/json"
	"fmt"

	"relais/bot"
	"relais/bot/appointments"
)

// The bodies below are JSON: short, and readable with any tool once opened. A
// field that a newer program adds is skipped by an older one.

type lineBody struct {
	Name    string       `json:"name,omitempty"`
	Text    bot.Text     `json:"text,omitempty"`
	Choices []bot.Choice `json:"choices,omitempty"`
}

type answerBody struct {
	Values []string `json:"values,omitempty"`
	Words  bot.Text `json:"words,omitempty"`
}

type appointmentBody struct {
	Source      string `json:"source,omitempty"`
	ExternalID  string `json:"external_id,omitempty"`
	Participant string `json:"participant,omitempty"`
	Place       string `json:"place,omitempty"`
	Address     string `json:"address,omitempty"`
	Motive      string `json:"motive,omitempty"`
	Adviser     string `json:"adviser,omitempty"`
	Reminded    bool   `json:"reminded,omitempty"`
}

// SealTurn seals a turn's conversation, lines and answers.
func (k *Key) SealTurn(c *bot.Commit) *bot.Sealed {
	sealed := bot.Sealed{State: k.SealState(c.Conversation), Lines: make([][]byte, len(c.Lines)), Answers: make([][]byte, len(c.Answers))}
	for i := range c.Lines {
		sealed.Lines[i] = k.SealLine(&c.Lines[i])
	}
	for i := range c.Answers {
		sealed.Answers[i] = k.SealAnswer(c.Conversation.ID, &c.Answers[i])
	}
	return &sealed
}

// SealState seals a conversation's whole state, for its row.
func (k *Key) SealState(c *bot.Conversation) []byte {
	plain := bot.AppendConversation(make([]byte, 0, 768), c) // rarely more
	return k.Seal(nil, plain, stateOf(c.ID))
}

// OpenState opens what SealState sealed for the conversation id. Version is
// left to the caller: it is a column.
func (k *Key) OpenState(id bot.ID, sealed []byte) (bot.Conversation, error) {
	plain, err := k.Open(sealed, stateOf(id))
	if err != nil {
		return bot.Conversation{}, fmt.Errorf("open the state of conversation %s: %w", id, err)
	}
	c, err := bot.ParseConversation(plain)
	if err != nil {
		return bot.Conversation{}, fmt.Errorf("read the state of conversation %s: %w", id, err)
	}
	return c, nil
}

func stateOf(id bot.ID) Cell { return Cell{Table: "conversation", Column: "state", Row: id[:]} }

// SealLine seals a line's name, text and choices.
func (k *Key) SealLine(l *bot.Line) []byte {
	return k.sealJSON(lineBody{l.Name, l.Text, l.Choices}, lineAt(l))
}

// OpenLine fills in what SealLine sealed; l.Conversation and l.N are set.
func (k *Key) OpenLine(sealed []byte, l *bot.Line) error {
	var body lineBody
	if err := k.openJSON(sealed, lineAt(l), &body); err != nil {
		return fmt.Errorf("open line %d of conversation %s: %w", l.N, l.Conversation, err)
	}
	l.Name, l.Text, l.Choices = body.Name, body.Text, body.Choices
	return nil
}

func lineAt(l *bot.Line) Cell {
	return Cell{Table: "line", Column: "body", Row: numbered(l.Conversation, l.N)}
}

// SealAnswer seals an answer's values and words; its codes stay in clear.
func (k *Key) SealAnswer(conversation bot.ID, a *bot.Answer) []byte {
	return k.sealJSON(answerBody{a.Values, a.Words}, answerAt(conversation, a))
}

// OpenAnswer fills in what SealAnswer sealed; a.Key and a.At are set.
func (k *Key) OpenAnswer(conversation bot.ID, sealed []byte, a *bot.Answer) error {
	var body answerBody
	if err := k.openJSON(sealed, answerAt(conversation, a), &body); err != nil {
		return fmt.Errorf("open an answer of conversation %s: %w", conversation, err)
	}
	a.Values, a.Words = body.Values, body.Words
	return nil
}

func answerAt(conversation bot.ID, a *bot.Answer) Cell {
	row := append(numbered(conversation, a.At.UnixMicro()), a.Key...)
	return Cell{Table: "answer", Column: "body", Row: row}
}

// SealAppointment seals what an appointment tells about a person: its key,
// place, address, motive and adviser. hash is its row.
func (k *Key) SealAppointment(hash [32]byte, a *appointments.Appointment) []byte {
	body := appointmentBody{a.Source, a.ExternalID, a.Participant, a.Place, a.Address, a.Motive, a.Adviser, a.Reminded}
	return k.sealJSON(body, appointmentAt(hash[:]))
}

// OpenAppointment fills in what SealAppointment sealed.
func (k *Key) OpenAppointment(hash [32]byte, sealed []byte, a *appointments.Appointment) error {
	var body appointmentBody
	if err := k.openJSON(sealed, appointmentAt(hash[:]), &body); err != nil {
		return fmt.Errorf("open an appointment: %w", err)
	}
	a.Key = appointments.Key{Source: body.Source, ExternalID: body.ExternalID, Participant: body.Participant}
	a.Place, a.Address, a.Motive, a.Adviser, a.Reminded = body.Place, body.Address, body.Motive, body.Adviser, body.Reminded
	return nil
}

func appointmentAt(hash []byte) Cell {
	return Cell{Table: "appointment", Column: "details", Row: hash}
}

// SealItem seals a work item's text.
func (k *Key) SealItem(i *bot.Item) []byte { return k.Seal(nil, []byte(i.Text), itemAt(&i.ID)) }

// OpenItem fills in what SealItem sealed; i.ID is set.
func (k *Key) OpenItem(sealed []byte, i *bot.Item) error {
	text, err := k.Open(sealed, itemAt(&i.ID))
	if err != nil {
		return fmt.Errorf("open work item %s: %w", i.ID, err)
	}
	i.Text = bot.Text(text)
	return nil
}

func itemAt(id *bot.ID) Cell { return Cell{Table: "item", Column: "text", Row: id[:]} }

// SealAddress seals a thread's address.
func (k *Key) SealAddress(thread bot.ID, a bot.Address) []byte {
	return k.Seal(nil, []byte(a.String()), addressAt(thread[:]))
}

// OpenAddress opens what SealAddress sealed.
func (k *Key) OpenAddress(thread bot.ID, sealed []byte) (bot.Address, error) {
	plain, err := k.Open(sealed, addressAt(thread[:]))
	if err != nil {
		return bot.Address{}, fmt.Errorf("open the address of thread %s: %w", thread, err)
	}
	return bot.ParseAddress(string(plain))
}

func addressAt(thread []byte) Cell { return Cell{Table: "thread", Column: "address", Row: thread} }

func (k *Key) sealJSON(body any, at Cell) []byte {
	plain, err := json.Marshal(body)
	if err != nil {
		panic("seal: " + err.Error()) // the bodies are strings: nothing in them can fail
	}
	return k.Seal(nil, plain, at)
}

func (k *Key) openJSON(sealed []byte, at Cell, body any) error {
	plain, err := k.Open(sealed, at)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, body)
}
