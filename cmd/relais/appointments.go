package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/engine"
)

type appointmentsCommand struct {
	Import appointmentsImport `cmd:"" help:"Import a CSV file: each row is created or updated by its external id."`
}

type appointmentsImport struct {
	File   string `arg:"" type:"existingfile" help:"CSV file; see the README for its columns."`
	DryRun bool   `help:"Report what would change, and write nothing."`
	Source string `default:"csv" help:"Name of the source, for files that number their rows separately."`
}

// Run imports a file and reports on each row. The exit status is 1 when any
// row was refused.
func (c appointmentsImport) Run(p *program) error {
	return withService(p, func(s *service) error {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer file.Close()
		territory, err := s.flows.Territory(p.ctx)
		if err != nil {
			return err
		}
		bar := progress(file)
		table, err := appointments.ReadCSV(io.TeeReader(file, bar), territory.Zone)
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		for _, column := range table.Unknown {
			fmt.Fprintf(p.out, "colonne ignorée : %s\n", column)
		}
		im := importer{p: p, s: s, source: c.Source, dry: c.DryRun, counts: map[string]int{}}
		err = im.with(func() error { return im.rows(table) })
		bar.Finish()
		if err != nil {
			return err
		}
		im.summary()
		if im.counts[rowRefused] > 0 {
			return exitStatus(1)
		}
		return nil
	})
}

// progress shows how far the file was read, on a terminal only.
func progress(file *os.File) *progressbar.ProgressBar {
	size := int64(-1)
	if info, err := file.Stat(); err == nil {
		size = info.Size()
	}
	return progressbar.NewOptions64(size, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("import"), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))))
}

// What became of a row, as the report says it.
const (
	rowCreated   = "créé"
	rowUpdated   = "mis à jour"
	rowUnchanged = "inchangé"
	rowMoved     = "changé de personne"
	rowRefused   = "refusé"
)

// importer takes one file into the store.
type importer struct {
	p      *program
	s      *service
	engine *engine.Engine
	source string
	dry    bool
	counts map[string]int
}

// with runs f beside an engine of its own; it leaves due jobs to the server.
func (im *importer) with(f func() error) error {
	im.engine = engine.New(engine.Config{Store: im.s.store, Flows: im.s.flows, Log: im.p.log, Idle: true})
	ctx, stop := context.WithCancel(im.p.ctx)
	ended := make(chan error, 1)
	go func() { ended <- im.engine.Run(ctx) }()
	err := f()
	stop()
	return errors.Join(err, <-ended)
}

func (im *importer) rows(table *appointments.Table) error {
	for row, faults := range table.Rows() {
		if len(faults) > 0 {
			im.refuse(row.Line, faults)
			continue
		}
		what, err := im.row(row)
		if err != nil {
			return fmt.Errorf("ligne %d: %w", row.Line, err)
		}
		im.counts[what]++
		fmt.Fprintf(im.p.out, "ligne %d : %s\n", row.Line, what)
	}
	return table.Err()
}

func (im *importer) refuse(line int, faults []appointments.Fault) {
	im.counts[rowRefused]++
	for _, fault := range faults {
		fmt.Fprintf(im.p.out, "ligne %d : %s : %s\n", line, rowRefused, fault)
	}
}

// row gives one appointment to its person's conversation. When the source now
// gives it to another number, the person who had it loses it first.
func (im *importer) row(row appointments.Row) (string, error) {
	told := row.Appointment
	told.Source = im.source
	to := bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: row.Phone}}
	known, owner, err := im.s.store.Appointment(im.p.ctx, told.Key)
	switch {
	case errors.Is(err, bot.ErrNotFound):
		return rowCreated, im.book(to, told, row)
	case err != nil:
		return "", err
	}
	loaded, err := im.s.store.Load(im.p.ctx, to)
	if err != nil {
		return "", err
	}
	if loaded.Conversation.ID != owner {
		gone := known
		gone.Status = appointments.Cancelled
		if err := im.book(bot.Ref{Conversation: owner}, gone, row); err != nil {
			return "", err
		}
		return rowMoved, im.book(to, told, row)
	}
	if appointments.Compare(known, told).Kind == appointments.ChangeNone {
		return rowUnchanged, nil
	}
	return rowUpdated, im.book(to, told, row)
}

func (im *importer) book(to bot.Ref, a appointments.Appointment, row appointments.Row) error {
	if im.dry {
		return nil
	}
	_, err := im.engine.Receive(im.p.ctx, to, bot.Event{Source: "import", What: bot.Booked{Appointment: a, Lang: row.Appointment.Lang}})
	return err
}

func (im *importer) summary() {
	if im.dry {
		fmt.Fprintln(im.p.out, "essai à blanc : rien n'a été écrit")
	}
	for _, what := range []string{rowCreated, rowUpdated, rowUnchanged, rowMoved, rowRefused} {
		fmt.Fprintf(im.p.out, "%-20s %d\n", what, im.counts[what])
	}
}
