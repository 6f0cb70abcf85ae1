// Command relais is the conversational assistant of a territory's
// employment-and-insertion service: the server, and the commands beside it.
// README.md begins with what it is for; `relais --help` lists the commands.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// commands is the command line. Each command is a small type with a Run
// method in a file of its own.
type commands struct {
	Serve        serveCommand        `cmd:"" default:"withargs" help:"Run the server (the default)."`
	Chat         chatCommand         `cmd:"" help:"Talk with the assistant in the terminal."`
	Flows        flowsCommand        `cmd:"" help:"Check, draw and publish the dialogues."`
	Understand   understandCommand   `cmd:"" help:"Read answers from standard input, one per line, as JSON."`
	SMS          smsCommand          `cmd:"" name:"sms" help:"Count what texts cost by SMS."`
	Twilio       twilioCommand       `cmd:"" help:"Check signatures of webhooks."`
	Appointments appointmentsCommand `cmd:"" help:"Import appointments."`
	Advisers     advisersCommand     `cmd:"" help:"Manage advisers' accounts."`
	Export       exportCommand       `cmd:"" help:"Print all that is kept about a person, as JSON."`
	Erase        eraseCommand        `cmd:"" help:"Erase all that is kept about a person."`
	Purge        purgeCommand        `cmd:"" help:"Purge what was kept long enough, now."`
	Backup       backupCommand       `cmd:"" help:"Copy the SQLite store to a file while the server runs."`
	Move         moveCommand         `cmd:"" help:"Move the store from SQLite to Postgres."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the store's schema up to date."`
	Doctor       doctorCommand       `cmd:"" help:"Check the configuration and everything it names."`
	Health       healthCommand       `cmd:"" help:"Ask the running server whether it is ready; for containers."`
}

// program is what a command works with besides its own flags.
type program struct {
	ctx    context.Context
	config Config
	in     io.Reader
	out    io.Writer
	log    *slog.Logger
	now    func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status, complaint := verdict(stopped(ctx, run(ctx, os.Args[1:]), "stopped"))
	stop() // from here on a signal ends the program
	if complaint != nil {
		fmt.Fprintln(os.Stderr, "relais: "+complaint.Error())
	}
	os.Exit(status)
}

func run(ctx context.Context, args []string) error {
	config, err := ReadConfig(os.Environ())
	if err != nil {
		return err
	}
	var cli commands
	parser, err := kong.New(&cli, kong.Name("relais"), kong.UsageOnError(),
		kong.Description("The conversational assistant of a territory's employment-and-insertion service."))
	if err != nil {
		return err
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return chosen.Run(&program{ctx: ctx, config: config, in: os.Stdin, out: os.Stdout, log: logger(config.Log), now: time.Now})
}

// logger writes text on a terminal and JSON elsewhere, always on standard
// error: standard output is for what a command was asked for.
func logger(level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // ReadConfig knows only good ones
	options := &slog.HandlerOptions{Level: l}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}
