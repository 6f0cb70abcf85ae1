package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"text/tabwriter"

	"relais/handoff"
)

type doctorCommand struct{}

// finding is one line of the table.
type finding struct {
	what   string
	fault  error
	detail string
}

// Run checks everything the configuration names, and ends with status 1 when
// something is wrong.
func (doctorCommand) Run(p *program) error {
	findings := []finding{{what: "configuration", detail: "read"}}
	findings = append(findings, checkFlows(p.config))
	findings = append(findings, checkSMS(p.ctx, p.config)...)
	findings = append(findings, checkRedis(p.ctx, p.config), checkDisk(p.config))
	database, reached := checkPostgres(p.ctx, p.config)
	findings = append(findings, database...)
	if reached { // a store would wait for one that is away
		findings = append(findings, checkStore(p)...)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	faults := 0
	for _, f := range findings {
		state, detail := "ok", f.detail
		if f.fault != nil {
			faults++
			state, detail = "FAULT", f.fault.Error()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.what, state, detail)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if faults > 0 {
		return exitStatus(1)
	}
	return nil
}

func checkFlows(c Config) finding {
	library, err := loadFlows(c)
	if faults, ok := err.(faultsError); ok {
		return finding{what: "flows", fault: fmt.Errorf("%d faults; see relais flows check", len(faults))}
	}
	if err != nil {
		return finding{what: "flows", fault: err}
	}
	return finding{what: "flows", detail: fmt.Sprintf("%d flows, languages %v", len(library.Flows), library.Languages)}
}

// lowDisk is when a table of texts should worry somebody.
const lowDisk = 500 << 20

func checkDisk(c Config) finding {
	dir := "."
	if c.embedded() {
		dir = c.dataDir()
	}
	for _, err := os.Stat(dir); err != nil && dir != "." && dir != "/"; _, err = os.Stat(dir) {
		dir = filepath.Dir(dir) // not made yet
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return finding{what: "disk", fault: err}
	}
	free := disk.Bavail * uint64(disk.Bsize)
	if free < lowDisk {
		return finding{what: "disk", fault: fmt.Errorf("%d MB left", free>>20)}
	}
	return finding{what: "disk", detail: fmt.Sprintf("%d MB left", free>>20)}
}

// checkStore opens the store and looks at what it holds. It brings a file of our
// own up to date, as serve would, and never a server that others use.
func checkStore(p *program) []finding {
	kind, config := "Postgres", p.config
	if config.embedded() {
		kind = "SQLite"
	} else {
		config.Migrate = false
	}
	svc, err := openService(p.ctx, config, p.log)
	if err != nil {
		return []finding{{what: "store", fault: err}}
	}
	defer svc.store.Close()
	findings := []finding{{what: "store", detail: kind + ", schema up to date"}}
	territory, err := svc.flows.Territory(p.ctx)
	if err != nil {
		return append(findings, finding{what: "territory", fault: err})
	}
	findings = append(findings, finding{what: "territory", detail: fmt.Sprintf("%s, %d teams", territory.Name, len(territory.Teams))})
	return append(findings, checkTeams(p.ctx, svc.store, territory)...)
}

// checkTeams finds the teams that nobody would answer for.
func checkTeams(ctx context.Context, s store, t *handoff.Territory) []finding {
	accounts, err := s.Advisers(ctx)
	if err != nil {
		return []finding{{what: "advisers", fault: err}}
	}
	staff := map[string]int{}
	for _, a := range accounts {
		if !a.Disabled {
			staff[a.Team]++
		}
	}
	var findings []finding
	for _, team := range t.Teams {
		f := finding{what: "team " + team.ID, detail: fmt.Sprintf("%d advisers", staff[team.ID])}
		switch {
		case staff[team.ID] == 0:
			f.fault = fmt.Errorf("nobody has an account in it")
		case team.Hours.Empty():
			f.fault = fmt.Errorf("it never opens: nothing can be promised")
		}
		findings = append(findings, f)
	}
	return findings
}
