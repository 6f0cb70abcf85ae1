package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"relais/bot/postgres"
	"relais/bot/seal"
	"relais/bot/sqlite"
)

type moveCommand struct {
	From string `required:"" help:"sqlite:path of the store to move; its server is stopped."`
	To   string `xor:"to" help:"postgres://… of an empty database, or of one that a move has begun to fill. Defaults to RELAIS_DATABASE_URL, which keeps a password off the command line."`
	Undo bool   `xor:"to" help:"Moves nothing: lets servers use the file again, although it was moved. What happened in Postgres since is not in it."`
}

// Run moves a store from SQLite to Postgres, checks that all of it arrived, and
// only then lets servers open it there. From then on none opens the file.
// Stopped at any point, the same command goes on where it was.
func (c moveCommand) Run(p *program) error {
	run := c.move
	if c.Undo {
		run = c.undo
	}
	return stopped(p.ctx, run(p), "stopped: run the same command again to go on")
}

func (c moveCommand) move(p *program) (err error) {
	to, err := c.target(p.config)
	if err != nil {
		return err
	}
	source, keys, err := c.open(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := postgres.OpenTarget(p.ctx, postgres.Config{URL: to, OwnerURL: p.config.OwnerURL, Keys: keys, Log: p.log, Crash: crashPoint()})
	var filled *postgres.FilledError
	if errors.As(err, &filled) && filled.Began.Equal(source.Moved) {
		fmt.Fprintf(p.out, "moved already (the move began on %s): nothing was done\n", moment(filled.Began))
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if err := c.carry(p, source, target); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "moved: set RELAIS_DATABASE_URL to the new database and %s; the old file is not used any more\n", c.keepSecret(p.config))
	return nil
}

// carry copies and checks everything. Then the file is left before the database
// is let in: whenever it is stopped, no two servers open both. The time when the
// move began is its name, which both keep: a file that another move took
// elsewhere meanwhile goes to no second database.
func (c moveCommand) carry(p *program, source *sqlite.Source, target *postgres.Target) error {
	if !source.Moved.IsZero() && !source.Moved.Equal(target.Began) {
		return fmt.Errorf("the file was moved to another database (the move began on %s): nothing was done (to move it again: first relais move --undo --from %s)",
			moment(source.Moved), c.From)
	}
	if target.Resumed {
		fmt.Fprintln(p.out, "an earlier move is resumed")
	}
	if err := target.Begin(p.ctx, p.now()); err != nil {
		return err
	}
	m := &mover{p: p, from: source, to: target}
	if err := m.move(); err != nil {
		return err
	}
	if source.Moved.IsZero() {
		if err := source.Leave(p.ctx, target.Began); err != nil {
			return err
		}
	}
	return target.End(p.ctx)
}

// undo lets servers use a file again that was moved.
func (c moveCommand) undo(p *program) (err error) {
	source, _, err := c.open(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if source.Moved.IsZero() {
		fmt.Fprintln(p.out, "the file was not moved: nothing was done")
		return nil
	}
	began := source.Moved
	if err := source.Return(p.ctx); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "the file can be used again; what happened in Postgres since the move, begun on %s, is not in it\n", moment(began))
	return nil
}

// moment writes a time for whoever runs commands.
func moment(t time.Time) string { return t.UTC().Format(time.DateTime + " MST") }

// keepSecret says where the master key is: on Postgres it has to be set.
func (c moveCommand) keepSecret(config Config) string {
	if config.Secret != "" {
		return "keep RELAIS_SECRET as it is"
	}
	config.Database = c.From
	return "RELAIS_SECRET to what " + filepath.Join(config.dataDir(), "secret") + " holds"
}

// target is the address of the database to move to.
func (c moveCommand) target(config Config) (string, error) {
	if c.To == "" && config.embedded() {
		return "", errors.New("where to? --to postgres://…, or RELAIS_DATABASE_URL, names the Postgres database to move to")
	}
	to := cmp.Or(c.To, config.Database)
	if !strings.HasPrefix(to, "postgres://") && !strings.HasPrefix(to, "postgresql://") {
		return "", errors.New("--to: want postgres://…")
	}
	return to, nil
}

// open opens the file, and its master key, which is the database's too.
func (c moveCommand) open(p *program) (*sqlite.Source, *seal.Keyring, error) {
	config := p.config
	config.Database = c.From
	if !config.embedded() {
		return nil, nil, errors.New("--from: want sqlite:path")
	}
	if _, err := os.Stat(config.file()); err != nil {
		return nil, nil, err // before a secret is made beside it
	}
	keys, err := keyring(p.ctx, config)
	if err != nil {
		return nil, nil, err
	}
	source, err := sqlite.OpenSource(p.ctx, config.file(), keys)
	return source, keys, err
}
