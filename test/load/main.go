// Command load measures the service as people and operators meet it: signed
// webhook → turn committed → reply at the operator. It starts the server under
// test, its database and a null operator, each in a process of its own, plays
// people who text, and prints tables; -json keeps every run.
//
//	go run ./test/load turns -c 1,8,32,128 -rounds 3      stores side by side, beside pgbench
//	go run ./test/load latency                            a lone texter; half load
//	go run ./test/load growth -lines 10000,1000000        the same people, more and more stored
//	go run ./test/load jobs -wave 100000                  a million future jobs; a wave of due ones
//	go run ./test/load profile -out test/load/profile     where the processor goes
//	go run ./test/load footprint                          file, start, memory
//	go run ./test/load open -url http://host -rate 100    a server that runs already
//
// A turn counts when its webhook was answered 2xx, which happens only once the
// turn and its reply are durable. Figures of one round are comparable with one
// another, those of two rounds less: machines change their speed. So rounds are
// interleaved, tables give medians, and ratios are taken inside a round.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"relais/test/load/operator"
)

// command is one part of the benchmark.
type command struct {
	name string
	run  func(context.Context, []string, io.Writer) error
}

var commands = []command{
	{"turns", turns}, {"latency", latency}, {"growth", growth}, {"jobs", jobs},
	{"profile", profile}, {"footprint", footprint}, {"open", open},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("which part: turns, latency, growth, jobs, profile, footprint or open")
	}
	if args[0] == operator.Command {
		return operator.Main(args[1:])
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:], out)
		}
	}
	return fmt.Errorf("no part named %q: turns, latency, growth, jobs, profile, footprint or open", args[0])
}
