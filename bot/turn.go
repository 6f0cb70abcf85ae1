package bot

import (
	"slices"
	"strconv"
	"time"

	"relais/bot/appointments"
	"relais/flows"
	"relais/flows/understand"
)

// Turn decides what becomes of a conversation when something happens to it,
// and what must follow. It is total and pure: the same arguments give the same
// result, whatever happens around it, so a turn whose commit failed is simply
// run again on what is then true.
//
// When the event is not possible, the conversation comes back unchanged and
// the only effect is a Refuse.
func Turn(lib Library, c Conversation, e Event, w World) (Conversation, []Effect) {
	t := turn{lib: lib, c: c.clone(), w: w, at: e.At, effects: make([]Effect, 0, 8)}
	t.open(e)
	switch what := e.What.(type) {
	case Said:
		t.said(what)
	case Due:
		t.due(what.Job)
	case Booked:
		t.booked(what)
	case Claimed:
		t.claimed(what)
	case Wrote:
		t.wrote(what)
	case GivenBack:
		t.givenBack(what)
	case Closed:
		t.closed(what)
	case Acknowledged:
		t.acknowledged(what)
	case Settled:
		t.add(Guard{Kind: GuardAdviser, Key: what.By.Adviser, Want: 1})
		t.add(Settle{Item: what.Item, Organisation: what.By.Organisation, By: what.By.Adviser})
		t.audit(what.By.Adviser, "settled", what.Item.String())
	case Undelivered:
		t.undelivered(what)
	case Broken:
		t.broken(what)
	}
	if t.refused != nil {
		return c, []Effect{*t.refused}
	}
	t.c.Step = t.step()
	t.add(Guard{Kind: GuardGeneration, Want: w.Generation})
	return t.c, t.effects
}

// turn is one run of Turn: what it reads, and what it has decided so far.
type turn struct {
	lib     Library
	c       Conversation
	w       World
	at      time.Time // when the event was heard
	thread  ID        // the thread to answer on
	heard   Text      // what the person wrote, for the answers to keep
	named   int       // ids derived so far
	effects []Effect
	replied int    // automatic lines said
	moved   bool   // the dialogue advanced
	excused bool   // what was not understood needs no other word
	told    bool   // the tail of a crisis has told what happens next
	class   string // of the flow's texts in this turn; "" is reply
	refused *Refuse
	known   *flows.Facts // as they were when a flow first asked, or the language changed
}

func (t *turn) add(e Effect) { t.effects = append(t.effects, e) }

func (t *turn) refuse(why Refusal, who string) {
	if t.refused == nil {
		t.refused = &Refuse{Why: why, Who: who}
	}
}

// id derives the next identifier of this turn.
func (t *turn) id() ID {
	t.named++
	return t.w.Nonce.ID(t.named)
}

// open names what a first contact needs, and finds the thread to answer on.
func (t *turn) open(e Event) {
	if t.w.Fresh != nil {
		t.c.ID, t.c.Person, t.c.Created = t.id(), t.id(), t.w.Now
		t.c.Owner = Owner{Kind: Assistant}
		t.c.Lang = t.w.Territory.Languages[0]
		if lang := spoken(e.What); slices.Contains(t.w.Territory.Languages, lang) {
			t.c.Lang = lang
		}
		t.c.Threads = append(t.c.Threads, Thread{ID: t.id(), Channel: t.w.Fresh.Channel, OptedOut: t.w.Fresh.OptedOut})
		t.thread = t.c.Threads[0].ID
		return
	}
	t.thread = t.w.Thread
	if t.thread.IsZero() {
		t.thread = t.c.lastHeard()
	}
	t.c.Frames = slices.DeleteFunc(t.c.Frames, t.outlived)
}

// outlived tells the reminders whose appointment is over, or no more.
func (t *turn) outlived(f Frame) bool {
	if f.Flow != "reminder" {
		return false
	}
	a := t.bookedAs(f.Subject)
	return a == nil || a.Status != appointments.Planned || a.Start.Before(t.w.Now)
}

// spoken is the language that an event comes in, when it tells.
func spoken(what What) string {
	switch what := what.(type) {
	case Said:
		return what.Lang
	case Booked:
		return what.Lang
	}
	return ""
}

// lastHeard is the thread the person last wrote on; one they never wrote on
// comes after those.
func (c *Conversation) lastHeard() ID {
	var last *Thread
	for i := range c.Threads {
		if th := &c.Threads[i]; last == nil || th.HeardAt.After(last.HeardAt) {
			last = th
		}
	}
	if last == nil {
		return ID{}
	}
	return last.ID
}

// clone copies whatever a turn may change, so that the caller's value stays as
// it was. Positions need no copy: flows never change one in place.
func (c Conversation) clone() Conversation {
	c.Threads = slices.Clone(c.Threads)
	c.Frames = slices.Clone(c.Frames)
	c.Crisis = slices.Clone(c.Crisis)
	c.Pace.Stalls = slices.Clone(c.Pace.Stalls)
	if c.HandOff != nil {
		h := *c.HandOff
		c.HandOff = &h
	}
	return c
}

// step names where the dialogue stands, for views: "flow/state".
func (t *turn) step() string {
	if f := t.c.Top(); f != nil {
		return f.Flow + "/" + f.At.State
	}
	return ""
}

// flow returns the version of a flow that a frame is pinned to.
func (t *turn) flow(f *Frame) *flows.Flow { return t.lib.Pinned(f.Flow, f.Hash) }

// facts are what flows may test besides their own variables.
func (t *turn) facts() flows.Facts {
	if t.known != nil {
		return *t.known
	}
	th := t.c.Thread(t.thread)
	channel := string(SMS)
	if th != nil {
		channel = string(th.Channel)
	}
	t.known = &flows.Facts{
		Now: t.w.Now.In(t.w.Territory.Zone),
		Vars: map[string]string{
			"channel":    channel,
			"lang":       t.c.Lang,
			"team_open":  yesNo(t.team().Hours.IsOpen(t.w.Now)),
			"identified": yesNo(t.hasMobile()),
		},
	}
	return *t.known
}

// hasMobile tells whether the person can be reached after the page is closed.
func (t *turn) hasMobile() bool {
	return slices.ContainsFunc(t.c.Threads, func(th Thread) bool { return th.Channel == SMS && !th.OptedOut })
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (t *turn) lang() understand.Lang { return understand.Lang(t.c.Lang) }

// sms tells whether the answer leaves by SMS.
func (t *turn) sms() bool {
	th := t.c.Thread(t.thread)
	return th == nil || th.Channel == SMS
}

func (t *turn) audit(actor, action, detail string) {
	t.add(Audit{AuditEntry{At: t.w.Now, Actor: actor, Action: action, Detail: detail}})
}

// key names a job of this conversation.
func (t *turn) key(kind JobKind, more string) string {
	key := string(kind) + ":" + t.c.ID.String()
	if more != "" {
		key += ":" + more
	}
	return key
}

func (t *turn) plan(kind JobKind, lane Lane, due time.Time, subject string, revision int64) {
	t.add(Schedule{Job{
		Key: t.key(kind, subject), Kind: kind, Lane: lane, Due: Microseconds(due),
		Conversation: t.c.ID, Subject: subject, Revision: revision,
	}})
}

func (t *turn) forget(kind JobKind, subject string) { t.add(Forget{Key: t.key(kind, subject)}) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
