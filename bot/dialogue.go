package bot

import (
	"slices"
	"time"

	"relais/flows"
	"relais/flows/understand"
)

// begin starts a flow on top of whatever was under way. subject is what it is
// about, an appointment's key for a reminder.
func (t *turn) begin(name, entry, subject string) {
	flow := t.lib.Current(name)
	if flow == nil {
		t.lost()
		return
	}
	// A dialogue begun twice is begun again, not stacked.
	t.c.Frames = slices.DeleteFunc(t.c.Frames, func(f Frame) bool { return f.Flow == name && f.Subject == subject })
	if len(t.c.Frames) >= maxFrames {
		t.makeRoom()
	}
	t.c.Frames = append(t.c.Frames, Frame{Flow: flow.Name, Hash: flow.Hash, Subject: subject})
	t.c.Paused = false
	if name == "prediagnostic" {
		t.c.Withheld = false // what was not to be sent is asked anew
		t.forget(JobErase, "answers")
	}
	t.enter(flow, entry, flows.Position{})
}

// makeRoom leaves the oldest dialogue, but never the questionnaire: its answers
// were promised to be kept.
func (t *turn) makeRoom() {
	i := slices.IndexFunc(t.c.Frames, func(f Frame) bool { return f.Flow != "prediagnostic" })
	t.c.Frames = slices.Delete(t.c.Frames, max(i, 0), max(i, 0)+1)
}

// maxFrames bounds how many dialogues can interrupt one another.
const maxFrames = 4

func (t *turn) enter(flow *flows.Flow, entry string, from flows.Position) {
	position, outcome := flow.Enter(from, entry, t.facts())
	t.c.Top().At = position
	t.moved = true
	t.carry(flow, outcome)
}

// carry does what a move of the flow asks for, in order.
func (t *turn) carry(flow *flows.Flow, outcome flows.Outcome) {
	flowing := len(t.c.Frames)
	for _, m := range outcome.Moves {
		switch {
		case m.Record != nil:
			t.record(flow, m.Record)
		case m.Say != "":
			text, _ := flow.Text(t.c.Lang, m.Say)
			t.utter(text, t.flowClass(), t.flowLane())
		case m.Do != nil:
			if t.do(flow, m.Do); m.Do.Kind == flows.DoStart {
				return // another flow took the place of this one
			}
		case m.Ask != "":
			t.ask(flow, m.Ask)
		}
	}
	if outcome.Ended && len(t.c.Frames) == flowing {
		t.end()
	}
}

// end leaves a finished dialogue. The one it interrupted asks again when its
// question is still fresh.
func (t *turn) end() {
	switch t.c.Top().Flow {
	case "handoff":
		t.c.Paused = true // the person was asked whether to go on
	case "crisis":
		t.forget(JobDoubt, "")
	}
	t.c.Frames = t.c.Frames[:len(t.c.Frames)-1]
	if f := t.c.Top(); f != nil && t.c.Owner.Kind == Assistant && !t.c.Paused && recently(f, t.w.Now) {
		t.askAgain()
	}
}

// recently tells whether a question is fresh enough to be put again unasked.
func recently(f *Frame, now time.Time) bool {
	return f.Asked != 0 && now.Sub(f.AskedAt) < 24*time.Hour
}

func (t *turn) record(flow *flows.Flow, r *flows.Record) {
	channel := SMS
	if !t.sms() {
		channel = Web
	}
	t.add(Record{Answer{
		Key: r.Key, Values: r.Values, Codes: r.Codes, Words: t.heard,
		Shared: t.c.HandOff != nil && !t.c.Withheld,
		At:     t.w.Now, By: channel, Flow: flow.Name + "@" + flow.Hash[:min(8, len(flow.Hash))],
	}})
}

// do carries out one action of a flow.
func (t *turn) do(flow *flows.Flow, a *flows.Action) {
	switch a.Kind {
	case flows.DoHandOff:
		if a.Reason == "crisis_soft" {
			t.alert(string(understand.SuicideSoft))
			t.crisisTail()
			return
		}
		t.handOff(Request{Reason: a.Reason, Urgent: a.Urgent, By: FromAssistant})
	case flows.DoSubmit:
		t.submit()
	case flows.DoWithhold:
		t.c.Withheld = true
		t.plan(JobErase, LaneNotice, t.w.Now.Add(withheldFor), "answers", 0)
	case flows.DoStart:
		t.replace(a.Flow, a.Entry)
	case flows.DoCrisis:
		t.crisisLine(a.Reason)
	case flows.DoAppointment:
		t.appointment(a.Reason)
	case flows.DoErase:
		t.c.Paused = true // nobody is asked for more
		t.task("erasure", "", "")
	case flows.DoCopy:
		t.task("copy", "", "")
	case flows.DoOptOut:
		t.stop(flow.Name, false)
	}
}

// withheldFor is how long answers that are not to be sent are kept.
const withheldFor = 7 * 24 * time.Hour

// replace puts a flow in the place of the one that starts it. The notice has
// been given once welcome hands over.
func (t *turn) replace(name, entry string) {
	if f := t.c.Top(); f != nil && f.Flow == "welcome" {
		t.c.Known = true
	}
	t.c.Frames = t.c.Frames[:len(t.c.Frames)-1]
	if entry == "" {
		entry = "start"
	}
	if entry == "resume" {
		if i := slices.IndexFunc(t.c.Frames, func(f Frame) bool { return f.Flow == name }); i >= 0 {
			t.raise(i)
			t.takeUp()
			return
		}
		entry = "start"
	}
	t.begin(name, entry, "")
}

// takeUp puts the question at which a dialogue stands, even one set aside.
func (t *turn) takeUp() {
	f := t.c.Top()
	flow := t.flow(f)
	if flow == nil {
		t.lost()
		return
	}
	t.c.Paused = false
	t.ask(flow, f.At.State)
}

// submit sends the answers to the team.
func (t *turn) submit() {
	t.add(Forget{Key: t.key(JobErase, "answers")})
	t.c.Withheld = false
	t.handOff(Request{Reason: "answers", By: FromAssistant, Quiet: true})
}

// task leaves work for the people of the team in charge, due as a person would
// be answered.
func (t *turn) task(kind, subject string, words Text) {
	t.taskBefore(kind, subject, words, time.Time{})
}

// taskBefore leaves work that is of no use after a time.
func (t *turn) taskBefore(kind, subject string, words Text, latest time.Time) {
	team := t.team()
	promise, _ := t.w.Territory.PromiseOf(team, t.w.Now, false)
	if !latest.IsZero() && (promise.Deadline.IsZero() || latest.Before(promise.Deadline)) {
		promise.Deadline = latest
	}
	t.add(Task{Item{
		ID: t.id(), Conversation: t.c.ID, Kind: kind, Organisation: team.Organisation, Team: team.ID,
		Subject: subject, Text: words, At: t.w.Now, Deadline: promise.Deadline,
	}})
}
