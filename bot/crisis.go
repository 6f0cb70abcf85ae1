package bot

import (
	"slices"
	"strings"
	"time"

	"relais/flows/understand"
)

// crisisAgain is how long one family's line is not repeated; the humans are
// told each time.
const crisisAgain = 30 * time.Minute

// crisis comes before everything else, in every mode and after an opt-out too:
// the right line first, then one honest tail, and a human is told. In doubt the
// person is asked.
func (t *turn) crisis(family understand.Crisis) {
	t.audit("person", "crisis", string(family))
	switch {
	case family != understand.SuicideSoft:
		t.crisisLine(string(family))
	case t.c.Owner.Kind == Adviser || t.crisisSent(string(family)):
		if t.alert(string(family)) { // else whoever is in charge asks better than we do
			t.crisisTail()
		}
	default:
		t.remember(string(family))
		t.begin("crisis", "soft", "")
		t.plan(JobDoubt, LaneCrisis, t.w.Now.Add(doubtFor), "", 0)
	}
}

// doubtFor is how long a person who may be in danger is waited for. Only an
// answer to that question, or a human told, ends the wait: not a pause, not
// another dialogue.
const doubtFor = 15 * time.Minute

// doubtDue: the doubt was never lifted.
func (t *turn) doubtDue() {
	t.c.Frames = slices.DeleteFunc(t.c.Frames, func(f Frame) bool { return f.Flow == "crisis" })
	t.alert(string(understand.SuicideSoft))
	t.crisisTail()
}

// crisisLine sends the line of a family and alerts the team.
func (t *turn) crisisLine(family string) {
	sent := t.crisisSent(family)
	if !sent {
		t.remember(family)
		t.sayAs("crisis_"+family, "crisis", LaneCrisis)
	}
	if t.alert(family) || !sent {
		t.crisisTail()
	}
}

// crisisTail says who reads, and when.
func (t *turn) crisisTail() {
	if h := t.c.HandOff; t.reachable().IsZero() || h != nil && h.discreet() {
		t.sayAs("alerted", "crisis", LaneCrisis) // nobody will write here
		return
	}
	if _, ok := t.w.Territory.PromiseOf(t.team(), t.w.Now, true); !ok {
		t.sayAs("alerted", "crisis", LaneCrisis) // nobody knows when somebody will
		return
	}
	if t.promise().Open || t.c.Owner.Kind == Adviser {
		t.sayAs("crisis_open", "crisis", LaneCrisis)
		return
	}
	t.sayAs("crisis_closed", "crisis", LaneCrisis)
}

// alert tells the humans, each time. It returns true when nobody was in charge
// before: the person then has to know that somebody is.
func (t *turn) alert(family string) (first bool) {
	first = t.c.HandOff == nil
	t.forget(JobDoubt, "")
	t.handOff(Request{Reason: "crisis_" + family, Urgent: true, By: FromAssistant, Quiet: true})
	h := t.c.HandOff
	h.Acknowledged, h.Alerts = false, 0
	if h.Waiting.IsZero() {
		h.Waiting = t.w.Now
	}
	t.plan(JobAlert, LaneCrisis, t.w.Now.Add(t.w.Territory.Alert), "", 0)
	t.told = true
	return first
}

func (t *turn) crisisSent(family string) bool {
	for _, s := range t.c.Crisis {
		if s.Family == family && t.w.Now.Sub(s.At) < crisisAgain {
			return true
		}
	}
	return false
}

func (t *turn) remember(family string) {
	t.c.Crisis = slices.DeleteFunc(t.c.Crisis, func(s CrisisSent) bool { return t.w.Now.Sub(s.At) > shaken })
	for i := range t.c.Crisis {
		if t.c.Crisis[i].Family == family {
			t.c.Crisis[i].At = t.w.Now
			return
		}
	}
	t.c.Crisis = append(t.c.Crisis, CrisisSent{Family: family, At: t.w.Now})
}

// discreet tells that whoever reads over the person's shoulder may be the
// danger: nothing is sent unasked.
func (h *HandOff) discreet() bool {
	return h.Reason == "crisis_unsafe" || h.Reason == "urgent_safety"
}

// grave tells the hand-offs that nobody withdraws by a word: somebody else may
// hold the phone.
func (h *HandOff) grave() bool { return strings.HasPrefix(h.Reason, "crisis_") || h.discreet() }

// shaken is how long after a crisis nobody is nudged or asked how it went.
const shaken = 7 * 24 * time.Hour

func (t *turn) shaken() bool {
	return slices.ContainsFunc(t.c.Crisis, func(s CrisisSent) bool { return t.w.Now.Sub(s.At) < shaken })
}
