package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"relais/bot"
	"relais/handoff"
	"relais/handoff/console"
)

type advisersCommand struct {
	Add      adviserAdd      `cmd:"" help:"Add an account; its password is read from standard input."`
	List     adviserList     `cmd:"" help:"List the accounts."`
	Disable  adviserDisable  `cmd:"" help:"Disable an account and end its sessions."`
	Password adviserPassword `cmd:"" help:"Change a password, read from standard input, and end the sessions."`
}

// minPassword follows ANSSI PG-078 for passwords that stand alone: length
// rather than a mix of signs.
const minPassword = 12

// readPassword takes the first line of standard input.
func readPassword(p *program) (string, error) {
	line, err := bufio.NewReader(p.in).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.Join(errors.New("no password on standard input"), err)
	}
	if len([]rune(password)) < minPassword {
		return "", fmt.Errorf("the password is too short: want %d characters or more", minPassword)
	}
	return password, nil
}

// withService runs f on an open service and closes it.
func withService(p *program, f func(*service) error) (err error) {
	svc, err := openService(p.ctx, p.config, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.store.Close()) }()
	return f(svc)
}

type adviserAdd struct {
	Email string `required:"" help:"Address they sign in with."`
	Name  string `required:"" help:"Working name that people read."`
	Team  string `required:"" help:"Id of their team in the territory."`
	Role  string `default:"adviser" enum:"adviser,lead,admin" help:"${enum}."`
}

// Run adds an account.
func (c adviserAdd) Run(p *program) error {
	return withService(p, func(s *service) error {
		territory, err := s.flows.Territory(p.ctx)
		if err != nil {
			return err
		}
		team := territory.Team(c.Team)
		if team == nil {
			return fmt.Errorf("no team %q in the territory; it has %s", c.Team, teamIDs(territory))
		}
		email := strings.ToLower(strings.TrimSpace(c.Email))
		if !strings.Contains(email, "@") || len(email) > 200 {
			return fmt.Errorf("--email: want an e-mail address")
		}
		if _, err := s.store.Adviser(p.ctx, email); !errors.Is(err, bot.ErrNotFound) {
			return errors.Join(fmt.Errorf("an account has this e-mail already"), err)
		}
		password, err := readPassword(p)
		if err != nil {
			return err
		}
		account := bot.Account{Email: email, Name: strings.TrimSpace(c.Name), Organisation: team.Organisation, Team: team.ID, Role: c.Role}
		if err := s.saveAccount(p.ctx, account, password); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "added %s, team %s\n", email, team.ID)
		return nil
	})
}

func teamIDs(t *handoff.Territory) string {
	ids := make([]string, len(t.Teams))
	for i := range t.Teams {
		ids[i] = t.Teams[i].ID
	}
	return strings.Join(ids, ", ")
}

type adviserList struct{}

// Run lists the accounts.
func (adviserList) Run(p *program) error {
	return withService(p, func(s *service) error {
		accounts, err := s.store.Advisers(p.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "E-MAIL\tNAME\tTEAM\tROLE\tSTATE")
		for _, a := range accounts {
			state := "active"
			if a.Disabled {
				state = "disabled"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Email, a.Name, a.Team, a.Role, state)
		}
		return w.Flush()
	})
}

type adviserDisable struct {
	Email string `arg:"" help:"Account to disable."`
}

// Run disables an account.
func (c adviserDisable) Run(p *program) error {
	return changeAccount(p, c.Email, func(a *bot.Account) error {
		a.Disabled = true
		return nil
	})
}

type adviserPassword struct {
	Email string `arg:"" help:"Account to give a new password."`
}

// Run changes a password.
func (c adviserPassword) Run(p *program) error {
	return changeAccount(p, c.Email, func(a *bot.Account) error {
		password, err := readPassword(p)
		if err != nil {
			return err
		}
		a.Password, err = console.HashPassword(password)
		return err
	})
}

func changeAccount(p *program, email string, change func(*bot.Account) error) error {
	return withService(p, func(s *service) error {
		account, err := s.store.Adviser(p.ctx, strings.ToLower(email))
		if errors.Is(err, bot.ErrNotFound) {
			return fmt.Errorf("no account has this e-mail")
		}
		if err != nil {
			return err
		}
		if err := change(&account); err != nil {
			return err
		}
		if err := s.store.SaveAdviser(p.ctx, account); err != nil {
			return err
		}
		fmt.Fprintln(p.out, "done")
		return nil
	})
}
