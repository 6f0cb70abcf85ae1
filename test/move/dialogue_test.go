package move

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"relais/bot"
	"relais/bot/appointments"
	"relais/test/pgtest"
	"relais/test/program"
)

var (
	talker  = bot.Address{Channel: bot.SMS, Value: "+33639980041"}
	expects = bot.Address{Channel: bot.SMS, Value: "+33639980042"} // an appointment
	control = bot.Address{Channel: bot.SMS, Value: "+33639980043"} // says the same where nothing moves
)

// TestMoveInMidDialogue moves a store between two answers: the dialogue goes
// on where it was, word for word as one that was not moved; the reminder of an
// appointment leaves once; an adviser stays signed in.
func TestMoveInMidDialogue(t *testing.T) {
	url := pgtest.Start(t)
	morning := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	path, file := newFile(t)
	before := serve(t, file, morning)
	say := func(v *service, who bot.Address, from, to int) {
		t.Helper()
		for i, text := range program.Script[from:to] {
			v.text(t, who, fmt.Sprintf("SM%s%d", who.Value, from+i), text)
			v.settle(t)
		}
	}
	const half = 6
	say(before, talker, 0, half)
	say(before, control, 0, len(program.Script))
	book(t, before, morning)
	token := sha256.Sum256([]byte("session"))
	account := bot.Account{ID: strings.Repeat("0", 32), Email: "samira@example.org", Name: "Samira", Created: morning}
	if err := errors.Join(file.SaveAdviser(t.Context(), account), file.OpenSession(t.Context(),
		bot.SignIn{TokenHash: token, Adviser: account.ID, Until: morning.Add(time.Hour), Latest: morning.Add(time.Hour)})); err != nil {
		t.Fatal(err)
	}
	before.settle(t)
	before.stop()
	left := look(t, file)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}

	out, err := move(path, url)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "moved:") || strings.Contains(out, "DIFFERS") || strings.Count(out, " same") < 18 {
		t.Errorf("the command said:\n%s", out)
	}

	there := openServer(t, url)
	if diff := cmp.Diff(left, look(t, there), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("people arrived otherwise than they left (-left +arrived):\n%s", diff)
	}
	if _, err := there.Signed(t.Context(), token, morning.Add(time.Minute), morning.Add(time.Minute)); err != nil {
		t.Errorf("the adviser's session: %v", err)
	}
	after := serve(t, there, before.clock.Now())
	say(after, talker, half, len(program.Script))
	told := append(before.sent.to(talker), after.sent.to(talker)...)
	if diff := cmp.Diff(before.sent.to(control), told); diff != "" {
		t.Errorf("who was moved was told otherwise (-control +moved):\n%s", diff)
	}
	if again, err := after.Receive(t.Context(), bot.Ref{Address: talker}, bot.Event{Source: "twilio", ID: "SM" + talker.Value + "0", What: bot.Said{Text: "Bonjour"}}); err != nil || !again.Seen {
		t.Errorf("a text from before the move, delivered again: %+v (%v)", again, err)
	}

	reminders := func() int {
		return len(slices.DeleteFunc(after.sent.to(expects), func(text string) bool { return !strings.Contains(text, "MSAP de Morteau") }))
	}
	if n := reminders(); n != 0 {
		t.Errorf("%d reminders before their time", n)
	}
	for _, hours := range []time.Duration{49, 1, 1} { // ten o'clock, two days before it
		after.clock.move(hours * time.Hour)
		after.settle(t)
	}
	if n := reminders(); n != 1 {
		t.Errorf("%d reminders, want 1: %q", n, after.sent.to(expects))
	}
}

// book tells of an appointment in four days.
func book(t *testing.T, v *service, now time.Time) {
	t.Helper()
	a := appointments.Appointment{
		Key: appointments.Key{Source: "csv", ExternalID: "1"}, Start: now.AddDate(0, 0, 4).Add(4 * time.Hour), Duration: time.Hour,
		Status: appointments.Planned, Organisation: "departement", Place: "MSAP de Morteau", Lang: "fr", BookedAt: now,
	}
	event := bot.Event{Source: "import", What: bot.Booked{Appointment: a, Lang: "fr"}}
	if _, err := v.Receive(t.Context(), bot.Ref{Address: expects}, event); err != nil {
		t.Fatal(err)
	}
}

// seen is what a store tells of its people.
type seen struct {
	Loaded  bot.Loaded
	Dossier bot.Dossier
}

func look(t *testing.T, s store) []seen {
	t.Helper()
	var all []seen
	for _, who := range []bot.Address{talker, expects, control} {
		l, err := s.Load(t.Context(), bot.Ref{Address: who})
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Export(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, seen{l, d})
	}
	return all
}
