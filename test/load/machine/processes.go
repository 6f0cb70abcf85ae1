// Package machine reads from the kernel what a run costs: the processor time of
// processes and the idle share of the whole machine. It knows Linux only;
// elsewhere every figure is zero and tables show a dash.
package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit in which the kernel tells processor time to programs: 100 a
// second on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// process is one line of /proc/<pid>/stat, cut to what is used.
type process struct {
	name      string
	parent    int
	own, dead time.Duration // dead: of its children that ended and were waited for
}

// readProcess returns false when there is no such process.
func readProcess(pid int) (process, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	return parseProcess(string(data))
}

// parseProcess reads "pid (name) state ppid … utime stime cutime cstime …". The
// name may hold anything, parentheses too.
func parseProcess(line string) (process, bool) {
	begin, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if begin < 0 || end < begin {
		return process{}, false
	}
	fields := strings.Fields(line[end+1:])
	if len(fields) < 15 {
		return process{}, false
	}
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	return process{
		name: line[begin+1 : end], parent: number(1),
		own:  time.Duration(number(11)+number(12)) * tick,
		dead: time.Duration(number(13)+number(14)) * tick,
	}, true
}

// Tree is the processor time used so far by a process and all its
// descendants, those that ended included. It is zero for a process that is
// gone.
func Tree(pid int) time.Duration {
	all := map[int]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if p, ok := readProcess(id); ok {
			all[id] = p
		}
	}
	var total time.Duration
	for id, p := range all {
		if descends(all, id, pid) {
			total += p.own + p.dead
		}
	}
	return total
}

func descends(all map[int]process, id, from int) bool {
	for range 32 { // deeper than any family of ours
		if id == from {
			return true
		}
		p, known := all[id]
		if !known {
			return false
		}
		id = p.parent
	}
	return false
}

// Own is the processor time that this process has used so far.
func Own() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Parent finds the process that started another one, when both have the same
// name: the server of a Postgres backend. It is 0 when they have not, as on a
// database of another machine.
func Parent(pid int) int {
	p, ok := readProcess(pid)
	if !ok {
		return 0
	}
	if parent, ok := readProcess(p.parent); !ok || parent.name != p.name {
		return 0
	}
	return p.parent
}

// Resident is the memory a process holds, in kB, as the kernel counts it; 0
// when it is gone.
func Resident(pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	kB, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.Atoi(kB)
	return n
}
