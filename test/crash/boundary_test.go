package crash

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/test/program"
)

// boundaries are the moments around each kind of transaction at which a crash
// leaves something else behind: before it, with its rows written but not
// committed, and after its COMMIT, when nobody has been told yet.
var boundaries = []string{
	"commit:before", "commit:written", "commit:after",
	"claim:before", "claim:written", "claim:after",
	"save:before", "save:written", "save:after",
}

// TestCrashAtEachBoundary lets the server die at each commit boundary, several
// times each, while more and more people text. The promises hold as if nothing
// had happened.
func TestCrashAtEachBoundary(t *testing.T) {
	program.Whole(t)
	t.Parallel()
	together(t, boundaries[:6], func(t *testing.T, boundary string) {
		// A newcomer is claimed for once at the least, and committed for often.
		visits := []int{1, 3, 7}
		if strings.HasPrefix(boundary, "claim:") {
			visits = []int{1, 1, 1}
		}
		s := newScene(t, len(visits))
		s.town.Open()
		var people sync.WaitGroup
		for i, visit := range visits {
			dying := s.start(t, fmt.Sprintf("RELAIS_TEST_CRASH=%s@%d", boundary, visit))
			s.town.Open()
			people.Go(func() { s.playOne(t, s.town.Phones[i]) })
			waitEnded(t, dying, visit)
			s.town.Close()
		}
		s.start(t)
		s.town.Open()
		people.Wait()
		s.town.CheckPromises(t, s.env)
	})
}

// TestCrashWhileSettingUp lets the first start die at each transaction that
// gives an empty store what it needs. The next start carries on.
func TestCrashWhileSettingUp(t *testing.T) {
	program.Whole(t)
	t.Parallel()
	together(t, boundaries[6:], func(t *testing.T, boundary string) {
		for visit := 1; visit <= 3; visit++ {
			s := newScene(t, 1)
			crash := fmt.Sprintf("RELAIS_TEST_CRASH=%s@%d", boundary, visit)
			server, err := program.Start(slices.Concat(s.env, []string{crash}))
			if !errors.Is(err, program.ErrEnded) {
				server.Kill()
				t.Fatalf("%s was not passed %d times at the first start: %v", boundary, visit, err)
			}
			s.start(t)
			s.town.Open()
			s.playOne(t, s.town.Phones[0])
			s.town.CheckPromises(t, s.env)
		}
	})
}

// together runs one subtest per boundary, all at once: most of their time is
// spent waiting for leases to end.
func together(t *testing.T, points []string, test func(*testing.T, string)) {
	var running sync.WaitGroup
	for _, point := range points {
		running.Go(func() { t.Run(point, func(t *testing.T) { test(t, point) }) })
	}
	running.Wait()
}

func waitEnded(t *testing.T, server *program.Server, visit int) {
	t.Helper()
	select {
	case <-server.Ended():
	case <-time.After(time.Minute):
		t.Fatalf("the server never passed its boundary %d times", visit)
	}
}
