package texting

import (
	"cmp"
	"slices"
	"time"
)

// Outcome is what a run saw between its two marks.
type Outcome struct {
	For      time.Duration   // between the marks
	Delays   []time.Duration // of texts answered 2xx, sorted
	Failures int             // texts that were not
	Fault    error           // the first failure
	Late     int             // open loop: texts begun more than 5 ms after their time, for want of a connection or of processor

	// With a Watcher:
	Arrived int             // turns whose reply reached the operator
	Replies []time.Duration // text sent → reply arrived, sorted
	Silent  int             // turns whose reply never came
	Drain   time.Duration   // after the last text, until the last reply
}

// PerSecond is how many texts were answered per second.
func (o Outcome) PerSecond() float64 { return float64(len(o.Delays)) / o.For.Seconds() }

// ArrivedPerSecond is how many replies arrived per second.
func (o Outcome) ArrivedPerSecond() float64 { return float64(o.Arrived) / o.For.Seconds() }

// Quantile is the value below which a share q of sorted delays lie; zero when
// there are none.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// merge adds what one connection saw.
func (o *Outcome) merge(part Outcome) {
	o.Delays = append(o.Delays, part.Delays...)
	o.Replies = append(o.Replies, part.Replies...)
	o.Failures += part.Failures
	o.Late += part.Late
	o.Arrived += part.Arrived
	o.Silent += part.Silent
	o.Drain = max(o.Drain, part.Drain)
	o.Fault = cmp.Or(o.Fault, part.Fault)
}

func (o *Outcome) sort() {
	slices.Sort(o.Delays)
	slices.Sort(o.Replies)
}

func (o *Outcome) fail(err error) {
	o.Failures++
	o.Fault = cmp.Or(o.Fault, err)
}
