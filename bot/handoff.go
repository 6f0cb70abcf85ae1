package bot

import (
	"slices"
	"strings"
	"time"

	"relais/handoff"
)

// Request is one way a hand-off comes about.
type Request struct {
	Reason       string // asked, call, not_understood, answers, loop, flow_fault, crisis_…, appointment_…
	Urgent       bool
	By           From
	Organisation string // when it belongs to one
	Team         string
	Before       string // text said before the person is told what happens next
	Said         string // text that tells it; Defaults to queued_open or queued_closed
	Quiet        bool   // the person is told otherwise
}

// handOff gives the conversation to a team's queue, and tells the person what
// happens next and by when. One that is already open only becomes more
// pressing.
func (t *turn) handOff(r Request) {
	if r.Before != "" {
		t.say(r.Before)
	}
	if !t.c.Withheld {
		t.add(Share{}) // the notice has told who reads the answers
	}
	if t.c.HandOff != nil {
		t.press(r)
		return
	}
	team := t.route(r)
	promise, promised := t.w.Territory.PromiseOf(team, t.w.Now, r.Urgent)
	t.c.HandOff = &HandOff{
		ID: t.id(), State: HandOffOffered, Organisation: team.Organisation, Team: team.ID,
		Reason: r.Reason, Urgent: r.Urgent, AskedBy: r.By,
		Since: t.w.Now, Deadline: Microseconds(promise.Deadline), Waiting: t.w.Now, Asked: t.c.Asked,
	}
	if f := t.c.Top(); f != nil {
		t.c.HandOff.Flow, t.c.HandOff.Step = f.Flow, f.At.State
	}
	t.own(Owner{Kind: Queue, Organisation: team.Organisation, Team: team.ID})
	t.add(Hand{HandOff: *t.c.HandOff})
	t.audit(string(r.By), "handoff_offered", r.Reason)
	t.note("handoff_offered", r.Reason)
	if promised {
		t.plan(JobPromise, LaneNotice, promise.Deadline, "", 0)
	}
	if !r.Quiet && !t.told {
		t.tellQueued(r.Said, promise, promised)
	}
}

// tellQueued says what happens next: nothing is promised that nobody keeps.
func (t *turn) tellQueued(text string, p handoff.Promise, promised bool) {
	switch {
	case !promised:
		text = "queued_unknown"
	case text != "":
	case p.Open:
		text = "queued_open"
	default:
		text = "queued_closed"
	}
	t.say(text)
}

// press makes an open hand-off more pressing: an urgency joins it, or somebody
// asks once more.
func (t *turn) press(r Request) {
	h := t.c.HandOff
	if h.Waiting.IsZero() {
		h.Waiting = t.w.Now
	}
	graver := strings.HasPrefix(r.Reason, "crisis_") && r.Reason != h.Reason &&
		(!strings.HasPrefix(h.Reason, "crisis_") || r.Reason == "crisis_suicide")
	if r.Urgent && (!h.Urgent || graver) {
		h.Urgent, h.Reason = true, r.Reason
		if p, ok := t.w.Territory.PromiseOf(t.team(), t.w.Now, true); ok && p.Deadline.Before(h.Deadline) {
			h.Deadline = Microseconds(p.Deadline)
			t.plan(JobPromise, LaneNotice, p.Deadline, "", 0)
		}
		t.add(Hand{HandOff: *h, Adviser: t.c.Owner.Adviser})
		t.note("handoff_urgent", r.Reason)
	}
	if r.Said != "" && !r.Quiet && !t.told {
		t.say(r.Said)
	}
}

// withdraw takes the request back: the person has no need of a human any more.
func (t *turn) withdraw() {
	t.finish(HandOffCancelled, "", "")
	t.audit("person", "handoff_cancelled", "")
	t.say("withdrawn")
	if t.c.Top() != nil {
		t.askAgain()
	}
}

// finish ends the hand-off and gives the conversation back to the assistant.
func (t *turn) finish(state HandOffState, adviser, outcome string) {
	h := *t.c.HandOff
	h.State = state
	t.c.HandOff = nil
	t.own(Owner{Kind: Assistant})
	t.add(Hand{HandOff: h, Adviser: adviser, Outcome: outcome, Ended: t.w.Now})
	t.note("handoff_"+string(state), outcome)
	for _, kind := range []JobKind{JobPromise, JobLease, JobAlert} {
		t.forget(kind, "")
	}
	t.moved = true
}

