package machine

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestParseProcess(t *testing.T) {
	const rest = " S 42 1 1 0 -1 4194560 10 0 0 0 150 50 7 3 20 0 1 0 100 200 300"
	for name, line := range map[string]string{"postgres": "7 (postgres)" + rest, "odd) (name": "7 (odd) (name)" + rest} {
		p, ok := parseProcess(line)
		if !ok || p.name != name || p.parent != 42 || p.own != 2*time.Second || p.dead != 100*time.Millisecond {
			t.Errorf("%q: got %+v, %v", line, p, ok)
		}
	}
	for _, line := range []string{"", "7 postgres S 1", "7 (x) S 1 2"} {
		if _, ok := parseProcess(line); ok {
			t.Errorf("%q was read", line)
		}
	}
}

// TestTreeCountsChildren: what a child used counts while it lives and after it
// was waited for.
func TestTreeCountsChildren(t *testing.T) {
	before := Tree(os.Getpid())
	spin := exec.Command("/bin/sh", "-c", "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done")
	if err := spin.Run(); err != nil {
		t.Fatal(err)
	}
	used := spin.ProcessState.UserTime() + spin.ProcessState.SystemTime()
	if got := Tree(os.Getpid()) - before; got < used-2*tick {
		t.Errorf("the family used %v, its child alone %v", got, used)
	}
	if Tree(1<<30) != 0 {
		t.Error("a process that does not exist has used something")
	}
}

func TestParent(t *testing.T) {
	if got := Parent(os.Getpid()); got != 0 {
		t.Errorf("parent %d: this program was not started by one of its name", got)
	}
}

func TestIdleSince(t *testing.T) {
	before := Ticks{Idle: 100, Total: 1000}
	if got := (Ticks{Idle: 150, Total: 1200}).IdleSince(before); got != 0.25 {
		t.Errorf("idle %v, want a quarter", got)
	}
	if got := before.IdleSince(before); got != 0 {
		t.Errorf("idle %v of no time at all", got)
	}
	if now := Now(); now.Total == 0 || now.Idle > now.Total {
		t.Errorf("the machine says %+v", now)
	}
}

func TestDescribe(t *testing.T) {
	if d := Describe(); d.Cores < 1 || d.Kernel == "" || d.Processor == "" {
		t.Errorf("described as %+v", d)
	}
	if Resident(os.Getpid()) < 1000 {
		t.Error("this process holds less than a megabyte")
	}
}

// TestFloor: every disk write and every echo is timed, and they come sorted.
func TestFloor(t *testing.T) {
	for name, measure := range map[string]func(int, time.Duration) ([]time.Duration, error){"syncs": Syncs, "echoes": Echoes} {
		took, err := measure(50, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(took) != 50 || took[0] <= 0 || !slices.IsSorted(took) {
			t.Errorf("50 %s: %v", name, took)
		}
	}
}
