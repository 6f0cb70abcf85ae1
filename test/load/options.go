package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"relais/test/load/operator"
)

// options are the flags that all parts share.
type options struct {
	flags *flag.FlagSet

	binary, postgres, json string
	stores                 []string
	rounds, people         int
	duration, warmUp       time.Duration
	account                operator.Account
}

// The stores that runs can use; pgbench is no store, but runs beside them.
const (
	onSQLite   = "sqlite"
	onPostgres = "postgres"
	onPgbench  = "pgbench"
)

// account is the service's at the operator in every run of ours.
var account = operator.Account{SID: "AC" + strings.Repeat("0", 32), Token: "loadtoken", Number: "+33937000000"}

func newOptions(name, stores string) *options {
	o := &options{flags: flag.NewFlagSet("load "+name, flag.ContinueOnError), account: account}
	f := o.flags
	f.StringVar(&o.binary, "binary", "bin/relais", "server to start")
	f.StringVar(&o.postgres, "postgres", "", "Postgres that runs already (postgres://…, a role that may create databases); empty starts one")
	f.StringVar(&o.json, "json", "", "also write every run to this file")
	f.IntVar(&o.rounds, "rounds", 3, "interleaved rounds; tables give medians")
	f.IntVar(&o.people, "people", 5000, "people who text")
	f.DurationVar(&o.duration, "d", 5*time.Second, "length of a run")
	f.DurationVar(&o.warmUp, "warm", 1500*time.Millisecond, "not counted, before")
	o.stores = strings.Split(stores, ",")
	f.Func("stores", "comma-separated: sqlite, postgres, pgbench (default "+stores+")", func(s string) error {
		o.stores = strings.Split(s, ",")
		return nil
	})
	return o
}

func (o *options) parse(args []string) error {
	o.flags.SetOutput(io.Discard) // a mistake gets one line, from main
	if err := o.flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			o.flags.SetOutput(os.Stderr)
			o.flags.PrintDefaults()
		}
		return err
	}
	switch {
	case o.flags.NArg() > 0:
		return fmt.Errorf("unexpected %q", o.flags.Arg(0))
	case o.rounds < 1 || o.rounds > 100:
		return fmt.Errorf("-rounds: want 1 to 100")
	case o.people < 1 || o.people > 1_000_000:
		return fmt.Errorf("-people: want 1 to 1000000")
	case o.duration < 100*time.Millisecond || o.warmUp < 0:
		return fmt.Errorf("-d: want at least 100ms")
	}
	for _, s := range o.stores {
		if !slices.Contains([]string{onSQLite, onPostgres, onPgbench}, s) {
			return fmt.Errorf("-stores: no store %q", s)
		}
	}
	return nil
}

// numbers is a flag that takes a list of whole numbers.
func (o *options) numbers(name, usage string, least, most int, otherwise ...int) *[]int {
	list := &otherwise
	o.flags.Func(name, fmt.Sprintf("%s (default %s)", usage, strings.Trim(strings.ReplaceAll(fmt.Sprint(otherwise), " ", ","), "[]")), func(s string) error {
		*list = nil
		for part := range strings.SplitSeq(s, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(part))
			if err != nil || n < least || n > most {
				return fmt.Errorf("want numbers from %d to %d", least, most)
			}
			*list = append(*list, n)
		}
		return nil
	})
	return list
}