// own changes the owner: the epoch rises.
func (t *turn) own(o Owner) {
	t.c.Owner = o
	t.c.Epoch++
}

// claimed gives the conversation to the adviser who asked first. The others
// learn who that is.
func (t *turn) claimed(what Claimed) {
	h := t.c.HandOff
	switch {
	case t.c.Owner.Kind == Adviser && t.c.Owner.Adviser == what.By.Adviser:
		return // already theirs: a second click
	case h == nil:
		t.refuse(RefusedNoQueue, "")
		return
	case h.Organisation != what.By.Organisation:
		t.refuse(RefusedForeign, "")
		return
	case t.c.Owner.Kind == Adviser:
		t.refuse(RefusedTaken, t.c.Owner.Name)
		return
	}
	t.add(Guard{Kind: GuardAdviser, Key: what.By.Adviser, Want: 1})
	t.add(Cancel{Bot: true, Class: "reply"})
	h.State = HandOffAccepted
	h.Acknowledged = true
	t.own(Owner{Kind: Adviser, Organisation: h.Organisation, Team: h.Team, Adviser: what.By.Adviser, Name: what.By.Name})
	t.add(Hand{HandOff: *h, Adviser: what.By.Adviser})
	t.audit(what.By.Adviser, "claimed", "")
	t.note("claimed", what.By.Name)
	t.forget(JobPromise, "")
	t.forget(JobAlert, "")
	t.lease()
	if !h.discreet() {
		t.say("accepted")
	}
}

// lease gives the adviser's claim its time: while it runs, activity renews it.
func (t *turn) lease() {
	t.plan(JobLease, LaneNotice, t.w.Now.Add(t.w.Territory.Claim), "", t.c.Epoch)
}

// mine checks that the adviser owns the conversation as they last saw it.
func (t *turn) mine(by Actor) bool {
	switch {
	case t.c.HandOff != nil && t.c.HandOff.Organisation != by.Organisation:
		t.refuse(RefusedForeign, "")
	case t.c.HandOff == nil, t.c.Owner.Kind != Adviser:
		t.refuse(RefusedNotYours, "")
	case t.c.Owner.Adviser != by.Adviser:
		t.refuse(RefusedTaken, t.c.Owner.Name)
	default:
		t.add(Guard{Kind: GuardAdviser, Key: by.Adviser, Want: 1})
		return true
	}
	return false
}

// replyLimit is what the operator takes in one message, in characters.
const replyLimit = 1600

// wrote sends an adviser's text, or keeps a note for colleagues.
func (t *turn) wrote(what Wrote) {
	text := strings.TrimSpace(cut(string(what.Text)))
	switch {
	case !t.mine(what.By):
		return
	case what.Epoch != t.c.Epoch:
		t.refuse(RefusedStale, t.c.Owner.Name)
		return
	case text == "":
		t.refuse(RefusedEmpty, "")
		return
	case len([]rune(text)) > replyLimit:
		t.refuse(RefusedTooLong, "")
		return
	}
	if what.Note {
		t.log(Line{From: FromAdviser, Adviser: what.By.Adviser, Name: what.By.Name, Text: Text(text), Audience: ForNote, Class: "note", Key: what.Key})
		return
	}
	t.thread = t.reachable()
	if t.thread.IsZero() {
		t.refuse(RefusedOptedOut, "")
		return
	}
	t.send(Line{From: FromAdviser, Adviser: what.By.Adviser, Name: what.By.Name, Text: Text(text), Class: "adviser", Lane: LaneReply, Key: what.Key})
	t.c.HandOff.Waiting = time.Time{}
	t.c.HandOff.Acknowledged = true
	t.forget(JobAlert, "")
	t.lease()
}

// reachable is the thread an adviser's text goes to: where the person last
// wrote, unless they refused SMS there.
func (t *turn) reachable() ID {
	var best *Thread
	for i := range t.c.Threads {
		th := &t.c.Threads[i]
		if !th.OptedOut && (best == nil || th.HeardAt.After(best.HeardAt)) {
			best = th
		}
	}
	if best == nil {
		return ID{}
	}
	return best.ID
}

