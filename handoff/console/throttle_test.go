package console

import (
	"fmt"
	"testing"
	"time"
)

func TestWaitsDoubleAndEnd(t *testing.T) {
	var throttle throttle
	now := monday
	var waits []time.Duration
	for range 12 {
		if wait := throttle.take(now, "samira", "192.0.2.1"); wait > 0 {
			waits = append(waits, wait)
			now = now.Add(wait)
			if again := throttle.take(now, "samira", "192.0.2.1"); again > 0 {
				t.Fatalf("still %v to wait after the wait", again)
			}
		}
	}
	want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}
	for i := range want {
		if i >= len(waits) || waits[i] != want[i]*time.Second {
			t.Fatalf("waits = %v, want seconds %v", waits, want)
		}
	}
	if wait := throttle.take(now, "paul", "192.0.2.1"); wait > 0 {
		t.Errorf("another account of the same office waits %v", wait)
	}
	if wait := throttle.take(now.Add(forgetTries+time.Minute), "samira", "192.0.2.9"); wait > 0 {
		t.Errorf("what was long ago still costs %v", wait)
	}
}

func TestSuccessForgives(t *testing.T) {
	var throttle throttle
	for range 40 {
		if wait := throttle.take(monday, "samira", "192.0.2.1"); wait > 0 {
			t.Fatalf("waits %v although every try succeeded", wait)
		}
		throttle.succeeded("samira", "192.0.2.1")
	}
}

func TestOnePlaceTryingManyAccountsIsSlowed(t *testing.T) {
	var throttle throttle
	tried := 0
	for k := range 100 {
		if throttle.take(monday, fmt.Sprint("account", k), "192.0.2.1") == 0 {
			tried++
		}
	}
	if tried != patienceForPlace.free+1 {
		t.Errorf("%d accounts tried in one second from one place, want %d", tried, patienceForPlace.free+1)
	}
}

func TestACrowdOfMadeUpAccountsFreesNobody(t *testing.T) {
	var throttle throttle
	for range patienceForAccount.free + 1 {
		throttle.take(monday, "samira", "192.0.2.1")
	}
	for k := range 3 * maxTries {
		throttle.take(monday, fmt.Sprint("account", k), fmt.Sprint("place", k))
		if n := len(throttle.tries); n > maxTries+2 {
			t.Fatalf("%d tries are remembered, want at most %d", n, maxTries)
		}
	}
	if wait := throttle.take(monday, "samira", "192.0.2.2"); wait != time.Second {
		t.Errorf("the wait is %v, want still a second", wait)
	}
}
