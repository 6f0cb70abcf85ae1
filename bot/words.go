package bot

import (
	"slices"
	"strings"

	"relais/flows/understand"
)

// word carries out a global word. It tells false when the text is none, or
// when the open question reads words itself.
func (t *turn) word(intent understand.Intent, text string) bool {
	if t.wordless() && intent != understand.Human {
		return false
	}
	switch intent {
	case understand.Human:
		t.handOff(Request{Reason: "asked", By: FromPerson})
	case understand.Call:
		t.handOff(Request{Reason: "call", By: FromPerson, Said: "call_asked"})
	case understand.Privacy:
		t.begin("privacy", "start", "")
	case understand.Pause:
		t.pause()
	case understand.Restart:
		t.restart()
	case understand.Back:
		if t.c.Owner.Kind == Queue && !t.askedSince() {
			if t.c.HandOff.grave() {
				t.forHumans()
				return true
			}
			t.withdraw()
			return true
		}
		t.back()
	case understand.Skip:
		t.skip()
	case understand.Help:
		t.say("help")
	default:
		if !asksForAppointments(text) {
			return false
		}
		t.tellAppointments()
	}
	return true
}

// wordless tells whether the open question takes global words as answers.
func (t *turn) wordless() bool {
	f := t.c.Top()
	if f == nil || f.Asked == 0 {
		return false
	}
	if flow := t.flow(f); flow != nil {
		if state := flow.States[f.At.State]; state != nil {
			return !state.Words
		}
	}
	return false
}

// stop ends SMS to this address. The operator answers its own words itself:
// then we say nothing more. In the web chat there is nothing to opt out of:
// the assistant stops asking.
func (t *turn) stop(word string, answered bool) {
	th := t.c.Thread(t.thread)
	t.c.Paused = true
	if th.Channel != SMS {
		if t.c.Owner.Kind == Adviser {
			t.forHumans()
			return
		}
		t.say("stop")
		return
	}
	t.add(Cancel{Thread: th.ID})
	already := th.OptedOut
	th.OptedOut = true
	t.add(OptOut{Thread: th.ID, At: t.w.Now, Proof: strings.TrimSpace(firstRunes(word, 40))})
	t.audit("person", "opt_out", "sms")
	t.note("opt_out", "")
	if !answered && !already {
		t.sayAs("stop", "opt_out", LaneReply)
	}
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// start takes the refusal back.
func (t *turn) start(answered bool) {
	th := t.c.Thread(t.thread)
	back := th.OptedOut
	if back {
		th.OptedOut = false
		t.add(OptIn{Thread: th.ID, At: t.w.Now})
		t.audit("person", "opt_in", "sms")
		t.note("opt_in", "")
	}
	if t.c.Owner.Kind != Assistant {
		t.forHumans()
		if back && !answered {
			t.say("start_waiting")
		}
		return
	}
	if t.parked() {
		return
	}
	if f := t.c.Top(); f == nil || f.Asked == 0 {
		t.greet()
		return
	}
	t.c.Paused = true
	if !answered {
		t.say("start")
	}
}

// speak changes the language and puts the open question again. It tells false
// when the territory does not have that language.
func (t *turn) speak(lang string) bool {
	if !slices.Contains(t.w.Territory.Languages, lang) {
		return false
	}
	t.c.Lang = lang
	t.known = nil
	if t.c.Owner.Kind == Adviser {
		t.forHumans()
		return true
	}
	if t.parked() {
		return true
	}
	t.say("language_set")
	switch f := t.c.Top(); {
	case t.c.Owner.Kind != Assistant:
	case f == nil || f.Asked == 0:
		t.greet()
	default:
		t.askAgain()
	}
	return true
}

func (t *turn) pause() {
	t.c.Paused = true
	t.say("pause")
}

func (t *turn) restart() {
	t.c.Frames, t.c.Paused, t.c.Withheld = nil, false, false
	t.add(Withdraw{})
	t.say("restart_ok")
	if t.c.Known {
		t.begin("prediagnostic", "start", "")
		return
	}
	t.greet()
}

// back undoes the last answer, or says that there is none.
func (t *turn) back() {
	f := t.c.Top()
	if f == nil {
		t.greet()
		return
	}
	flow := t.flow(f)
	if flow == nil {
		t.lost()
		return
	}
	before := f.At.Vars
	position, outcome, ok := flow.Undo(f.At)
	if !ok {
		t.say("back_none")
		t.askAgain()
		return
	}
	for _, v := range before[len(position.Vars):] {
		if !strings.HasPrefix(v.Name, "_") {
			t.add(Withdraw{Key: v.Name})
		}
	}
	f.At, t.c.Paused, t.moved = position, false, true
	t.carry(flow, outcome)
}

func (t *turn) skip() {
	f := t.c.Top()
	if f == nil || f.Asked == 0 {
		t.greet()
		return
	}
	flow := t.flow(f)
	if flow == nil {
		t.lost()
		return
	}
	before := f.At.State
	position, outcome := flow.Skip(f.At, t.facts())
	f.At, t.c.Paused, t.moved = position, false, position.State != before
	if t.moved {
		t.say("skip_ok")
	}
	t.carry(flow, outcome)
}
