package bot

import (
	"time"

	"relais/flows/understand"
)

// A text may reach us long after it was written, when its webhook was lost and
// the operator's list brought it. It is kept, shown to whoever is in charge, and
// obeyed where its age changes nothing: danger, STOP, a call for a human, help.
// But it is not the answer to a question that was put after it was written, nor
// to any after a day: asking again is cheap, misreading is not.

const (
	delay   = 5 * time.Second  // what comes through a webhook is younger
	stale   = 24 * time.Hour   // nobody means an answer any more
	putOnce = 90 * time.Second // a question this young need not be put again
)

// delayed tells whether what happens now happened earlier. Only then are its
// time and ours compared: two clocks never agree to the second.
func (t *turn) delayed() bool { return !t.at.IsZero() && t.w.Now.Sub(t.at) > delay }

// outrun tells whether the person has written something else on the thread
// since: what they wish is in that.
func (t *turn) outrun(th *Thread) bool { return t.delayed() && t.at.Before(th.HeardAt) }

// hear notes when the person last wrote.
func (t *turn) hear(th *Thread) {
	if !t.delayed() {
		th.HeardAt, t.c.Heard = t.w.Now, t.w.Now
		return
	}
	for _, heard := range []*time.Time{&th.HeardAt, &t.c.Heard} {
		if t.at.After(*heard) {
			*heard = Microseconds(t.at)
		}
	}
}

// late tells whether a text came too late for the open question.
func (t *turn) late(intent understand.Intent) bool {
	switch intent {
	case understand.Human, understand.Call, understand.Help, understand.Privacy:
		return false
	}
	f := t.c.Top()
	return t.delayed() && f != nil && f.Asked > 0 && (t.at.Before(f.AskedAt) || t.w.Now.Sub(t.at) > stale)
}

// catchUp puts the open question again after a text that came too late for it,
// unless it was put a moment ago: several texts may come at once.
func (t *turn) catchUp() {
	switch f := t.c.Top(); {
	case t.c.Owner.Kind != Assistant:
		t.forHumans()
	case t.w.Now.Sub(f.AskedAt) < putOnce, t.parked():
	default:
		t.say("outdated")
		t.askAgain()
		t.stalled()
	}
}
