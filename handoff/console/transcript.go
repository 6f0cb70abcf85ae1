package console

import (
	"time"

	"relais/bot"
)

// line is one entry of the transcript.
type line struct {
	N       int64
	Kind    string // person, assistant, adviser, note, event
	Who     string
	At      moment
	Channel string
	Text    bot.Text
	Event   string // what happened, instead of a text
	Choices []string
	State   string // how far one of our SMS got
	Moving  bool   // it may still change
	Failed  bool
	Parts   int // SMS it took, when more than one
}

// linesOf shows what a viewer may read. The store has left out the rest.
func linesOf(found []bot.Line, c *bot.Conversation, who bot.Account, zone *time.Location) []line {
	lines := make([]line, 0, len(found))
	for _, l := range found {
		lines = append(lines, lineOf(l, c, who, zone))
	}
	return lines
}

func lineOf(l bot.Line, c *bot.Conversation, who bot.Account, zone *time.Location) line {
	shown := line{N: l.N, Kind: string(l.From), At: momentOf(l.At, zone), Text: l.Text}
	if thread := c.Thread(l.Thread); thread != nil {
		shown.Channel = channels[thread.Channel]
	}
	switch {
	case l.From == bot.FromSystem:
		shown.Kind, shown.Event, shown.Text, shown.Channel = "event", sentence(l), "", ""
	case l.Audience == bot.ForNote:
		shown.Kind, shown.Channel = "note", ""
		shown.Who = "Note interne de " + signature(l, who)
	case l.From == bot.FromAdviser:
		shown.Who = signature(l, who)
	case l.From == bot.FromPerson:
		shown.Who = "La personne"
	default:
		shown.Who = "L'assistant"
	}
	for _, choice := range l.Choices {
		shown.Choices = append(shown.Choices, choice.Label)
	}
	if l.From != bot.FromPerson && l.Delivery != bot.Internal {
		shown.State = stateWords(l)
		shown.Moving = l.Delivery < bot.Delivered
		shown.Failed = l.Delivery == bot.Failed
		if l.Segments > 1 {
			shown.Parts = l.Segments
		}
	}
	return shown
}

func signature(l bot.Line, who bot.Account) string {
	if l.Adviser == who.ID {
		return l.Name + " (vous)"
	}
	return l.Name
}

func stateWords(l bot.Line) string {
	if words, ok := failures[l.Error]; ok && l.Delivery == bot.Failed {
		return typeset("échec : " + words)
	}
	return typeset(states[l.Delivery])
}
