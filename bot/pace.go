package bot

import (
	"slices"
	"time"
)

// The loop guard: two machines that answer each other must not do so for ever,
// and nobody is helped by a seventh "I did not understand".
const (
	stallLimit  = 6 // automatic replies that advanced nothing…
	stallWindow = 10 * time.Minute
	smsMinute   = 20 // automatic replies a minute to a phone
	webMinute   = 60 // and to a chat
)

// parked tells whether the assistant must stay silent. The first time, the
// conversation goes to the fallback team.
func (t *turn) parked() bool {
	p := &t.c.Pace
	if p.Parked {
		if t.c.Owner.Kind != Assistant {
			return true
		}
		*p = Pace{} // back from a human: the count starts again
	}
	p.Stalls = slices.DeleteFunc(p.Stalls, func(at int64) bool {
		return t.w.Now.Sub(time.Unix(at, 0)) >= stallWindow
	})
	if t.w.Now.Sub(p.Minute) >= time.Minute {
		p.Minute, p.Count = t.w.Now, 0
	}
	limit := smsMinute
	if !t.sms() {
		limit = webMinute
	}
	if len(p.Stalls) < stallLimit && p.Count < limit {
		return false
	}
	p.Parked = true
	t.handOff(Request{Reason: "loop", By: FromSystem, Team: t.w.Territory.Fallback, Quiet: true})
	return true
}

// stalled counts the replies of this turn.
func (t *turn) stalled() {
	p := &t.c.Pace
	p.Count += t.replied
	switch {
	case t.moved:
		p.Stalls = nil
	case t.replied > 0:
		p.Stalls = append(p.Stalls, t.w.Now.Unix())
	}
}
