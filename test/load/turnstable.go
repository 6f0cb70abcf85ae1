package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// turnsTable prints medians, every round beside them, and the ratio to pgbench
// inside each round.
func turnsTable(l *lab, o turnsOptions) error {
	w := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, mode := range o.modes {
		if mode == modeHeld {
			fmt.Fprintln(w, "replies held: at once\tstore\tturns/s\tp50 ms\tp99 ms\tserver\tdatabase\tgenerator\tidle\t× pgbench\trounds\t")
		} else {
			fmt.Fprintln(w, "\nreplies delivered: at once\tstore\tturns/s\tarrived/s\tp50 ms\tp99 ms\treply p50\tserver\tdatabase\tgenerator\toperator\tidle\t× pgbench\tleft\tsilent\ttwice\trounds\t")
		}
		for _, c := range *o.connections {
			yardstick := which(l.runs, func(r Run) bool { return r.Store == onPgbench && r.Connections == c })
			for _, kind := range l.stores {
				runs := which(l.runs, func(r Run) bool { return r.Store == kind && r.Connections == c && r.Label == mode })
				if len(runs) > 0 {
					turnsRow(w, mode, c, kind, runs, yardstick)
				}
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(l.out, "server, database, generator, operator: µs of processor per turn. Measured apart on such a machine:")
	fmt.Fprintln(l.out, "RapidPro (courier + mailroom), 32 at once: 46 turns/s, p50 643 ms, p99 1980 ms, 28000 µs; alone: 4 turns/s, p50 252 ms.")
	return nil
}

func turnsRow(w io.Writer, mode string, c int, kind string, runs, yardstick []Run) {
	of := func(figure func(Run) float64) float64 { return median(each(runs, figure)) }
	// What arrived is what counts when replies are delivered.
	rate := func(r Run) float64 {
		if r.Delivered > 0 {
			return r.Delivered
		}
		return r.PerSecond
	}
	ratio := "–"
	if found := ratios(runs, yardstick, rate); kind == onPostgres && len(found) > 0 {
		ratio = fmt.Sprintf("%s (%.2f)", list("%.2f", found), median(found))
	}
	idle := fmt.Sprintf("%.0f %%", 100*of(func(r Run) float64 { return r.Idle }))
	p50, p99 := ms(of(func(r Run) float64 { return r.P50 })), ms(of(func(r Run) float64 { return r.P99 }))
	server, database := cost(of(func(r Run) float64 { return r.Server })), cost(of(func(r Run) float64 { return r.Database }))
	generator := cost(of(func(r Run) float64 { return r.Generator }))
	perSecond := of(func(r Run) float64 { return r.PerSecond })
	rounds := list("%.0f", each(runs, rate))
	if mode == modeHeld {
		fmt.Fprintf(w, "%d\t%s\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", c, kind, perSecond, p50, p99, server, database, generator, idle, ratio, rounds)
		return
	}
	left, silent, twice := 0, 0, 0
	for _, r := range runs {
		left, silent, twice = left+r.Left, silent+r.Silent, twice+r.Twice
	}
	fmt.Fprintf(w, "%d\t%s\t%.0f\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t\n", c, kind, perSecond, of(rate), p50, p99,
		ms(of(func(r Run) float64 { return r.ReplyP50 })), server, database, generator, cost(of(func(r Run) float64 { return r.Operator })),
		idle, ratio, left, silent, twice, rounds)
}