// givenBack hands the conversation to the assistant again, which offers to go
// on where it stopped.
func (t *turn) givenBack(what GivenBack) {
	if !t.mine(what.By) {
		return
	}
	first := t.c.Owner.Name
	t.finish(HandOffReturned, what.By.Adviser, "")
	t.audit(what.By.Adviser, "given_back", "")
	t.c.Owner.Name = first // for {first} in the text, dropped below
	if slices.ContainsFunc(t.c.Frames, func(f Frame) bool { return f.Flow == "prediagnostic" }) {
		t.begin("handoff", "returned", "")
	} else {
		t.say("given_back") // no question waits to be taken up again
	}
	t.c.Owner.Name = ""
}

// closed ends the hand-off with an outcome.
func (t *turn) closed(what Closed) {
	if !t.mine(what.By) {
		return
	}
	if what.Outcome == "" {
		t.refuse(RefusedEmpty, "")
		return
	}
	h := *t.c.HandOff
	t.sayAs("closed", "reply", LaneReply)
	t.finish(HandOffClosed, what.By.Adviser, what.Outcome)
	t.audit(what.By.Adviser, "closed", what.Outcome)
	t.setAside()
	if !t.shaken() {
		if at, ok := t.w.Territory.Quiet.NextAllowed(t.w.Now.Add(surveyAfter)); ok {
			t.plan(JobSurvey, LaneBulk, at, h.ID.String(), t.c.Epoch)
		}
	}
}

// setAside keeps the questionnaire for whoever wants to go on with it later,
// and the reminders that still wait for an answer; no other question stays
// open.
func (t *turn) setAside() {
	t.c.Paused = false
	t.c.Frames = slices.DeleteFunc(t.c.Frames, func(f Frame) bool { return f.Flow != "prediagnostic" && f.Flow != "reminder" })
	for i := range t.c.Frames {
		if t.c.Frames[i].Flow == "prediagnostic" {
			t.c.Frames[i].Asked = 0
		}
	}
}

// surveyAfter is how long after the end the person is asked how it went.
const surveyAfter = 2 * time.Hour

// acknowledged stops the alert of a crisis: somebody of the organisation has
// seen it.
func (t *turn) acknowledged(what Acknowledged) {
	h := t.c.HandOff
	switch {
	case h == nil:
		t.refuse(RefusedNoQueue, "")
		return
	case h.Organisation != what.By.Organisation:
		t.refuse(RefusedForeign, "")
		return
	}
	h.Acknowledged = true
	t.forget(JobAlert, "")
	t.audit(what.By.Adviser, "acknowledged", h.Reason)
	t.note("acknowledged", what.By.Name)
}

// route names the team of a request, from what the person said so far.
func (t *turn) route(r Request) *handoff.Team {
	q := handoff.Request{Reason: r.Reason, Organisation: r.Organisation, Team: r.Team}
	for i := len(t.c.Frames) - 1; i >= 0; i-- {
		vars := t.c.Frames[i].At.Vars
		if q.Commune == "" {
			q.Commune = vars.First("commune")
		}
		if len(q.FollowedBy) == 0 {
			q.FollowedBy, _ = vars.Get("followed_by")
		}
	}
	return t.w.Territory.Route(q)
}

// team is the team in charge, or the one that would be.
func (t *turn) team() *handoff.Team {
	h, org := t.c.HandOff, t.subjectOrganisation()
	if org != "" && (h == nil || h.Organisation != org) {
		return t.route(Request{Organisation: org}) // the appointment is another organisation's business
	}
	if h != nil {
		if team := t.w.Territory.Team(h.Team); team != nil {
			return team
		}
	}
	return t.route(Request{})
}

// promise is what the person may be told now.
func (t *turn) promise() handoff.Promise {
	p, _ := t.w.Territory.PromiseOf(t.team(), t.w.Now, t.c.HandOff != nil && t.c.HandOff.Urgent)
	return p
}

// deadline is the promise already made, or the one that would be.
func (t *turn) deadline() time.Time {
	if h := t.c.HandOff; h != nil && h.Deadline.After(t.w.Now) && t.team().ID == h.Team {
		return h.Deadline
	}
	return t.promise().Deadline
}
