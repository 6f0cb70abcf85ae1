package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"relais/bot/tables"
)

// origin is a store that is read out; destination takes it in.
type (
	origin interface {
		Count(context.Context, tables.Table) (int64, error)
		Rows(context.Context, tables.Table) iter.Seq2[tables.Row, error]
	}
	destination interface {
		origin
		Write(context.Context, tables.Table, []tables.Row) error
	}
)

const (
	// batch is how many rows are written in one transaction.
	batch = 2000
	// barEvery is how often the bar is drawn.
	barEvery = 100 * time.Millisecond
)

// mover moves one store.
type mover struct {
	p    *program
	from origin
	to   destination
	bar  *progressbar.ProgressBar
}

// moved is a table as it was read out, and as it arrived.
type moved struct {
	table tables.Table
	from  *tables.Digest
	to    *tables.Digest
}

func (m *moved) whole() bool { return m.from.Rows == m.to.Rows && m.from.Sum() == m.to.Sum() }

// move copies every table, then compares all of them: each row is read once
// on either side, and shown as a step of the bar.
func (m *mover) move() error {
	all := make([]moved, 0, 20)
	var rows int64
	for _, t := range tables.All() {
		n, err := m.from.Count(m.p.ctx, t)
		if err != nil {
			return err
		}
		rows += n
		all = append(all, moved{table: t})
	}
	m.bar = steps("move", 2*rows)
	defer m.bar.Finish()
	for i := range all {
		if err := m.copy(&all[i]); err != nil {
			return err
		}
	}
	m.bar.Describe("check")
	for i := range all {
		if err := m.check(&all[i]); err != nil {
			return err
		}
	}
	m.bar.Finish()
	return m.report(all)
}

// copy reads a table out and writes what has not arrived yet: rows are written
// in the order of their key, so what is there is the beginning.
func (m *mover) copy(t *moved) error {
	there, err := m.to.Count(m.p.ctx, t.table)
	if err != nil {
		return err
	}
	if t.table.Name == "setting" {
		there = 0 // a new schema has some: they are written over
	}
	if there > 0 {
		m.bar.Clear()
		fmt.Fprintf(m.p.out, "%s: goes on after %d rows\n", t.table.Name, there)
	}
	t.from = tables.NewDigest()
	pending := make([]tables.Row, 0, batch)
	for row, err := range m.from.Rows(m.p.ctx, t.table) {
		if err != nil {
			return err
		}
		t.from.Add(row)
		m.bar.Add(1)
		if t.from.Rows <= there {
			continue
		}
		if pending = append(pending, row); len(pending) == batch {
			if err := m.to.Write(m.p.ctx, t.table, pending); err != nil {
				return err
			}
			pending = pending[:0]
		}
	}
	if len(pending) == 0 {
		return nil
	}
	return m.to.Write(m.p.ctx, t.table, pending)
}

// check reads a table where it arrived.
func (m *mover) check(t *moved) error {
	t.to = tables.NewDigest()
	for row, err := range m.to.Rows(m.p.ctx, t.table) {
		if err != nil {
			return err
		}
		t.to.Add(row)
		m.bar.Add(1)
	}
	return nil
}

// report prints what was compared, and fails when anything differs.
func (m *mover) report(all []moved) error {
	w := tabwriter.NewWriter(m.p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tROWS\tARRIVED\tDIGEST\t")
	var broken []string
	for i := range all {
		t, verdict := &all[i], "same"
		if !t.whole() {
			verdict = "DIFFERS"
			broken = append(broken, t.table.Name)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", t.table.Name, t.from.Rows, t.to.Rows, t.from.Sum()[:16], verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("not moved: %s differ; was the old store used since the move began? Begin again with an empty database", strings.Join(broken, ", "))
	}
	return nil
}

// steps is a bar of a known length, shown on a terminal only.
func steps(what string, n int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(n, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(),
		progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(barEvery),
		progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))))
}
