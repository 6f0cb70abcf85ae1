package cluster

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"relais/test/pgserver"
)

//go:embed turn.sql
var turnSQL string

// stateSize is that of a conversation half-way through the questionnaire.
const stateSize = 1000

// Yardstick is the same turn written as one function call, driven by pgbench.
type Yardstick struct {
	cluster *Cluster
	at      *url.URL
	dir     string
	people  int
}

// Measure is what pgbench says.
type Measure struct {
	PerSecond float64
	P50, P99  time.Duration
	Generator time.Duration // processor time of pgbench itself
}

// ErrNoBench is returned when pgbench is not installed.
var ErrNoBench = errors.New("pgbench not found")

// HasBench tells whether pgbench can be run: nil, or ErrNoBench.
func HasBench() error {
	_, err := findBench()
	return err
}

// NewYardstick puts people and the function into a database that has the
// program's own schema and nothing else. Close it.
func (c *Cluster) NewYardstick(ctx context.Context, at *url.URL, people int) (*Yardstick, error) {
	y := &Yardstick{cluster: c, at: at, people: people}
	if err := y.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare pgbench: %w", err), y.Close())
	}
	return y, nil
}

func (y *Yardstick) prepare(ctx context.Context) error {
	statements := strings.ReplaceAll(turnSQL, ":people", strconv.Itoa(y.people))
	if err := y.cluster.Execute(ctx, y.at, statements); err != nil {
		return err
	}
	var err error
	if y.dir, err = os.MkdirTemp("", "relais-load-pgbench"); err != nil {
		return err
	}
	script := fmt.Sprintf("\\set who random(0, %d)\nSELECT bench_turn(:who, :st);\n", y.people-1)
	return os.WriteFile(y.script(), []byte(script), 0o600)
}

func (y *Yardstick) script() string { return filepath.Join(y.dir, "turn.pgbench") }

// Close removes its files; the database is the caller's.
func (y *Yardstick) Close() error { return os.RemoveAll(y.dir) }

// Run drives so many clients for whole seconds.
func (y *Yardstick) Run(ctx context.Context, clients, seconds int) (Measure, error) {
	program, err := findBench()
	if err != nil {
		return Measure{}, err
	}
	state := make([]byte, stateSize)
	rand.Read(state)
	run := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(seconds),
		"-l", "--sampling-rate=0.2", "-D", `st=\x`+hex.EncodeToString(state), "-f", y.script(), y.at.String())
	run.Dir = y.dir
	out, err := run.CombinedOutput()
	if err != nil {
		return Measure{}, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	m := Measure{Generator: run.ProcessState.UserTime() + run.ProcessState.SystemTime()}
	if m.PerSecond, err = readRate(string(out)); err != nil {
		return Measure{}, err
	}
	m.P50, m.P99, err = y.readLogs()
	return m, err
}

// readRate finds "tps = 7048.123 (without initial connection time)".
func readRate(report string) (float64, error) {
	_, rest, found := strings.Cut(report, "tps = ")
	number, _, _ := strings.Cut(rest, " ")
	rate, err := strconv.ParseFloat(number, 64)
	if !found || err != nil {
		return 0, errors.New("pgbench: its report has no rate")
	}
	return rate, nil
}

// readLogs takes the third column of pgbench's logs, µs, and removes them.
func (y *Yardstick) readLogs() (p50, p99 time.Duration, err error) {
	logs, err := filepath.Glob(filepath.Join(y.dir, "pgbench_log.*"))
	if err != nil {
		return 0, 0, err
	}
	var delays []int
	for _, path := range logs {
		f, err := os.Open(path)
		if err != nil {
			return 0, 0, fmt.Errorf("pgbench: %w", err)
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if columns := strings.Fields(lines.Text()); len(columns) > 2 {
				µs, _ := strconv.Atoi(columns[2])
				delays = append(delays, µs)
			}
		}
		if err := errors.Join(f.Close(), os.Remove(path)); err != nil {
			return 0, 0, fmt.Errorf("pgbench: %w", err)
		}
	}
	if len(delays) == 0 {
		return 0, 0, errors.New("pgbench: its logs are empty")
	}
	slices.Sort(delays)
	at := func(i int) time.Duration { return time.Duration(delays[i]) * time.Microsecond }
	return at(len(delays) / 2), at(len(delays) * 99 / 100), nil
}

// findBench finds pgbench: the one beside the server's programs, else by PATH.
func findBench() (string, error) {
	if bin, err := pgserver.Programs(); err == nil {
		if path, err := exec.LookPath(filepath.Join(bin, "pgbench")); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath("pgbench")
	if err != nil {
		return "", ErrNoBench
	}
	return path, nil
}
