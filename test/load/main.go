// Command load measures signed webhook → reply committed. It starts the server
// under test beside a null operator, plays people who text it, and prints a
// table; with -url it plays against a server that runs already.
//
//	go run ./test/load -binary bin/relais -c 1,8,32 -d 5s -rounds 3
//
// A turn counts when the webhook was answered 2xx, which happens only once the
// turn and its reply are durable. Replies are either held (the pace is set so
// low that none leaves) or delivered to the null operator.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// options are the flags.
type options struct {
	binary, url, token, account, number string
	concurrency                         []int
	duration, warmUp                    time.Duration
	rounds, people                      int
	deliver, footprint                  bool
	json                                string
}

// result is one run.
type result struct {
	Concurrency int           `json:"concurrency"`
	Delivered   bool          `json:"delivered"`
	PerSecond   float64       `json:"turns_per_second"`
	P50         time.Duration `json:"p50_ns"`
	P99         time.Duration `json:"p99_ns"`
	ServerCPU   time.Duration `json:"server_cpu_per_turn_ns"`
	Errors      int           `json:"errors"`
}

func main() {
	o, err := parse()
	switch {
	case err != nil:
	case o.footprint:
		err = footprint(o)
	default:
		err = measure(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load: "+err.Error())
		os.Exit(1)
	}
}

func parse() (options, error) {
	o := options{}
	var concurrency string
	flag.StringVar(&o.binary, "binary", "bin/relais", "server to start")
	flag.StringVar(&o.url, "url", "", "server that runs already, instead")
	flag.StringVar(&o.token, "token", "loadtoken", "auth token that signs")
	flag.StringVar(&o.account, "account", "AC"+strings.Repeat("0", 32), "account SID")
	flag.StringVar(&o.number, "number", "+33937000000", "our number")
	flag.StringVar(&concurrency, "c", "1,8,32", "people at once, one run for each")
	flag.DurationVar(&o.duration, "d", 5*time.Second, "length of a run")
	flag.DurationVar(&o.warmUp, "warm", 1500*time.Millisecond, "not counted, before")
	flag.IntVar(&o.rounds, "rounds", 3, "interleaved rounds; the table gives medians")
	flag.IntVar(&o.people, "people", 4_000, "different numbers; each lap takes them one question further")
	flag.BoolVar(&o.deliver, "deliver", false, "deliver replies to a null operator, instead of holding them")
	flag.BoolVar(&o.footprint, "footprint", false, "measure size, start and memory instead")
	flag.StringVar(&o.json, "json", "", "also write every run to this file")
	flag.Parse()
	for part := range strings.SplitSeq(concurrency, ",") {
		c, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || c < 1 || c > 1024 {
			return o, fmt.Errorf("-c: want numbers from 1 to 1024")
		}
		o.concurrency = append(o.concurrency, c)
	}
	return o, nil
}

func measure(o options) error {
	var all []result
	for range o.rounds {
		for _, c := range o.concurrency {
			r, err := run(o, c)
			if err != nil {
				return err
			}
			all = append(all, r)
		}
	}
	if o.json != "" {
		data, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, data, 0o644); err != nil {
			return err
		}
	}
	return table(o, all)
}

// table prints medians, and every round beside them.
func table(o options, all []result) error {
	mode := "replies held"
	if o.deliver {
		mode = "replies delivered"
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\tturns/s\tp50\tp99\tserver CPU/turn\terrors\trounds\n", mode)
	for _, c := range o.concurrency {
		runs := slices.DeleteFunc(slices.Clone(all), func(r result) bool { return r.Concurrency != c })
		rates := make([]string, len(runs))
		errors := 0
		for i, r := range runs {
			rates[i] = strconv.Itoa(int(r.PerSecond))
			errors += r.Errors
		}
		slices.SortFunc(runs, func(a, b result) int { return int(a.PerSecond - b.PerSecond) })
		m := runs[len(runs)/2]
		fmt.Fprintf(w, "%d at once\t%.0f\t%.2f ms\t%.1f ms\t%d µs\t%d\t%s\n", c, m.PerSecond,
			m.P50.Seconds()*1000, m.P99.Seconds()*1000, m.ServerCPU.Microseconds(), errors, strings.Join(rates, " "))
	}
	fmt.Fprintf(w, "RapidPro, 32 at once\t46\t643 ms\t1980 ms\t28000 µs\t\tcourier + mailroom, measured apart on such a machine\n")
	fmt.Fprintf(w, "RapidPro, alone\t4\t252 ms\t282 ms\t\t\t\n")
	return w.Flush()
}
