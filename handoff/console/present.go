package console

import (
	"context"
	"strconv"
	"time"

	"relais/bot"
)

// Presence knows how many advisers have the console open, on any instance. It
// counts; it names nobody.
type Presence interface {
	// Here notes that a member of a group has a page open; it holds for 90 s.
	Here(ctx context.Context, group, member string, now time.Time)
	// Present counts the members of a group that are here; known is false when
	// it cannot be told.
	Present(ctx context.Context, group string, now time.Time) (members int, known bool)
}

// here notes that an adviser has a page open.
func (c *Console) here(ctx context.Context, who bot.Account) {
	if c.Presence != nil {
		c.Presence.Here(ctx, who.Organisation, who.ID, c.Clock())
	}
}

// present says how many of the organisation are here, to whoever has to know
// who can answer: the leads. It is "" for anybody else.
func (c *Console) present(ctx context.Context, who bot.Account) string {
	if c.Presence == nil || who.Role != "lead" && who.Role != "admin" {
		return ""
	}
	return presentWords(c.Presence.Present(ctx, who.Organisation, c.Clock()))
}

func presentWords(members int, known bool) string {
	switch {
	case !known:
		return "présence inconnue"
	case members == 0:
		return "aucune personne présente"
	case members == 1:
		return "1 personne présente"
	}
	return strconv.Itoa(members) + " personnes présentes"
}
