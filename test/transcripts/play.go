package transcripts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"relais/bot"
)

// pause is how long whoever writes takes to write.
const pause = 30 * time.Second

// Play plays a transcript on a stage that open gives, at the time the
// transcript begins, and returns it as it should stand: what happens as
// written, each followed by what came of it.
func Play(ctx context.Context, text string, s *Setting, open func(at time.Time) (Stage, error)) (string, error) {
	entries, err := parse(text, s.Territory.Zone)
	if err != nil {
		return "", err
	}
	p := player{teller: teller{s.Territory.Zone}}
	for _, e := range entries {
		p.out.WriteString(e.text + "\n")
		if e.act == nil {
			continue
		}
		if p.stage == nil {
			if p.stage, err = open(e.act.(clockAct).at); err != nil {
				return "", err
			}
			continue
		}
		beats, err := p.do(ctx, e.act)
		if err != nil {
			return "", fmt.Errorf("line %d, %q: %w", e.number, e.text, err)
		}
		p.out.WriteString(p.teller.beats(beats))
	}
	return p.out.String(), nil
}

// player is a transcript under way.
type player struct {
	teller teller
	stage  Stage
	last   bot.Address // of the person heard last
	out    strings.Builder
}

func (p *player) do(ctx context.Context, a act) ([]Beat, error) {
	switch x := a.(type) {
	case clockAct:
		if x.at.Before(p.stage.Now()) {
			return nil, errors.New("the clock does not go back")
		}
		return p.stage.MoveTo(ctx, x.at)
	case personAct:
		p.last = x.address
		return p.later(ctx, func() (bot.Ref, bot.What, error) { return bot.Ref{Address: x.address}, x.said, nil })
	case adviserAct:
		return p.later(ctx, func() (bot.Ref, bot.What, error) { return p.adviser(ctx, x) })
	case bookAct:
		p.last = Phone
		return p.stage.Happen(ctx, bot.Ref{Address: Phone}, bot.Event{What: x.booked})
	}
	return nil, nil
}

// later lets the time pass that it takes to write, then makes something happen.
func (p *player) later(ctx context.Context, what func() (bot.Ref, bot.What, error)) ([]Beat, error) {
	beats, err := p.stage.MoveTo(ctx, p.stage.Now().Add(pause))
	if err != nil {
		return nil, err
	}
	to, happens, err := what()
	if err != nil {
		return nil, err
	}
	more, err := p.stage.Happen(ctx, to, bot.Event{What: happens})
	return append(beats, more...), err
}

// adviser makes the event of what an adviser does, about the person heard
// last.
func (p *player) adviser(ctx context.Context, a adviserAct) (bot.Ref, bot.What, error) {
	c, err := p.stage.Conversation(ctx, p.last)
	if err != nil {
		return bot.Ref{}, nil, err
	}
	to, by := bot.Ref{Conversation: c.ID}, advisers[a.name]
	switch a.verb {
	case "claims":
		return to, bot.Claimed{By: by}, nil
	case "writes", "notes":
		return to, bot.Wrote{By: by, Text: bot.Text(a.text), Epoch: c.Epoch, Note: a.verb == "notes"}, nil
	case "acknowledges":
		return to, bot.Acknowledged{By: by}, nil
	case "gives back":
		return to, bot.GivenBack{By: by}, nil
	default:
		return to, bot.Closed{By: by, Outcome: a.text}, nil
	}
}
