package main

import (
	"errors"
	"fmt"
)

type migrateCommand struct{}

// Run brings the schema up to date, whatever RELAIS_MIGRATE says.
func (migrateCommand) Run(p *program) (err error) {
	p.config.Migrate = true
	if p.config.OwnerURL != "" {
		p.config.Database = p.config.OwnerURL
	}
	s, _, err := openStore(p.ctx, p.config, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	fmt.Fprintln(p.out, "the schema is up to date")
	return nil
}
