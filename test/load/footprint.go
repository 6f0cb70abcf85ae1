package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// footprint prints what the server weighs: its file, its start, its memory
// when nobody talks.
func footprint(o options) error {
	info, err := os.Stat(o.binary)
	if err != nil {
		return err
	}
	var starts []time.Duration
	var memory int
	for range o.rounds {
		began := time.Now()
		s, err := target(o)
		if err != nil {
			return err
		}
		starts = append(starts, time.Since(began))
		time.Sleep(3 * time.Second) // what the start left behind is given back
		memory = max(memory, s.resident())
		s.stop()
	}
	slices.Sort(starts)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "footprint\tmeasured\taim\tlibredesk")
	fmt.Fprintf(w, "binary\t%.1f MB\t40 MB\t43 MB\n", float64(info.Size())/1e6)
	fmt.Fprintf(w, "start to ready, empty store\t%d ms\t500 ms\t2200 ms\n", starts[len(starts)/2].Milliseconds())
	fmt.Fprintf(w, "idle memory (RSS)\t%.1f MB\t60 MB\t47–50 MB\n", float64(memory)/1e3)
	return w.Flush()
}

// resident is the server's memory in kB, as the kernel counts it.
func (s *server) resident() int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	var kB int
	fmt.Sscan(rest, &kB)
	return kB
}
