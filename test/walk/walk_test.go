package walk

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"relais/bot"
	"relais/bot/appointments"
	"relais/test/transcripts"
)

// Wherever people get to, by SMS and on the page, the promises of the package
// comment hold. A failure prints the shortest way there that was found.
func TestWalk(t *testing.T) {
	setting, err := transcripts.NewSetting()
	if err != nil {
		t.Fatal(err)
	}
	costs := newBudget(setting.Library)
	for _, address := range []bot.Address{transcripts.Phone, transcripts.Page} {
		t.Run(string(address.Channel), rapid.MakeCheck(func(t *rapid.T) {
			w := newWalker(setting, costs, address)
			if address.Channel == bot.SMS && rapid.Bool().Draw(t, "booked first") {
				w.appointment(t)
			}
			for range rapid.IntRange(0, 30).Draw(t, "already answered") {
				w.answer(t) // most questions lie far from the first one
			}
			t.Repeat(map[string]func(*rapid.T){
				"answer":      w.answer,
				"answer2":     w.answer, // most of what people do
				"answer3":     w.answer,
				"word":        func(t *rapid.T) { w.say(t, bot.Said{Text: bot.Text(pick(t, words, "word"))}) },
				"nonsense":    func(t *rapid.T) { w.say(t, bot.Said{Text: bot.Text(pick(t, nonsense, "nonsense"))}) },
				"danger":      func(t *rapid.T) { w.say(t, bot.Said{Text: bot.Text(pick(t, dangers, "danger"))}) },
				"refusal":     w.refusal,
				"photo":       func(t *rapid.T) { w.say(t, bot.Said{Media: 1}) },
				"button":      w.button,
				"wait":        w.wait,
				"adviser":     w.adviser,
				"appointment": w.appointment,
				"":            w.check,
			})
		}))
	}
}

// walker is one walk.
type walker struct {
	setting *transcripts.Setting
	costs   budget
	stage   *transcripts.Pure
	address bot.Address
	start   time.Time
	n       int64
	seq     map[bot.ID]int64
}

func newWalker(s *transcripts.Setting, costs budget, address bot.Address) *walker {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return &walker{setting: s, costs: costs, stage: transcripts.NewPure(s, start), address: address, start: start, seq: map[bot.ID]int64{}}
}

// now returns the conversation as it stands; a zero one when nobody is known.
func (w *walker) now(t *rapid.T) bot.Conversation {
	c, err := w.stage.Conversation(t.Context(), w.address)
	if err != nil && !errors.Is(err, bot.ErrNotFound) {
		t.Fatal(err)
	}
	return c
}

func (w *walker) answer(t *rapid.T) {
	c := w.now(t)
	if q, ok := question(w.setting, &c, w.address.Channel); ok {
		w.say(t, bot.Said{Text: answer(t, q)})
		return
	}
	w.say(t, bot.Said{Text: "bonjour"})
}

// button presses one of the open question, or one of a question long past.
func (w *walker) button(t *rapid.T) {
	c := w.now(t)
	q, ok := question(w.setting, &c, w.address.Channel)
	if w.address.Channel != bot.Web || !ok || len(q.Options) == 0 {
		t.Skip("no buttons here")
	}
	if rapid.IntRange(0, 4).Draw(t, "outdated") == 0 {
		w.say(t, bot.Said{Choice: "none", To: c.Top().Line - 1})
		return
	}
	w.say(t, bot.Said{Choice: pick(t, q.Options, "button").Value, To: c.Top().Line})
}

// refusal is rarer than the rest: after it hardly anything is said any more.
func (w *walker) refusal(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "refuses") > 0 {
		t.Skip("not this time")
	}
	w.say(t, bot.Said{Text: bot.Text(pick(t, refusals, "refusal"))})
}

func (w *walker) wait(t *rapid.T) {
	w.moveTo(t, w.stage.Now().Add(pick(t, pauses, "pause")))
}

