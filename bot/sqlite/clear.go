package sqlite

import (
	"strings"

	"relais/bot"
)

// crisis tells whether a hand-off is one that must be seen first: its reason
// is one of the crisis families ("crisis_suicide").
func crisis(h *bot.HandOff) bool { return strings.HasPrefix(h.Reason, "crisis") }

// heardOn is the channel the person last wrote on; the first one when they
// never wrote.
func heardOn(c *bot.Conversation) bot.Channel {
	if len(c.Threads) == 0 {
		return ""
	}
	last := &c.Threads[0]
	for i := range c.Threads {
		if c.Threads[i].HeardAt.After(last.HeardAt) {
			last = &c.Threads[i]
		}
	}
	return last.Channel
}
