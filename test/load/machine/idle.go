package machine

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Ticks is what the whole machine has spent since it started.
type Ticks struct{ Idle, Total int }

// Now reads the machine's ticks.
func Now() Ticks {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Ticks{}
	}
	first, _, _ := strings.Cut(string(data), "\n")
	var t Ticks
	for i, field := range strings.Fields(first) {
		n, _ := strconv.Atoi(field)
		switch {
		case i == 0 || i > 8: // the word cpu; guests, counted in user already
			continue
		case i == 4 || i == 5: // idle, waiting for a disk
			t.Idle += n
		}
		t.Total += n
	}
	return t
}

// IdleSince is the share of the machine's time, 0 to 1, that nobody used.
func (t Ticks) IdleSince(before Ticks) float64 {
	if t.Total == before.Total {
		return 0
	}
	return float64(t.Idle-before.Idle) / float64(t.Total-before.Total)
}

// Description says on what figures were taken: absolute ones mean nothing
// without it.
type Description struct {
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	Kernel    string `json:"kernel"`
	Go        string `json:"go"`
}

// Describe describes this machine.
func Describe() Description {
	d := Description{Processor: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version()}
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(data), "model name\t: "); found {
			d.Processor, _, _ = strings.Cut(rest, "\n")
		}
	}
	if data, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		d.Kernel = strings.TrimSpace(string(data))
	}
	return d
}
