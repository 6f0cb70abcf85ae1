package bot

import (
	"slices"

	"relais/flows"
	"relais/flows/understand"
)

// answer reads a text as the answer to the open question, asks again when it
// cannot, and greets whoever writes out of the blue.
func (t *turn) answer(text string) {
	f := t.c.Top()
	if f == nil || f.Asked == 0 {
		t.greet()
		return
	}
	if t.c.Paused && f.Flow != "reminder" {
		r := understand.Read(understand.Question{Kind: understand.YesNo, Lang: t.lang()}, text)
		switch {
		case r.Status != understand.Understood:
		case r.Values[0] == "yes":
			t.c.Paused, t.moved = false, true
			t.askAgain()
			return
		default: // not now: it must not be taken for the answer
			t.pause()
			return
		}
	}
	if r, ok := t.read(text); ok {
		t.c.Paused = false
		t.take(r)
		return
	}
	t.excused = t.excused || understand.Courtesy(text)
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

// take moves the dialogue along an answer. One that fits several communes, again
// and again, is no progress.
func (t *turn) take(r understand.Reading) {
	f := t.c.Top()
	flow := t.flow(f)
	before, misses := f.At.State, f.At.Misses
	position, outcome := flow.Answer(f.At, r, t.facts())
	f.At, t.moved = position, true
	if r.Status == understand.Ask && position.State == before {
		t.moved = false
		f.At.Misses = misses + 1
		if f.At.Misses > 2 {
			f.At.Misses = 0
			t.handOff(Request{Reason: "not_understood", By: FromAssistant, Before: "unclear_3"})
			return
		}
	}
	t.carry(flow, outcome)
}

// answersDanger reads a text that names, as the open question words it, an
// option that leads to the line of a danger: the dialogue then gives that line
// itself, and goes on from there.
func (t *turn) answersDanger(text string) (understand.Reading, bool) {
	f := t.c.Top()
	if f == nil || f.Asked == 0 || t.c.Owner.Kind != Assistant {
		return understand.Reading{}, false
	}
	flow := t.flow(f)
	if flow == nil {
		return understand.Reading{}, false
	}
	q, ok := flow.Question(f.At, t.c.Lang, t.facts())
	if !ok || q.Kind != understand.Choice {
		return understand.Reading{}, false
	}
	r := understand.Read(q, text)
	if r.Status != understand.Understood {
		return understand.Reading{}, false
	}
	for _, o := range flow.States[f.At.State].Options {
		if o.Value == r.Values[0] && leadsToCrisis(flow, o.To) {
			return r, true
		}
	}
	return understand.Reading{}, false
}

func leadsToCrisis(flow *flows.Flow, state string) bool {
	s := flow.States[state]
	return s != nil && slices.ContainsFunc(s.Do, func(a flows.Action) bool { return a.Kind == flows.DoCrisis })
}

// unclear is the path of what was not understood: say so and ask again, then
// offer the choices alone, then a human.
func (t *turn) unclear() {
	f := t.c.Top()
	if t.flow(f) == nil {
		t.lost()
		return
	}
	if t.excused {
		t.askAgain()
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
