package bot

import (
	"strings"
	"unicode/utf8"

	"relais/flows/understand"
)

// said handles what a person wrote. Before any flow, in every state and in
// this order: crisis, STOP, START, a language's name; then, unless a human is
// in charge, the other global words; then the open question.
func (t *turn) said(what Said) {
	th := t.c.Thread(t.thread)
	if th == nil {
		t.refuse(RefusedNotYours, "") // heard on a thread that is not this conversation's
		return
	}
	outrun := t.outrun(th)
	t.hear(th)
	if what.Own != "" {
		th.Own = what.Own
	}
	text, masked := understand.MaskNIR(cut(string(what.Text)))
	t.heard = Text(text)
	pressed, offered := t.pressed(what)
	switch {
	case what.Choice == "" || text != "":
	case offered:
		t.heard = Text(pressed.Label)
	default:
		t.heard = Text(what.Choice) // a button of an earlier question: its words are gone
	}
	t.log(Line{From: FromPerson, Text: t.heard, Key: what.Key, Class: "said"})

	if family := understand.ReadCrisis(text, t.lang()); family != understand.NoCrisis {
		if r, ok := t.answersDanger(text); ok {
			t.take(r)
			return
		}
		t.crisis(family)
		return
	}
	intent, lang, operators := understand.ReadIntent(text, t.lang())
	if what.OptOut == "STOP" {
		intent, operators = understand.Stop, true
	}
	switch intent {
	case understand.Stop:
		t.stop(text, operators || what.OptOut != "")
		return
	case understand.Start:
		if outrun {
			return // perhaps a STOP came meanwhile
		}
		t.start(what.OptOut != "")
		t.stalled()
		return
	case understand.Language:
		if t.speak(string(lang)) {
			t.stalled()
			return
		}
	}
	if th.OptedOut && t.c.Owner.Kind == Assistant && intent != understand.Human && intent != understand.Call {
		return // nothing can be answered: no question is open for them either
	}
	if t.late(intent) {
		t.catchUp()
		return
	}
	if t.c.Owner.Kind != Assistant && !t.whileWaiting(intent) {
		t.forHumans()
		t.overhear(text)
		return
	}
	if t.parked() {
		return
	}
	if masked {
		t.say("nir_masked")
		t.excused = true
	}
	if what.Media > 0 && strings.TrimSpace(text) == "" {
		t.say("photo")
		t.stalled()
		return
	}
	if what.Choice != "" {
		t.chose(what, pressed, offered)
		return
	}
	if !t.word(intent, text) {
		t.answer(text)
	}
	t.stalled()
}

// textLimit is how much of one message is kept, in characters.
const textLimit = 10_000

func cut(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
	if len(s) <= textLimit || utf8.RuneCountInString(s) <= textLimit {
		return s
	}
	n := 0
	for i := range s {
		if n == textLimit {
			return s[:i] + " […]"
		}
		n++
	}
	return s
}

// greet begins with whoever has no dialogue under way.
func (t *turn) greet() {
	entry := "start"
	if flow := t.lib.Current("welcome"); t.c.Known && flow != nil && flow.Entries["again"] != "" {
		entry = "again"
	}
	t.begin("welcome", entry, "")
}

// forHumans leaves what was said to the people in charge: the assistant is
// silent, the inbox shows that somebody waits.
func (t *turn) forHumans() {
	if h := t.c.HandOff; h != nil && h.Waiting.IsZero() {
		h.Waiting = t.w.Now
	}
}

// whileWaiting tells whether the assistant may go on while a team has the
// conversation in its queue: to withdraw the request, or to read the answer to
// a question that it asked after the request.
func (t *turn) whileWaiting(intent understand.Intent) bool {
	if t.c.Owner.Kind != Queue || t.c.HandOff == nil {
		return false
	}
	if intent == understand.Back {
		return true
	}
	return t.askedSince() && (intent == understand.NoIntent || intent == understand.Skip || intent == understand.Pause)
}

// askedSince tells whether the open question was put after the hand-off was
// asked for.
func (t *turn) askedSince() bool {
	f := t.c.Top()
	return f != nil && t.c.HandOff != nil && f.Asked > t.c.HandOff.Asked
}

// lost is what happens when a state can no longer be resolved: a plain text
// and a human, never silence.
func (t *turn) lost() {
	t.c.Frames = nil
	t.handOff(Request{Reason: "flow_fault", By: FromAssistant, Before: "flow_fault"})
}

// broken keeps what was said when its turn failed, and calls a human.
func (t *turn) broken(what Broken) {
	text, _ := understand.MaskNIR(cut(string(what.Said.Text)))
	if text != "" {
		t.log(Line{From: FromPerson, Text: Text(text), Key: what.Said.Key, Class: "said"})
	}
	if family := understand.ReadCrisis(text, t.lang()); family != understand.NoCrisis {
		if family == understand.SuicideSoft {
			family = understand.Suicide // no question can be asked now
		}
		t.crisisLine(string(family))
	}
	t.lost()
}

func (t *turn) common(key string) string {
	return t.lib.Common(t.c.Lang, key).Render(t.sms(), nil, t.value)
}
