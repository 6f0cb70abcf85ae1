package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"relais/bot"
)

var morning = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// paris is two hours from UTC in summer, one in winter.
func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// alarms are things due at given times; the zero value has none.
type alarms struct {
	clock *Clock
	at    []time.Time
	rang  []time.Time
}

func (a *alarms) due(context.Context) (time.Time, error) {
	for len(a.at) > 0 && !a.at[0].After(a.clock.Now()) {
		a.rang = append(a.rang, a.clock.Now())
		a.at = a.at[1:]
	}
	if len(a.at) == 0 {
		return time.Time{}, nil
	}
	return a.at[0], nil
}

func TestClockStopsWhereSomethingIsDue(t *testing.T) {
	clock := NewClock(morning)
	a := &alarms{clock: clock, at: []time.Time{morning, morning.Add(time.Hour), morning.Add(3 * time.Hour), morning.Add(9 * time.Hour)}}
	if err := clock.MoveTo(t.Context(), morning.Add(4*time.Hour), a.due); err != nil {
		t.Fatal(err)
	}
	want := []time.Time{morning, morning.Add(time.Hour), morning.Add(3 * time.Hour)}
	if fmt.Sprint(a.rang) != fmt.Sprint(want) {
		t.Errorf("rang at %v, want %v", a.rang, want)
	}
	if !clock.Now().Equal(morning.Add(4 * time.Hour)) {
		t.Errorf("the clock shows %v", clock.Now())
	}
	if err := clock.MoveTo(t.Context(), morning, a.due); !errors.Is(err, ErrPast) {
		t.Errorf("back in time: %v, want %v", err, ErrPast)
	}
}

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // in UTC; empty: refused
	}{
		{"2026-03-03 09:00", "2026-03-03T08:00:00Z"},
		{" 2026-07-03 09:00 ", "2026-07-03T07:00:00Z"},
		{"2026-03-03T09:00:00Z", "2026-03-03T09:00:00Z"},
		{"2026-02-30 09:00", ""},
		{"demain", ""},
		{"", ""},
	} {
		got, err := ParseTime(c.text, paris(t))
		if (err != nil) != (c.want == "") || err == nil && got.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%q is read as %v, %v; want %q", c.text, got, err, c.want)
		}
	}
}

// echo answers each message with itself; it keeps what it was told, and when.
type echo struct {
	chat *Chat
	told []string
}

func (e *echo) receive(ctx context.Context, to bot.Ref, event bot.Event) error {
	text := event.What.(bot.Said).Text
	e.told = append(e.told, fmt.Sprint(event.ID, " ", to.Address, " ", e.chat.Clock.Now().Sub(morning), " ", string(text)))
	_, err := e.chat.Screen.Send(ctx, bot.Outgoing{Text: "J'ai lu :\n" + text})
	return err
}

func talk(t *testing.T, input string, repeat bool) (output string, told []string, err error) {
	t.Helper()
	var out strings.Builder
	chat := &Chat{
		In: strings.NewReader(input), Screen: Screen{Out: &out}, Echo: repeat, Clock: NewClock(morning), Zone: paris(t),
		Address: bot.Address{Channel: bot.SMS, Value: "+33639980000"},
	}
	e := &echo{chat: chat}
	chat.Receive, chat.Due = e.receive, (&alarms{clock: chat.Clock}).due
	err = chat.Run(t.Context())
	return out.String(), e.told, err
}

func TestChatReadsLikeATranscript(t *testing.T) {
	got, told, err := talk(t, "bonjour\n\n@ 2026-03-03 09:00\n@ 2026-03-01 09:00\n@ plus tard\n oui \n", true)
	if err != nil {
		t.Fatal(err)
	}
	want := `> bonjour
< J'ai lu :
  bonjour
@ 2026-03-03 09:00
# mardi 3 mars 2026 à 9 h
@ 2026-03-01 09:00
# the clock does not go back
@ plus tard
# "plus tard" is not a time: write 2026-03-03 09:00
> oui
< J'ai lu :
  oui
`
	if got != want {
		t.Errorf("the chat reads\n%s\nwant\n%s", got, want)
	}
	if want := "[1 sms:+33639980000 30s bonjour 2 sms:+33639980000 24h0m30s oui]"; fmt.Sprint(told) != want {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestChatInvitesWhoeverTypes(t *testing.T) {
	got, _, err := talk(t, "oui\n", false)
	if err != nil {
		t.Fatal(err)
	}
	if want := "> < J'ai lu :\n  oui\n> "; got != want {
		t.Errorf("the chat reads %q, want %q", got, want)
	}
}

func TestChatRefusesAnEndlessLine(t *testing.T) {
	_, told, err := talk(t, strings.Repeat("a", lineLimit+1)+"\n", true)
	if err == nil || len(told) != 0 {
		t.Errorf("a line of %d bytes: %v, told %d", lineLimit+1, err, len(told))
	}
}

func TestChatEndsWithItsContext(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	reader, writer, err := os.Pipe() // nobody ever writes
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	chat := &Chat{In: reader, Screen: Screen{Out: &strings.Builder{}}, Clock: NewClock(morning)}
	if err := chat.Run(ctx); err != nil {
		t.Errorf("leaving: %v", err)
	}
}

func ExampleLines() {
	fmt.Print(Lines("< ", "Touchez-vous le RSA ?\n1 Oui\n2 Non"))
	// Output:
	// < Touchez-vous le RSA ?
	//   1 Oui
	//   2 Non
}
