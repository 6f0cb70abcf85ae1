package bot

import (
	"slices"
	"strings"
	"time"

	"relais/bot/calendar"
	"relais/flows"
	"relais/flows/segments"
	"relais/flows/understand"
)

// log adds a line to the conversation, numbered. A line that the person may
// see takes the next number of its thread.
func (t *turn) log(l Line) *Line {
	t.c.N++
	l.Conversation, l.N, l.At, l.Epoch = t.c.ID, t.c.N, t.w.Now, t.c.Epoch
	if l.Audience == "" {
		l.Audience = ForAll
	}
	if l.Thread.IsZero() {
		l.Thread = t.thread
	}
	if th := t.c.Thread(l.Thread); th != nil && l.Audience == ForAll {
		th.Seq++
		l.Seq = th.Seq
	}
	t.add(Say{l})
	say := t.effects[len(t.effects)-1].(Say)
	return &say.Line
}

// note records something that happened, for advisers.
func (t *turn) note(class, detail string) {
	t.log(Line{From: FromSystem, Class: class, Text: Text(detail), Audience: ForNote})
}

// send is the one door for lines that leave. It numbers them; by SMS it puts
// them in the outbox, a long text in several messages cut where a reader would
// pause, and makes sure that somebody looks there. It returns the last one's
// number in its thread, 0 when nothing may be sent.
func (t *turn) send(l Line) (seq int64) {
	th := t.c.Thread(t.thread)
	switch {
	case th == nil:
		return 0
	case th.Channel != SMS:
		return t.log(l).Seq
	case th.OptedOut && l.Class != "crisis" && l.Class != "opt_out":
		return 0
	}
	l.Delivery = Pending
	parts := []string{string(l.Text)}
	if segments.Measure(parts[0]).Segments > messageSegments {
		parts = segments.Split(parts[0], messageSegments)
	}
	for _, part := range parts {
		l.Text, l.Segments = Text(part), segments.Measure(part).Segments
		seq = t.log(l).Seq
	}
	t.deliver(th.ID, l.Lane, t.w.Now)
	return seq
}

// messageSegments is how long one SMS may be: beyond ten parts some phones show
// them out of order.
const messageSegments = 10

// deliver asks for the outbox of a thread to be emptied.
func (t *turn) deliver(thread ID, lane Lane, due time.Time) {
	t.add(Schedule{Job{
		Key: string(JobDeliver) + ":" + thread.String(), Kind: JobDeliver, Lane: lane,
		Due: due, Conversation: t.c.ID, Thread: thread,
	}})
}

// say says one of the texts that belong to no flow.
func (t *turn) say(key string) { t.sayAs(key, "reply", LaneReply) }

func (t *turn) sayAs(key, class string, lane Lane) {
	t.utter(t.lib.Common(t.c.Lang, key), class, lane)
}

func (t *turn) utter(text flows.Text, class string, lane Lane) {
	words := text.Render(t.sms(), nil, t.value)
	if words == "" {
		return
	}
	t.replied++
	t.send(Line{From: FromAssistant, Text: Text(words), Class: class, Lane: lane})
}

// flowClass and flowLane say what the texts of a flow are for in this turn.
func (t *turn) flowClass() string {
	f := t.c.Top()
	switch {
	case f != nil && f.Flow == "crisis":
		return "crisis"
	case t.class != "":
		return t.class
	case f != nil && f.Flow == "reminder":
		return "reminder:" + f.Subject
	}
	return "reply"
}

func (t *turn) flowLane() Lane {
	switch f := t.c.Top(); {
	case f != nil && f.Flow == "crisis":
		return LaneCrisis
	case t.class != "":
		return LaneNotice
	}
	return LaneReply
}

// ask puts the question of the state the dialogue now stands at.
func (t *turn) ask(flow *flows.Flow, state string) {
	f := t.c.Top()
	q, ok := flow.Question(f.At, t.c.Lang, t.facts())
	if !ok {
		t.lost()
		return
	}
	text, _ := flow.Text(t.c.Lang, flow.States[state].Ask)
	t.put(f, flow, q, text)
}

// askAgain puts the open question once more.
func (t *turn) askAgain() {
	f := t.c.Top()
	if f == nil || f.Asked == 0 {
		return
	}
	flow := t.flow(f)
	if flow == nil {
		t.lost()
		return
	}
	t.ask(flow, f.At.State)
}

// askShort puts the choices alone.
func (t *turn) askShort() {
	f := t.c.Top()
	flow := t.flow(f)
	q, ok := flow.Question(f.At, t.c.Lang, t.facts())
	if !ok || !slices.ContainsFunc(q.Options, func(o understand.Option) bool { return o.Label != "" }) {
		t.askAgain() // nothing is listed
		return
	}
	t.put(f, flow, q, flows.Text{})
}

