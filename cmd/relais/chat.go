package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/engine"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/channels/terminal"
	"relais/flows"
	"relais/handoff"
)

type chatCommand struct {
	Flow string `help:"Begin with this dialogue."`
	Lang string `help:"Speak this language." default:"fr"`
	At   string `help:"Begin at this time, such as \"2026-03-03 09:00\" in the territory's zone. The clock then moves with each message, and with a line \"@ 2026-03-04 10:00\"."`
}

// chatAddress is the person's, a number kept for fiction.
var chatAddress = bot.Address{Channel: bot.SMS, Value: "+33639980000"}

// Run talks with the assistant in the terminal, on a store of its own that
// goes when the chat ends.
func (cmd chatCommand) Run(p *program) (err error) {
	dir, err := os.MkdirTemp("", "relais-chat-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	svc, err := openScratch(p, dir, cmd.Flow)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.store.Close()) }()
	territory, err := svc.flows.Territory(p.ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(territory.Languages, cmd.Lang) {
		return fmt.Errorf("the territory does not speak %q: %s", cmd.Lang, strings.Join(territory.Languages, ", "))
	}
	at := p.now()
	if cmd.At != "" {
		if at, err = terminal.ParseTime(cmd.At, territory.Zone); err != nil {
			return err
		}
	}
	return cmd.talk(p, svc, territory, at)
}

// talk runs an engine that nobody else uses while the chat lasts.
func (cmd chatCommand) talk(p *program, svc *service, territory *handoff.Territory, at time.Time) error {
	chat := &terminal.Chat{
		In: p.in, Screen: terminal.Screen{Out: p.out}, Echo: !isTerminal(p.in), Clock: terminal.NewClock(at),
		Zone: territory.Zone, Lang: cmd.Lang, Address: chatAddress,
	}
	eng := engine.New(engine.Config{
		Store: svc.store, Flows: svc.flows, Senders: map[bot.Channel]bot.Sender{bot.SMS: chat.Screen},
		Clock: chat.Clock.Now, Idle: true, Log: p.log,
	})
	chat.Due = eng.Step
	chat.Receive = func(ctx context.Context, to bot.Ref, e bot.Event) error {
		_, err := eng.Receive(ctx, to, e)
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(p.ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return eng.Run(running) })
	group.Go(func() error {
		defer stop()
		if err := cmd.begin(p.ctx, chat, territory); err != nil {
			return err
		}
		return chat.Run(p.ctx)
	})
	return group.Wait()
}

// begin makes the assistant speak the language, and the dialogue that was
// asked for begin.
func (cmd chatCommand) begin(ctx context.Context, chat *terminal.Chat, territory *handoff.Territory) error {
	fmt.Fprintln(chat.Screen.Out, "# Écrivez comme par SMS. « @ 2026-03-03 09:00 » avance l'horloge. Ctrl+D pour finir.")
	if err := chat.MoveTo(ctx, chat.Clock.Now()); err != nil {
		return err
	}
	if cmd.Flow == "reminder" {
		return remindOfSample(ctx, chat, cmd.Lang)
	}
	if cmd.Lang != territory.Languages[0] {
		if err := firstWord(ctx, chat, languageNames[cmd.Lang]); err != nil {
			return err
		}
	}
	switch {
	case cmd.Flow == "handoff":
		return firstWord(ctx, chat, "CONSEILLER")
	case cmd.Flow != "" && cmd.Lang == territory.Languages[0]:
		return firstWord(ctx, chat, "Bonjour")
	}
	return nil // the person speaks
}

// begunByEvents are the dialogues that something else than a first word begins.
var begunByEvents = []string{"", "welcome", "reminder", "handoff"}

// languageNames change the language, as anybody may.
var languageNames = map[string]string{"fr": "Français", "en": "English"}

func firstWord(ctx context.Context, chat *terminal.Chat, text string) error {
	fmt.Fprintln(chat.Screen.Out, "> "+text)
	return chat.Say(ctx, text)
}

// remindOfSample books an appointment and moves to its first reminder.
func remindOfSample(ctx context.Context, chat *terminal.Chat, lang string) error {
	now := chat.Clock.Now().In(chat.Zone)
	start := time.Date(now.Year(), now.Month(), now.Day()+4, 14, 30, 0, 0, chat.Zone)
	err := chat.Tell(ctx, bot.Event{Source: "terminal", ID: "sample", What: bot.Booked{Lang: lang, Appointment: appointments.Appointment{
		Key: appointments.Key{Source: "terminal", ExternalID: "sample", Participant: "1"}, Status: appointments.Planned,
		Start: bot.Microseconds(start), Duration: time.Hour, Place: "CMS", Address: "12 rue Exemple", Lang: lang,
	}}})
	if err != nil {
		return err
	}
	next, err := chat.Due(ctx)
	if err != nil {
		return err
	}
	return chat.MoveTo(ctx, next)
}

// openScratch opens a store that nobody else has, with the territory and the
// dialogues of the configuration.
func openScratch(p *program, dir, flow string) (*service, error) {
	library, err := loadFlows(p.config)
	if err != nil {
		return nil, err
	}
	if flow != "" && library.Flows[flow] == nil {
		return nil, fmt.Errorf("there is no flow %q: %s", flow, strings.Join(slices.Sorted(maps.Keys(library.Flows)), ", "))
	}
	master := make([]byte, 32)
	if _, err := rand.Read(master); err != nil {
		return nil, err
	}
	keys, err := seal.NewKeyring(master)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(p.ctx, sqlite.Config{Path: filepath.Join(dir, "chat.db"), Keys: keys})
	if err != nil {
		return nil, err
	}
	svc := &service{store: store, keys: keys, library: library, flows: engine.NewFlows(store, library)}
	if err := errors.Join(svc.seed(p.ctx, p.config), svc.publishBeginningWith(p.ctx, flow)); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return svc, nil
}

// publishBeginningWith publishes the dialogues. To begin with another than
// welcome, a welcome is published that leads there at once: whoever writes for
// the first time is in it.
func (s *service) publishBeginningWith(ctx context.Context, flow string) error {
	versions := versionsOf(s.library)
	if !slices.Contains(begunByEvents, flow) {
		logic := fmt.Sprintf("flow: welcome\nstates:\n  at_once:\n    do: [{start: %s}]\n    end: true\n", flow)
		files := s.library.Files("welcome")
		files["welcome.yaml"] = []byte(logic)
		direct, faults := flows.CompileOne("welcome", files)
		if len(faults) > 0 {
			return faultsError(faults)
		}
		versions = slices.DeleteFunc(versions, func(v bot.Version) bool { return v.Name == "welcome" })
		versions = append(versions, bot.Version{Name: "welcome", Hash: direct.Hash, Files: files})
	}
	_, err := s.store.Publish(ctx, versions)
	return err
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
