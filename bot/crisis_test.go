package bot_test

import (
	"strings"
	"testing"
	"time"

	"relais/bot"
)

func TestCrisisLineComesFirstAndOnce(t *testing.T) {
	k := newTalk(t)
	k.say("bonjour")
	k.say("STOP")
	k.say("je veux mourir")
	said := k.said()
	if len(said) != 2 || !strings.HasPrefix(said[0], "3114") {
		t.Fatalf("after an opt-out the person reads %q, want the line and one tail", said)
	}
	if k.c.HandOff == nil || !k.c.HandOff.Urgent || k.c.Owner.Kind != bot.Queue {
		t.Fatalf("nobody was told: %+v", k.c.HandOff)
	}
	k.w.Now = k.w.Now.Add(10 * time.Minute)
	k.say("je veux mourir")
	if said := k.said(); len(said) != 0 {
		t.Errorf("within 30 minutes the line is repeated: %q", said)
	}
	k.w.Now = k.w.Now.Add(30 * time.Minute)
	k.say("je veux mourir")
	if said := k.said(); len(said) != 2 {
		t.Errorf("40 minutes later the person reads %q", said)
	}
}

func TestAlertClimbsUntilSomebodyHasSeenIt(t *testing.T) {
	k := newTalk(t)
	k.say("je veux mourir")
	alert := func() (again, paged bool) {
		k.w.Now = k.w.Now.Add(5 * time.Minute)
		k.happen(bot.Due{Job: bot.Job{Kind: bot.JobAlert, Conversation: k.c.ID}})
		for _, e := range k.effects {
			switch x := e.(type) {
			case bot.Schedule:
				again = again || x.Job.Kind == bot.JobAlert
			case bot.Page:
				paged = true
				if strings.Contains(string(x.Text), "mourir") {
					t.Errorf("the call tells what was said: %q", x.Text)
				}
			}
		}
		return again, paged
	}
	for round, wantPage := range []bool{false, true, true} {
		if again, paged := alert(); !again || paged != wantPage {
			t.Errorf("round %d: again %v, whoever is on call is told %v, want %v", round+1, again, paged, wantPage)
		}
	}
	k.happen(bot.Acknowledged{By: bot.Actor{Adviser: "1", Name: "Samira", Organisation: k.c.HandOff.Organisation}})
	if again, paged := alert(); again || paged {
		t.Error("the alert goes on after somebody has seen it")
	}
}
