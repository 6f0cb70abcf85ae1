package bot

import (
	"slices"
	"strings"
	"unicode/utf8"

	"relais/flows/understand"
)

// said handles what a person wrote. Before any flow, in every state and in
// this order: crisis, STOP, START, a language's name; then, unless a human is
// in charge, the other global words; then the open question.
func (t *turn) said(what Said) {
	th := t.c.Thread(t.thread)
	th.HeardAt, t.c.Heard = t.w.Now, t.w.Now
	text, masked := understand.MaskNIR(cut(string(what.Text)))
	t.heard = Text(text)
	pressed, offered := t.pressed(what)
	if offered && text == "" {
		t.heard = Text(pressed.Label)
	}
	t.log(Line{From: FromPerson, Text: t.heard, Key: what.Key, Class: "said"})

	if family := understand.ReadCrisis(text, t.lang()); family != understand.NoCrisis {
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
		t.start(what.OptOut != "")
		return
	case understand.Language:
		if t.speak(string(lang)) {
			return
		}
	}
	if t.c.Owner.Kind != Assistant && !t.whileWaiting(intent) {
		t.forHumans()
		return
	}
	if t.parked() {
		return
	}
	if masked {
		t.say("nir_masked")
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
	t.forget(JobSilence, "")
	if th.Channel != SMS {
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
	if th.OptedOut {
		th.OptedOut = false
		t.add(OptIn{Thread: th.ID, At: t.w.Now})
		t.audit("person", "opt_in", "sms")
		t.note("opt_in", "")
	}
	if t.c.Owner.Kind != Assistant {
		t.forHumans()
		return
	}
	if t.c.Top() == nil {
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
	t.moved, t.known = true, nil
	if t.c.Owner.Kind == Adviser {
		t.forHumans()
		return true
	}
	t.say("language_set")
	if t.c.Top() == nil {
		t.greet()
		return true
	}
	t.askAgain()
	return true
}

func (t *turn) pause() {
	t.c.Paused = true
	t.forget(JobSilence, "")
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
	f.At, t.c.Paused = position, false
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
	position, outcome := flow.Skip(f.At, t.facts())
	f.At, t.c.Paused, t.moved = position, false, true
	if state := flow.States[f.At.State]; state != nil && len(outcome.Moves) > 0 {
		t.say("skip_ok")
	}
	t.carry(flow, outcome)
}

// answer reads a text as the answer to the open question, asks again when it
// cannot, and greets whoever writes out of the blue.
func (t *turn) answer(text string) {
	if len(t.c.Frames) == 0 {
		t.greet()
		return
	}
	if t.c.Paused {
		if r := understand.Read(understand.Question{Kind: understand.YesNo, Lang: t.lang()}, text); r.Status == understand.Understood && r.Values[0] == "yes" {
			t.c.Paused, t.moved = false, true
			t.askAgain()
			return
		}
	}
	if r, ok := t.read(text); ok {
		t.c.Paused = false
		t.take(r)
		return
	}
	t.unclear()
}

// read finds the open question that a text answers: the latest one asked, or,
// when the text says nothing to it, the one it interrupted. That frame then
// becomes the top one.
func (t *turn) read(text string) (understand.Reading, bool) {
	for i := len(t.c.Frames) - 1; i >= 0; i-- {
		f := &t.c.Frames[i]
		if f.Asked == 0 {
			continue
		}
		flow := t.flow(f)
		if flow == nil {
			return understand.Reading{}, false
		}
		q, ok := flow.Question(f.At, t.c.Lang, t.facts())
		if !ok {
			continue
		}
		top := i == len(t.c.Frames)-1
		if !top && (q.Kind == understand.Text || q.Kind == understand.YesNo) {
			continue // a bare OUI belongs to the latest question
		}
		q.At = t.w.Now.In(t.w.Territory.Zone)
		if r := understand.Read(q, text); r.Status != understand.Unclear && (top || r.Status == understand.Understood) {
			t.raise(i)
			return r, true
		}
	}
	return understand.Reading{}, false
}

// raise puts a frame on top, above the one that interrupted it.
func (t *turn) raise(i int) {
	f := t.c.Frames[i]
	t.c.Frames = append(slices.Delete(t.c.Frames, i, i+1), f)
}

// take moves the dialogue along an answer.
func (t *turn) take(r understand.Reading) {
	f := t.c.Top()
	flow := t.flow(f)
	position, outcome := flow.Answer(f.At, r, t.facts())
	f.At, t.moved = position, true
	t.carry(flow, outcome)
}

// unclear is the path of what was not understood: say so and ask again, then
// offer the choices alone, then a human.
func (t *turn) unclear() {
	f := t.c.Top()
	if t.flow(f) == nil {
		t.lost()
		return
	}
	if t.c.Owner.Kind != Assistant {
		return // it was said to the team: a machine does not insist beside it
	}
	f.At.Misses++
	switch f.At.Misses {
	case 1:
		t.say("unclear_1")
		t.askAgain()
	case 2:
		t.say("unclear_2")
		t.askShort()
	default:
		f.At.Misses = 0
		t.handOff(Request{Reason: "not_understood", By: FromAssistant, Before: "unclear_3"})
	}
}

// pressed finds the button a person pressed among those of the open question.
func (t *turn) pressed(what Said) (understand.Option, bool) {
	f := t.c.Top()
	if what.Choice == "" || f == nil || f.Asked == 0 || (what.To != 0 && what.To != f.Line) {
		return understand.Option{}, false
	}
	flow := t.flow(f)
	if flow == nil {
		return understand.Option{}, false
	}
	q, ok := flow.Question(f.At, t.c.Lang, t.facts())
	if !ok {
		return understand.Option{}, false
	}
	for _, o := range t.choices(q) {
		if o.Value == what.Choice {
			return o, true
		}
	}
	return understand.Option{}, false
}

// chose takes a button; one of an earlier question is answered by asking the
// present one again.
func (t *turn) chose(what Said, o understand.Option, offered bool) {
	if !offered {
		if len(t.c.Frames) == 0 {
			t.greet()
			return
		}
		t.say("outdated")
		t.askAgain()
		t.stalled()
		return
	}
	t.c.Paused = false
	t.take(understand.Reading{Status: understand.Understood, Values: []string{o.Value}})
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
	if what.Said.Text != "" {
		t.log(Line{From: FromPerson, Text: Text(cut(string(what.Said.Text))), Key: what.Said.Key, Class: "said"})
	}
	t.lost()
}

func (t *turn) choices(q understand.Question) []understand.Option {
	switch q.Kind {
	case understand.YesNo:
		return []understand.Option{
			{Value: "yes", Label: t.common("yes")},
			{Value: "no", Label: t.common("no")},
		}
	case understand.Choice:
		// An option without a label is understood but not offered.
		return slices.DeleteFunc(slices.Clone(q.Options), func(o understand.Option) bool { return o.Label == "" })
	}
	return nil
}

func (t *turn) common(key string) string {
	return t.lib.Common(t.c.Lang, key).Render(t.sms(), nil, t.value)
}
