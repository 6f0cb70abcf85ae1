package terminal

import (
	"context"
	"fmt"
	"io"
	"strings"

	"relais/bot"
)

// Screen is where the assistant's texts appear: a bot.Sender that prints them.
type Screen struct{ Out io.Writer }

var _ bot.Sender = Screen{}

// Send prints a text. It leaves for certain, or the screen is gone for good.
func (s Screen) Send(_ context.Context, m bot.Outgoing) (bot.Receipt, error) {
	if _, err := io.WriteString(s.Out, Lines("< ", string(m.Text))); err != nil {
		return bot.Receipt{}, &bot.SendError{Kind: bot.SendPermanent, Err: fmt.Errorf("printing a text: %w", err)}
	}
	return bot.Receipt{}, nil
}

// Lines writes a text as a transcript shows it: under its sign, with the lines
// that follow set in by two spaces.
func Lines(sign, text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(strings.TrimRight(sign+line, " "))
		b.WriteByte('\n')
		sign = "  "
	}
	return b.String()
}
