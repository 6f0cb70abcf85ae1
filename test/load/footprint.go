package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"relais/test/load/machine"
	"relais/test/load/operator"
	"relais/test/load/texting"
)

// settled is how long the server is left alone before its memory is read: what
// the start left behind is given back in that time.
const settled = 3 * time.Second

// footprint prints what the server weighs: its file, its start, its memory
// when nobody talks.
func footprint(ctx context.Context, args []string, out io.Writer) (err error) {
	o := newOptions("footprint", "sqlite")
	if err := o.parse(args); err != nil {
		return err
	}
	l, err := newLab(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	info, err := os.Stat(o.binary)
	if err != nil {
		return err
	}
	var starts, memory []float64
	for range o.rounds {
		took, kB, err := l.weigh(ctx)
		if err != nil {
			return err
		}
		starts, memory = append(starts, µs(took)), append(memory, float64(kB))
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "footprint\tmeasured\taim\tlibredesk")
	fmt.Fprintf(w, "binary\t%.1f MB\t40 MB\t43 MB\n", float64(info.Size())/1e6)
	fmt.Fprintf(w, "start to ready, empty store\t%s ms\t500 ms\t2200 ms\n", ms(median(starts)))
	fmt.Fprintf(w, "idle memory (RSS)\t%.1f MB\t60 MB\t47–50 MB\n", median(memory)/1e3)
	return w.Flush()
}

func (l *lab) weigh(ctx context.Context) (ready time.Duration, kB int, err error) {
	st, err := l.newStore(ctx, l.stores[0])
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	s, err := l.begin(ctx, st, operator.Null, texting.NewCrowd(0, 1), 1)
	if err != nil {
		return 0, 0, err
	}
	defer s.end()
	select {
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	case <-time.After(settled):
	}
	return s.server.ready, machine.Resident(s.server.pid()), nil
}
