package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"relais/bot/postgres"
	"relais/bot/sqlite"
	"relais/bot/tables"
)

type moveCommand struct {
	From string `required:"" help:"sqlite:path of the store to move; its server is stopped."`
	To   string `help:"postgres://… of an empty database, or of one that a move has begun to fill. Defaults to RELAIS_DATABASE_URL, which keeps a password off the command line."`
}

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

// Run moves a store from SQLite to Postgres, checks that all of it arrived, and
// only then lets servers open it there. Stopped at any point, the same command
// goes on where it was.
func (c moveCommand) Run(p *program) (err error) {
	source, target, err := c.open(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close(), target.Close()) }()
	m := &mover{p: p, from: source, to: target}
	if target.Resumed {
		fmt.Fprintln(p.out, "an earlier move is resumed")
	}
	if err := m.move(); err != nil {
		return err
	}
	if err := target.End(p.ctx); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "moved: set RELAIS_DATABASE_URL to the new database and %s; the old file is not used any more\n", c.keepSecret(p.config))
	return nil
}

// keepSecret says where the master key is: on Postgres it has to be set.
func (c moveCommand) keepSecret(config Config) string {
	if config.Secret != "" {
		return "keep RELAIS_SECRET as it is"
	}
	config.Database = c.From
	return "RELAIS_SECRET to what " + filepath.Join(config.dataDir(), "secret") + " holds"
}

// open opens both stores, under the one master key.
func (c moveCommand) open(p *program) (*sqlite.Source, *postgres.Target, error) {
	config := p.config
	if c.To == "" {
		c.To = config.Database
	}
	path, ok := strings.CutPrefix(c.From, "sqlite:")
	if !ok || !strings.HasPrefix(c.To, "postgres://") && !strings.HasPrefix(c.To, "postgresql://") {
		return nil, nil, errors.New("a move goes --from sqlite:path --to postgres://…")
	}
	if _, err := os.Stat(path); err != nil {
		return nil, nil, err // before a secret is made beside it
	}
	config.Database = c.From
	keys, err := keyring(config)
	if err != nil {
		return nil, nil, err
	}
	source, err := sqlite.OpenSource(p.ctx, path, keys)
	if err != nil {
		return nil, nil, err
	}
	target, err := postgres.OpenTarget(p.ctx, postgres.Config{URL: c.To, OwnerURL: p.config.OwnerURL, Keys: keys, Log: p.log, Crash: crashPoint()})
	if err != nil {
		return nil, nil, errors.Join(err, source.Close())
	}
	return source, target, nil
}

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
