package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relais/test/load/operator"
	"relais/test/program"
)

// TestMain lets the test program be the operator's process, as the benchmark's
// is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == operator.Command {
		if err := operator.Main(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	program.Main(m)
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values       []float64
		want, spread float64
	}{
		{nil, 0, 0},
		{[]float64{5}, 5, 0},
		{[]float64{9, 1, 5}, 5, 1.6},
		{[]float64{4, 2, 8, 6}, 4, 1.5},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v: %v", c.values, got)
		}
		if c.values != nil && math.Abs(spread(c.values)-c.spread) > 1e-9 {
			t.Errorf("spread of %v: %v", c.values, spread(c.values))
		}
	}
}

// TestRatiosStayInsideARound: a slow machine in round 2 changes both, and the
// ratio does not see it.
func TestRatiosStayInsideARound(t *testing.T) {
	ours := []Run{{Round: 1, PerSecond: 6000}, {Round: 2, PerSecond: 3000}, {Round: 4, PerSecond: 1}}
	yardstick := []Run{{Round: 2, PerSecond: 2000}, {Round: 1, PerSecond: 4000}, {Round: 3, PerSecond: 9}}
	if got := list("%.1f", ratios(ours, yardstick, func(r Run) float64 { return r.PerSecond })); got != "1.5 1.5" {
		t.Errorf("ratios %s", got)
	}
}

// TestRemindersMayLeaveAtNoon: at every hour of a working day there is a zone
// where it is about noon; on a Sunday there may be none.
func TestRemindersMayLeaveAtNoon(t *testing.T) {
	for hour := range 24 {
		_, open, err := atNoon(time.Date(2026, 11, 25, hour, 59, 0, 0, time.UTC))
		if err != nil || !open {
			t.Errorf("Wednesday at %d: open %v, %v", hour, open, err)
		}
	}
	if _, open, err := atNoon(time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)); err != nil || open {
		t.Errorf("Sunday at noon: open %v, %v", open, err)
	}
}

func TestBadOptions(t *testing.T) {
	for _, args := range [][]string{
		{}, {"nothing"}, {"turns", "-c", "0"}, {"turns", "-c", "1,many"}, {"turns", "-stores", "oracle"}, {"turns", "-replies", "lost"},
		{"turns", "-rounds", "0"}, {"turns", "-people", "0"}, {"turns", "-d", "1ms"}, {"turns", "extra"}, {"turns", "-binary", "/nowhere"},
		{"growth", "-lines", "-5"}, {"jobs", "-wave", "-1"}, {"open", "-url", "ftp://x"}, {"open", "-url", "http://127.0.0.1:1"},
	} {
		args := args
		for _, a := range args {
			if strings.HasPrefix(a, "http://") {
				t.Setenv("TWILIO_AUTH_TOKEN", "")
			}
		}
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}

// TestRemoteTextsNobody: a server that others use may have a real operator
// behind it.
func TestRemoteTextsNobody(t *testing.T) {
	t.Setenv("TWILIO_AUTH_TOKEN", "token")
	err := run(t.Context(), []string{"open", "-url", "http://127.0.0.1:1", "-people", "20000"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "belong to nobody") {
		t.Errorf("20000 people may text a remote server: %v", err)
	}
}

// TestEveryPart runs each part, tiny, on the real program and SQLite.
func TestEveryPart(t *testing.T) {
	program.Whole(t)
	binary, err := program.Path()
	if err != nil {
		t.Fatal(err)
	}
	common := []string{"-binary", binary, "-stores", "sqlite", "-rounds", "1", "-people", "2000", "-d", "300ms", "-warm", "100ms"}
	for _, c := range []struct {
		args []string
		want []string
		runs int
	}{
		{[]string{"turns", "-c", "2"}, []string{"replies held", "replies delivered", "sqlite"}, 2},
		{[]string{"latency"}, []string{asleep, awake, halfLoad}, 4},
		{[]string{"growth", "-lines", "400,2000", "-long", "100", "-rate", "50"}, []string{"× fewest lines", "p50 × short"}, 4},
		{[]string{"jobs", "-idle", "0", "-future", "1000", "-wave", "50", "-beside", "20", "-reminders", "0", "-simulated", "20"}, []string{"texts, null operator", "texts, people talk", "texts, simulated"}, 3},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			report := filepath.Join(t.TempDir(), "runs.json")
			var out strings.Builder
			args := append(append([]string{c.args[0]}, common...), append(c.args[1:], "-json", report)...)
			if err := run(context.Background(), args, &out); err != nil {
				t.Fatalf("%v\n%s", err, &out)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, &out)
				}
			}
			checkRuns(t, report, c.runs)
		})
	}
}

// checkRuns reads what -json wrote: nothing failed, nothing was left, and every
// text was counted.
func checkRuns(t *testing.T, path string, want int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var report struct{ Runs []Run }
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Runs) != want {
		t.Errorf("%d runs, want %d", len(report.Runs), want)
	}
	for _, r := range report.Runs {
		if r.Failures != 0 || r.Left != 0 || r.Silent != 0 || r.Twice != 0 || r.PerSecond <= 0 {
			t.Errorf("%s %s: %+v", r.Part, r.Label, r)
		}
	}
}