// put says a question and remembers that it is the open one.
func (t *turn) put(f *Frame, flow *flows.Flow, q understand.Question, text flows.Text) {
	words := strings.TrimSpace(text.Render(t.sms(), q.Options, t.value))
	t.c.Asked++
	line := Line{From: FromAssistant, Text: Text(words), Class: t.flowClass(), Lane: t.flowLane()}
	if !t.sms() {
		line.Choices = t.buttons(q)
		line.Text += Text(t.listed(q))
	}
	t.replied++
	f.Asked, f.AskedAt = t.c.Asked, t.w.Now
	f.Line = t.send(line)
	t.waitFor(f, flow)
}

// buttons are the answers that one press gives.
func (t *turn) buttons(q understand.Question) []Choice {
	var buttons []Choice
	for _, o := range t.choices(q) {
		buttons = append(buttons, Choice{Value: o.Value, Label: o.Label})
	}
	return buttons
}

// listed numbers the answers of a question that may have several: one press
// would send the first of them alone.
func (t *turn) listed(q understand.Question) string {
	if q.Kind != understand.Choices {
		return ""
	}
	var list strings.Builder
	n := 0
	for _, o := range q.Options {
		if o.Label == "" {
			continue
		}
		n++
		list.WriteString("\n" + itoa(int64(n)) + " " + o.Label)
	}
	return list.String()
}

// waitFor sees to it that silence is noticed. One look is planned at a time:
// when it comes too early for the question then open, it is planned again. So
// an ordinary answer moves no job.
func (t *turn) waitFor(f *Frame, flow *flows.Flow) {
	state := flow.States[f.At.State]
	if state == nil || state.Silence == nil {
		return
	}
	if due := t.w.Now.Add(state.Silence.After); t.c.Watch.IsZero() || due.Before(t.c.Watch) {
		t.watch(due)
	}
}

func (t *turn) watch(due time.Time) {
	t.c.Watch = Microseconds(due)
	t.plan(JobSilence, LaneNotice, due, "", 0)
}

// value gives the variables that texts may use.
func (t *turn) value(name string) (string, bool) {
	w := t.w.Territory
	switch name {
	case "service":
		return w.Service, true
	case "territory":
		return w.Name, true
	case "url":
		return w.URL, true
	case "tel":
		return t.team().Tel, true
	case "team":
		return t.team().Name, true
	case "org":
		if o := w.Organisation(t.team().Organisation); o != nil {
			return o.Name, true
		}
		return w.Name, true
	case "deadline":
		return t.moment(t.deadline()), true
	case "first":
		return t.c.Owner.Name, t.c.Owner.Name != ""
	case "day_place":
		return w.DayPlace, true
	case "food_place":
		return w.Food, true
	case "amount":
		return t.amount(), true
	case "since":
		if h := t.c.HandOff; h != nil {
			return t.moment(h.Since), true
		}
		return "", true
	case "sent":
		return t.moment(t.w.Now), true
	}
	if v, ok := t.appointmentValue(name); ok {
		return v, true
	}
	return t.flowValue(name)
}

// flowValue gives what the dialogue under way knows.
func (t *turn) flowValue(name string) (string, bool) {
	f := t.c.Top()
	if f == nil {
		return "", false
	}
	flow := t.flow(f)
	if flow == nil {
		return "", false
	}
	switch name {
	case "n":
		return itoa(int64(flow.Left(f.At, t.facts()))), true
	case "recap":
		lines := flow.RecapLines(t.c.Lang, f.At.Vars)
		if len(lines) == 0 {
			return t.common("nothing_yet"), true
		}
		return strings.Join(lines, ", "), true
	case "topic":
		return flow.Label(t.c.Lang, "_topic", f.At.Vars.First("_topic")), true
	case "COMMUNE", "cp":
		town, codes, ok := understand.CommuneName(f.At.Vars.First("commune"))
		if name == "COMMUNE" {
			return flows.Envelope(town), ok
		}
		return strings.Join(codes, ", "), ok
	}
	value := f.At.Vars.First(name)
	if label := flow.Label(t.c.Lang, name, value); label != "" {
		return label, true
	}
	return value, value != ""
}

// moment writes a time as texts do, in the territory's zone.
func (t *turn) moment(at time.Time) string {
	if at.IsZero() {
		return t.common("deadline_unknown")
	}
	return calendar.Short(at.In(t.w.Territory.Zone), t.c.Lang)
}

// amount says how much is kept, without any of it.
func (t *turn) amount() string {
	answers := map[string]bool{}
	for _, f := range t.c.Frames {
		for _, v := range f.At.Vars {
			if !strings.HasPrefix(v.Name, "_") {
				answers[v.Name] = true
			}
		}
	}
	messages := 0
	for _, th := range t.c.Threads {
		messages += int(th.Seq)
	}
	return t.count("amount_answers", len(answers)) + ", " + t.count("amount_messages", messages)
}

func (t *turn) count(key string, n int) string {
	return t.lib.Common(t.c.Lang, key).Render(true, nil, func(name string) (string, bool) {
		return itoa(int64(n)), name == "count"
	})
}
