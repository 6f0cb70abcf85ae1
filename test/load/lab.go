package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"relais/test/load/cluster"
	"relais/test/load/machine"
	"relais/test/pgserver"
)

// lab is what the runs of one invocation share.
type lab struct {
	*options
	out     io.Writer
	cluster *cluster.Cluster // nil when no run needs it, or there is none
	runs    []Run
}

// newLab checks the options and starts what the runs need. A machine without
// Postgres goes on with SQLite, and says so. Close it.
func newLab(ctx context.Context, o *options, out io.Writer) (*lab, error) {
	l := &lab{options: o, out: out}
	if _, err := os.Stat(o.binary); err != nil {
		return nil, fmt.Errorf("no server to start: build one first (make build), or name it with -binary: %w", err)
	}
	if !slices.Contains(o.stores, onPostgres) && !slices.Contains(o.stores, onPgbench) {
		return l, nil
	}
	var err error
	if o.postgres != "" {
		l.cluster, err = cluster.Use(ctx, o.postgres)
	} else {
		l.cluster, err = cluster.Start(ctx)
	}
	if errors.Is(err, pgserver.ErrMissing) {
		o.stores = slices.DeleteFunc(o.stores, func(s string) bool { return s != onSQLite })
		fmt.Fprintln(out, "LEFT OUT: everything on Postgres:", err)
		if len(o.stores) == 0 {
			return nil, errors.New("nothing is left to measure")
		}
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	if err := cluster.HasBench(); err != nil && slices.Contains(o.stores, onPgbench) {
		o.stores = slices.DeleteFunc(o.stores, func(s string) bool { return s == onPgbench })
		fmt.Fprintln(out, "LEFT OUT: the yardstick:", err)
	}
	if l.cluster.CPU() == 0 {
		fmt.Fprintln(out, "the database is not on this machine: its processor time is not known")
	}
	return l, nil
}

// close stops what newLab started and writes the runs.
func (l *lab) close() error {
	var stopped error
	if l.cluster != nil {
		stopped = l.cluster.Stop()
	}
	return errors.Join(stopped, l.write())
}

// write writes the runs to the file that the options name, if any.
func (l *lab) write() error {
	if l.json == "" {
		return nil
	}
	report := struct {
		At      time.Time           `json:"at"`
		Machine machine.Description `json:"machine"`
		Runs    []Run               `json:"runs"`
	}{time.Now().UTC(), machine.Describe(), l.runs}
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("write the runs: %w", err)
	}
	return os.WriteFile(l.json, append(data, '\n'), 0o644)
}

// header says on what the figures were taken.
func (l *lab) header(title string) {
	m := machine.Describe()
	fmt.Fprintf(l.out, "== %s\n   %s, %d cores, Linux %s, %s", title, m.Processor, m.Cores, m.Kernel, m.Go)
	if l.cluster != nil {
		fmt.Fprintf(l.out, ", Postgres %s", l.cluster.Version)
	}
	fmt.Fprintln(l.out)
}

// keep adds a run to the report.
func (l *lab) keep(r Run) { l.runs = append(l.runs, r) }
