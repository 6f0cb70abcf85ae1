package main

import (
	"fmt"
	"slices"
	"strings"
)

// median is the middle value; of an even number, the lower of the two in the
// middle, which was measured.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// spread is how far values lie apart, as a share of their median.
func spread(values []float64) float64 {
	m := median(values)
	if m == 0 {
		return 0
	}
	return (slices.Max(values) - slices.Min(values)) / m
}

// each takes one figure of every run.
func each(runs []Run, figure func(Run) float64) []float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = figure(r)
	}
	return values
}

// which keeps the runs that are wanted, in their order.
func which(runs []Run, wanted func(Run) bool) []Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return !wanted(r) })
}

// ratios divides, round by round, one figure by the same of the yardstick. A
// round that lacks either is left out.
func ratios(runs, yardstick []Run, figure func(Run) float64) []float64 {
	var found []float64
	for _, r := range runs {
		for _, y := range yardstick {
			if y.Round == r.Round && figure(y) > 0 {
				found = append(found, figure(r)/figure(y))
			}
		}
	}
	return found
}

// list writes values with a format, separated by spaces.
func list(format string, values []float64) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf(format, v)
	}
	return strings.Join(words, " ")
}

// ms and cost write figures, a dash when nothing was measured.
func ms(µs float64) string {
	switch {
	case µs == 0:
		return "–"
	case µs < 10_000:
		return fmt.Sprintf("%.2f", µs/1000)
	}
	return fmt.Sprintf("%.0f", µs/1000)
}

func cost(µs float64) string {
	if µs == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f", µs)
}