func (w *walker) moveTo(t *rapid.T, at time.Time) {
	beats, err := w.stage.MoveTo(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	w.read(t, beats)
}

// say is one message of the person, half a minute after whatever was before.
func (w *walker) say(t *rapid.T, said bot.Said) {
	w.moveTo(t, w.stage.Now().Add(30*time.Second))
	t.Logf("> %s %s", said.Text, said.Choice)
	before := w.now(t)
	beats := w.happen(t, bot.Ref{Address: w.address}, said)
	after := w.now(t)
	if mayBeSilent(&before, &after) || len(transcripts.Visible(beats[:1])) > 0 {
		return
	}
	t.Fatalf("no answer at %q, owner %s", before.Step, before.Owner.Kind)
}

// mayBeSilent tells when a message needs no answer: a human is in charge, the
// person refused SMS, or the loop guard has called a human.
func mayBeSilent(before, after *bot.Conversation) bool {
	switch {
	case before.Owner.Kind == bot.Queue, before.Owner.Kind == bot.Adviser:
		return true
	case len(after.Threads) > 0 && after.Threads[0].OptedOut:
		return true
	}
	return after.Pace.Parked && !before.Pace.Parked
}

func (w *walker) adviser(t *rapid.T) {
	c := w.now(t)
	if c.HandOff == nil {
		t.Skip("nobody asked for a human")
	}
	by := transcripts.Adviser(pick(t, []string{"Samira", "Paul", "Lea"}, "adviser"))
	does := pick(t, []bot.What{
		bot.Claimed{By: by}, bot.Claimed{By: by}, bot.Wrote{By: by, Text: "Bonjour, je regarde.", Epoch: c.Epoch},
		bot.Wrote{By: by, Text: "à rappeler", Epoch: c.Epoch, Note: true}, bot.GivenBack{By: by},
		bot.Closed{By: by, Outcome: pick(t, outcomes, "outcome")}, bot.Acknowledged{By: by},
	}, "does")
	t.Logf("= %s %T", by.Name, does)
	w.happen(t, bot.Ref{Conversation: c.ID}, does)
}

func (w *walker) appointment(t *rapid.T) {
	if w.address.Channel != bot.SMS {
		t.Skip("appointments belong to phones")
	}
	days := rapid.IntRange(1, 6).Draw(t, "days")
	day := w.stage.Now().In(w.setting.Territory.Zone).AddDate(0, 0, days)
	a := appointments.Appointment{
		Key:    appointments.Key{Source: "file", ExternalID: strconv.Itoa(rapid.IntRange(1, 3).Draw(t, "id")), Participant: "1"},
		Start:  time.Date(day.Year(), day.Month(), day.Day(), 14, 30, 0, 0, day.Location()).UTC(),
		Status: pick(t, []appointments.Status{appointments.Planned, appointments.Planned, appointments.Cancelled, appointments.NoShow}, "status"),
		Place:  "CMS de Planoise", Address: "12 rue Exemple, BESANCON",
		Organisation: pick(t, []string{"departement", "mission-locale", "csapa", ""}, "organisation"),
		Lang:         pick(t, []string{"fr", "en"}, "lang"),
	}
	t.Logf("+ appointment %s %s %s", a.ExternalID, a.Status, a.Start)
	w.happen(t, bot.Ref{Address: w.address}, bot.Booked{Appointment: a, Lang: a.Lang})
}

func (w *walker) happen(t *rapid.T, to bot.Ref, what bot.What) []transcripts.Beat {
	beats, err := w.stage.Happen(t.Context(), to, bot.Event{What: what})
	if err != nil {
		t.Fatal(err)
	}
	w.read(t, beats)
	return beats
}

// read checks every line: numbered without a gap, known, and within its price.
func (w *walker) read(t *rapid.T, beats []transcripts.Beat) {
	for _, beat := range beats {
		for _, effect := range beat.Effects {
			switch x := effect.(type) {
			case bot.Hand:
				if x.HandOff.Reason == "flow_fault" {
					t.Fatalf("a flow is broken at %q", x.HandOff.Step)
				}
			case bot.Say:
				if err := w.line(x.Line); err != nil {
					t.Fatalf("%v: %q", err, string(x.Line.Text))
				}
			}
		}
		for _, line := range transcripts.Visible([]transcripts.Beat{beat}) {
			t.Logf("< %s", string(line.Text))
		}
	}
}

func (w *walker) line(l bot.Line) error {
	if w.n++; l.N != w.n {
		return fmt.Errorf("line %d comes after line %d", l.N, w.n-1)
	}
	if l.Audience != bot.ForAll {
		return nil
	}
	w.seq[l.Thread]++
	if l.Seq != w.seq[l.Thread] {
		return fmt.Errorf("the person reads line %d after line %d", l.Seq, w.seq[l.Thread]-1)
	}
	if l.From != bot.FromAssistant || l.Delivery == bot.Internal {
		return nil
	}
	switch takes, may := w.costs.check(string(l.Text)); {
	case may == 0:
		return errors.New("not a text of the catalogues")
	case takes > may:
		return fmt.Errorf("%d segments, may take %d", takes, may)
	}
	return nil
}

const stateLimit = 8 << 10

// check holds what is true between any two events.
func (w *walker) check(t *rapid.T) {
	c := w.now(t)
	if c.ID.IsZero() {
		return
	}
	if size := len(bot.AppendConversation(nil, &c)); size > stateLimit {
		t.Fatalf("the state takes %d bytes at %q", size, c.Step)
	}
	setAside := c.Top() != nil && c.Top().Asked == 0 // after a hand-off was closed: a word begins again
	if _, asks := question(w.setting, &c, w.address.Channel); len(c.Frames) > 0 && !setAside && !asks {
		t.Fatalf("stuck at %q: no question is open", c.Step)
	}
	next, _, err := w.stage.Try(bot.Ref{Address: w.address}, bot.Said{Text: "CONSEILLER"})
	if err != nil {
		t.Fatal(err)
	}
	if next.HandOff == nil || next.Owner.Kind == bot.Assistant {
		t.Fatalf("no human within reach at %q", c.Step)
	}
}
