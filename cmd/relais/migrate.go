package main

import (
	"errors"
	"fmt"
	"io"

	"relais/bot/postgres"
	"relais/bot/sqlite"
)

type migrateCommand struct {
	To int64 `default:"-1" placeholder:"N" help:"Go to this schema, up or down. Defaults to the newest."`
}

// Run brings the schema to a version, whatever RELAIS_MIGRATE says, and tells
// what was done.
func (c migrateCommand) Run(p *program) error {
	if c.To == 0 || c.To < -1 {
		return errors.New("--to: want 1 or more; a store is emptied by removing it")
	}
	migrate, describe, newest := c.onPostgres, postgres.Describe, int64(postgres.Newest)
	if p.config.embedded() {
		migrate, describe, newest = c.onSQLite, sqlite.Describe, sqlite.Newest
	}
	before, after, err := migrate(p)
	if err != nil {
		return err
	}
	if before == after && after > newest {
		fmt.Fprintf(p.out, "left alone: the schema is at %d, newer than this program, which knows %d\n", after, newest)
		return nil
	}
	return tellMigrations(p.out, before, after, describe)
}

// onSQLite also opens the store, which ties a new file to its master key.
func (c migrateCommand) onSQLite(p *program) (before, after int64, err error) {
	if _, err := keyring(p.ctx, p.config); err != nil { // nothing is done to a store that lost its key
		return 0, 0, err
	}
	before, after, err = sqlite.Migrate(p.ctx, sqlite.Config{Path: p.config.file()}, c.To)
	if err != nil || after != sqlite.Newest {
		return before, after, err
	}
	p.config.Migrate = false
	s, _, err := openStore(p.ctx, p.config, p.log)
	if err != nil {
		return before, after, err
	}
	return before, after, s.Close()
}

func (c migrateCommand) onPostgres(p *program) (before, after int64, err error) {
	return postgres.Migrate(p.ctx, postgres.Config{URL: p.config.Database, OwnerURL: p.config.OwnerURL, Log: p.log}, c.To)
}

// tellMigrations lists what was done, or undone, in its order.
func tellMigrations(w io.Writer, before, after int64, describe func(int64) string) error {
	var err error
	line := func(format string, args ...any) {
		_, e := fmt.Fprintf(w, format+"\n", args...)
		err = errors.Join(err, e)
	}
	switch {
	case before == after:
		line("nothing to do: the schema is at %d", after)
	case before < after:
		line("from schema %d to %d:", before, after)
		for v := before + 1; v <= after; v++ {
			line("  %d  %s", v, describe(v))
		}
	default:
		line("back from schema %d to %d, undone:", before, after)
		for v := before; v > after; v-- {
			line("  %d  %s", v, describe(v))
		}
	}
	return err
}
