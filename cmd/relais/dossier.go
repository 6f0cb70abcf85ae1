package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"relais/bot"
)

type exportCommand struct {
	Address string `required:"" help:"sms:+33… or web:<session>."`
}

// The shape of an export is a contract: INTERFACES names these fields.
type (
	exported struct {
		Address      string                `json:"address"`
		Messages     []exportedMessage     `json:"messages"`
		Answers      []exportedAnswer      `json:"answers"`
		Appointments []exportedAppointment `json:"appointments"`
		HandOffs     []exportedHandOff     `json:"handoffs"`
	}
	exportedMessage struct {
		Seq     int64       `json:"seq"`
		From    bot.From    `json:"from"`
		Text    string      `json:"text"`
		At      time.Time   `json:"at"`
		Channel bot.Channel `json:"channel"`
		Status  string      `json:"status"`
	}
	exportedAnswer struct {
		Key    string    `json:"key"`
		Values []string  `json:"values"`
		Codes  []string  `json:"codes"`
		Words  string    `json:"words"`
		At     time.Time `json:"at"`
		Flow   string    `json:"flow"`
		Shared bool      `json:"shared"`
	}
	exportedAppointment struct {
		Source       string    `json:"source"`
		ExternalID   string    `json:"external_id"`
		Start        time.Time `json:"start"`
		Place        string    `json:"place"`
		Address      string    `json:"address"`
		Organisation string    `json:"organisation"`
		Motive       string    `json:"motive"`
		Status       string    `json:"status"`
		Answer       string    `json:"answer"`
	}
	exportedHandOff struct {
		ID           string     `json:"id"`
		State        string     `json:"state"`
		Organisation string     `json:"organisation"`
		Team         string     `json:"team"`
		Reason       string     `json:"reason"`
		Since        time.Time  `json:"since"`
		Deadline     *time.Time `json:"deadline"`
		Outcome      string     `json:"outcome"`
	}
)

// Run prints one person's data. Somebody nobody knows is an answer too: an
// empty export.
func (c exportCommand) Run(p *program) (err error) {
	address, err := bot.ParseAddress(c.Address)
	if err != nil {
		return err
	}
	s, _, err := openStore(p.ctx, p.config, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	dossier, err := s.Export(p.ctx, address)
	if err != nil && !errors.Is(err, bot.ErrNotFound) {
		return err
	}
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(export(address, dossier))
}

func export(address bot.Address, d bot.Dossier) exported {
	out := exported{
		Address: address.String(), Messages: []exportedMessage{}, Answers: []exportedAnswer{},
		Appointments: []exportedAppointment{}, HandOffs: []exportedHandOff{},
	}
	for _, l := range d.Lines {
		if l.Seq == 0 {
			continue // what happened, not what was said
		}
		out.Messages = append(out.Messages, exportedMessage{
			Seq: l.Seq, From: l.From, Text: string(l.Text), At: l.At, Channel: d.Threads[l.Thread], Status: status(l),
		})
	}
	for _, a := range d.Answers {
		out.Answers = append(out.Answers, exportedAnswer{
			Key: a.Key, Values: a.Values, Codes: a.Codes, Words: string(a.Words), At: a.At, Flow: a.Flow, Shared: a.Shared,
		})
	}
	for _, a := range d.Appointments {
		out.Appointments = append(out.Appointments, exportedAppointment{
			Source: a.Source, ExternalID: a.ExternalID, Start: a.Start, Place: a.Place, Address: a.Address,
			Organisation: a.Organisation, Motive: a.Motive, Status: string(a.Status), Answer: a.Said,
		})
	}
	for _, h := range d.HandOffs {
		row := exportedHandOff{
			ID: h.HandOff.ID.String(), State: string(h.HandOff.State), Organisation: h.HandOff.Organisation, Team: h.HandOff.Team,
			Reason: h.HandOff.Reason, Since: h.HandOff.Since, Outcome: h.Outcome,
		}
		if !h.HandOff.Deadline.IsZero() {
			row.Deadline = &h.HandOff.Deadline
		}
		out.HandOffs = append(out.HandOffs, row)
	}
	return out
}

// status says how far a message got. What is read from the log needs no
// delivery.
func status(l bot.Line) string {
	switch {
	case l.From == bot.FromPerson:
		return "received"
	case l.Delivery == bot.Internal:
		return "shown"
	}
	return l.Delivery.String()
}

type eraseCommand struct {
	Address string `required:"" help:"sms:+33… or web:<session>."`
}

// Run erases one person's data, now.
func (c eraseCommand) Run(p *program) (err error) {
	address, err := bot.ParseAddress(c.Address)
	if err != nil {
		return err
	}
	s, _, err := openStore(p.ctx, p.config, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	found, err := s.Erase(p.ctx, bot.Ref{Address: address}, bot.Microseconds(p.now()))
	if err != nil {
		return err
	}
	if !found {
		fmt.Fprintln(p.out, "nobody is known at this address")
		return nil
	}
	now := bot.Microseconds(p.now())
	noted, err := s.Commit(p.ctx, []*bot.Commit{{At: now, Audit: []bot.AuditEntry{{At: now, Actor: "operator", Action: "erased"}}}}, nil)
	if err := errors.Join(append(noted, err)...); err != nil {
		return fmt.Errorf("erased, but not noted in the journal: %w", err)
	}
	fmt.Fprintln(p.out, "erased")
	return nil
}
