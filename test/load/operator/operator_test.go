package operator

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"relais/channels/twilio"
	"relais/test/load/texting"
)

// TestMain lets the test program be the operator's process, as the benchmark's
// is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Command {
		if err := Main(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var account = Account{SID: "AC" + strings.Repeat("0", 32), Token: "token", Number: "+33937000000"}

func start(t *testing.T, kind Kind) (*Process, *twilio.Sender) {
	t.Helper()
	p, err := Start(kind, account, 10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	sender, err := twilio.NewSender(twilio.SenderConfig{AccountSID: account.SID, AuthToken: account.Token, From: account.Number, APIURL: p.URL})
	if err != nil {
		t.Fatal(err)
	}
	return p, sender
}

// TestOperatorsCountWhatTheSenderSends: both, in a process of their own, with
// the product's own sender.
func TestOperatorsCountWhatTheSenderSends(t *testing.T) {
	for _, kind := range []Kind{Null, Simulated} {
		t.Run(string(kind), func(t *testing.T) {
			p, sender := start(t, kind)
			for i, body := range []string{"un n=1", "deux n=2", "sans numéro & co"} {
				if _, err := sender.Send(t.Context(), twilio.Message{To: texting.Phone(3), Body: body, Ref: fmt.Sprint("ref-", i)}); err != nil {
					t.Fatal(err)
				}
			}
			messages, at := p.Tally.Arrived(3)
			if messages != 3 || p.Tally.Messages() != 3 || p.Tally.Misordered() != 0 || time.Since(at) > time.Minute {
				t.Errorf("%d for the person, %d in all, %d misordered, at %v", messages, p.Tally.Messages(), p.Tally.Misordered(), at)
			}
			if other, _ := p.Tally.Arrived(4); other != 0 || p.Tally.Reached(0, 10) != 3 || p.Tally.Reached(4, 6) != 0 {
				t.Error("counted for somebody else")
			}
		})
	}
}

func TestNullOperatorSeesDisorder(t *testing.T) {
	p, sender := start(t, Null)
	for i, body := range []string{"n=2", "n=1", "n=3", "n=3"} {
		if _, err := sender.Send(t.Context(), twilio.Message{To: texting.Phone(0), Body: body, Ref: fmt.Sprint("ref-", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Tally.Misordered(); got != 3 { // 2 and 1 are swapped, the second 3 is one too many
		t.Errorf("%d misordered, want 3", got)
	}
}

func TestNullOperatorHasNothingToList(t *testing.T) {
	_, sender := start(t, Null)
	found, err := sender.List(t.Context(), texting.Phone(0), time.Now().Add(-time.Hour))
	if err != nil || len(found) != 0 {
		t.Errorf("listed %d, %v", len(found), err)
	}
}

func TestTallyIgnoresStrangers(t *testing.T) {
	tally, err := NewTally(t.TempDir(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer tally.Close()
	for _, person := range []int{-1, 2, 1 << 40} {
		tally.arrive(person, 1, time.Now())
	}
	if tally.Messages() != 3 || tally.Reached(0, 2) != 0 || tally.Misordered() != 0 {
		t.Errorf("%d messages, %d for ours, %d misordered", tally.Messages(), tally.Reached(0, 2), tally.Misordered())
	}
}
