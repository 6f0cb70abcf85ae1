package bot

import (
	"slices"
	"time"

	"relais/bot/appointments"
)

// due handles a job whose time has come. What it was planned for may have
// changed since: then nothing happens.
func (t *turn) due(job Job) {
	switch job.Kind {
	case JobSilence:
		t.silence()
	case JobReminder:
		t.reminder(job)
	case JobPromise:
		t.promiseDue()
	case JobLease:
		t.leaseDue(job)
	case JobDoubt:
		t.doubtDue()
	case JobAlert:
		t.alertDue()
	case JobErase:
		t.eraseDue(job)
	case JobSurvey:
		t.surveyDue(job)
	}
}

// silence: nobody answered a question.
func (t *turn) silence() {
	t.c.Watch = time.Time{}
	f := t.c.Top()
	if f == nil || f.Asked == 0 || t.c.Paused || t.c.Owner.Kind != Assistant {
		return
	}
	flow := t.flow(f)
	if flow == nil {
		t.lost()
		return
	}
	state := flow.States[f.At.State]
	if state == nil || state.Silence == nil || state.Silence.Say != "" && t.shaken() {
		return // nobody is nudged after a crisis
	}
	if due := f.AskedAt.Add(state.Silence.After); due.After(t.w.Now) {
		t.watch(due) // asked since this look was planned
		return
	}
	if at, ok := t.w.Territory.Quiet.NextAllowed(t.w.Now); !ok || at.After(t.w.Now) {
		if ok {
			t.watch(at)
		}
		return
	}
	position, outcome := flow.Silent(f.At, t.facts())
	f.At = position
	// The nudge offers OUI to go on: it must not be taken for the answer.
	t.c.Paused = state.Silence.Say != ""
	t.carry(flow, outcome)
}

// quiet puts off what nobody provoked until the hours when it may be said.
func (t *turn) quiet(job Job) bool {
	at, ok := t.w.Territory.Quiet.NextAllowed(t.w.Now)
	if ok && !at.After(t.w.Now) {
		return false
	}
	if ok {
		job.Due = Microseconds(at)
		t.add(Schedule{job})
	}
	return true
}

// promiseDue: a team has not answered in time. The person is told once, with a
// new limit; the second miss is a call by a person.
func (t *turn) promiseDue() {
	h := t.c.HandOff
	if h == nil || t.c.Owner.Kind != Queue || t.w.Now.Before(h.Deadline) {
		return
	}
	h.Missed++
	t.audit("system", "promise_missed", h.Reason)
	t.note("promise_missed", itoa(int64(h.Missed)))
	t.task("promise_missed", "", "")
	if h.Missed > 1 || h.discreet() {
		return
	}
	p, ok := t.w.Territory.PromiseOf(t.team(), t.w.Now, h.Urgent)
	if !ok {
		return
	}
	h.Deadline = Microseconds(p.Deadline)
	t.say("promise_late")
	t.add(Hand{HandOff: *h})
	t.plan(JobPromise, LaneNotice, p.Deadline, "", 0)
}

// leaseDue: the adviser has been silent. When somebody waits for them the
// queue takes the conversation back, and the person learns it.
func (t *turn) leaseDue(job Job) {
	h := t.c.HandOff
	if h == nil || t.c.Owner.Kind != Adviser || job.Revision != t.c.Epoch {
		return
	}
	if h.Waiting.IsZero() || t.w.Now.Sub(h.Waiting) < t.w.Territory.Claim {
		t.lease()
		return
	}
	first := t.c.Owner.Name
	h.State = HandOffOffered
	t.own(Owner{Kind: Queue, Organisation: h.Organisation, Team: h.Team})
	p, ok := t.w.Territory.PromiseOf(t.team(), t.w.Now, h.Urgent)
	h.Deadline = Microseconds(p.Deadline)
	t.add(Hand{HandOff: *h})
	t.audit("system", "claim_expired", "")
	t.note("claim_expired", first)
	if h.grave() { // it waits for somebody again
		h.Acknowledged, h.Alerts = false, 0
		t.plan(JobAlert, LaneCrisis, t.w.Now.Add(t.w.Territory.Alert), "", 0)
	}
	if ok {
		t.plan(JobPromise, LaneNotice, p.Deadline, "", 0)
		t.c.Owner.Name = first
		t.say("requeued")
		t.c.Owner.Name = ""
	}
}

// The alert climbs: the queue shows it at once, and from the second round on it
// calls whoever is on call.
const onCallRound = 2

// alertDue: nobody has acknowledged a crisis yet.
func (t *turn) alertDue() {
	h := t.c.HandOff
	if h == nil || h.Acknowledged {
		return
	}
	h.Alerts++
	t.audit("system", "crisis_alert", itoa(int64(h.Alerts)))
	t.note("crisis_alert", itoa(int64(h.Alerts)))
	t.plan(JobAlert, LaneCrisis, t.w.Now.Add(t.w.Territory.Alert), "", 0)
	if h.Alerts >= onCallRound {
		t.add(Page{Text(t.lib.Common(t.w.Territory.Languages[0], "on_call").Render(true, nil, t.value))})
	}
}

// eraseDue: the answers that were not to be sent go.
func (t *turn) eraseDue(job Job) {
	if !t.c.Withheld {
		return // they were sent, or asked anew, since
	}
	t.audit("system", "erased", job.Subject)
	t.c.Frames = slices.DeleteFunc(t.c.Frames, func(f Frame) bool { return f.Flow == "prediagnostic" })
	t.add(Withdraw{})
}

// surveyDue: how did it go? Only when nothing has happened since.
func (t *turn) surveyDue(job Job) {
	if t.c.Epoch != job.Revision || t.c.Owner.Kind != Assistant || t.shaken() || t.quiet(job) {
		return
	}
	if f := t.c.Top(); f != nil && f.Asked != 0 {
		return // another question is open
	}
	t.begin("handoff", "closed_ask", "")
}

// reminder: an appointment comes near. It is judged again as it is now.
func (t *turn) reminder(job Job) {
	a := t.bookedAs(job.Subject)
	if a == nil {
		return
	}
	if f := t.c.Top(); f != nil && f.Flow == "crisis" {
		job.Due = Microseconds(t.w.Now.Add(2 * doubtFor)) // a "non" must not be taken for the appointment's
		t.add(Schedule{job})
		return
	}
	kind := reminderKind(job.Key)
	if kind == changed {
		t.tellChange(*a, job)
		return
	}
	m := appointments.Reminder{Kind: kind, Due: job.Due, Revision: int(job.Revision)}
	switch d := appointments.Decide(*a, m, t.w.Territory.Reminders, t.w.Now); d.Action {
	case appointments.Later:
		job.Due = Microseconds(d.At)
		t.add(Schedule{job})
	case appointments.Send:
		t.remind(*a, kind)
	default:
		t.audit("system", "reminder_dropped", d.Why)
	}
}
