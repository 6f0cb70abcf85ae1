package terminal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"relais/bot"
	"relais/bot/calendar"
)

const (
	// pause is how long a person takes to write a message. Without it the
	// assistant would seem to answer a machine, and its guard would stop it.
	pause = 30 * time.Second

	// lineLimit bounds a line of input, in bytes.
	lineLimit = 64 << 10
)

// Chat is one person's conversation in a terminal.
type Chat struct {
	In      io.Reader
	Screen  Screen
	Echo    bool // repeat each line read instead of asking for one: nobody sees what a pipe types
	Clock   *Clock
	Zone    *time.Location // of the times written
	Lang    string
	Address bot.Address

	// Receive makes an event take effect; Due does what follows from it.
	Receive func(ctx context.Context, to bot.Ref, e bot.Event) error
	Due     Due

	said int
}

// Run reads lines until the input or ctx ends. A time that cannot be read is
// told and forgotten; an error is the input's, or the assistant's.
func (c *Chat) Run(ctx context.Context) error {
	lines, failed := c.read(ctx)
	for {
		c.prompt()
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case line := <-lines:
			if err := c.line(ctx, line); err != nil {
				return err
			}
		}
	}
}

// read passes on the lines of the input, then how it ended. Somebody may leave
// while a read is under way: the goroutine then ends with the next line, or
// with the program.
func (c *Chat) read(ctx context.Context) (<-chan string, <-chan error) {
	lines, failed := make(chan string), make(chan error, 1)
	go func() {
		scanner := bufio.NewScanner(c.In)
		scanner.Buffer(nil, lineLimit)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
		if err := scanner.Err(); err != nil {
			failed <- fmt.Errorf("reading a line: %w", err)
			return
		}
		failed <- nil
	}()
	return lines, failed
}

// prompt invites whoever types to do so.
func (c *Chat) prompt() {
	if !c.Echo {
		fmt.Fprint(c.Screen.Out, "> ")
	}
}

// echo repeats a line that was read, as a transcript has it.
func (c *Chat) echo(sign, line string) {
	if c.Echo {
		fmt.Fprintln(c.Screen.Out, sign+line)
	}
}

func (c *Chat) line(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	when, isClock := strings.CutPrefix(line, "@")
	switch {
	case line == "":
		return nil
	case !isClock:
		c.echo("> ", line)
		return c.Say(ctx, line)
	}
	c.echo("", line)
	at, err := ParseTime(when, c.Zone)
	if err == nil && at.Before(c.Clock.Now()) {
		err = ErrPast
	}
	if err != nil {
		fmt.Fprintln(c.Screen.Out, "#", err)
		return nil
	}
	return c.MoveTo(ctx, at)
}

// Say gives the assistant one message of the person, and waits for what it has
// to say.
func (c *Chat) Say(ctx context.Context, text string) error {
	if err := c.Clock.MoveTo(ctx, c.Clock.Now().Add(pause), c.Due); err != nil {
		return err
	}
	c.said++
	return c.Tell(ctx, bot.Event{Source: "terminal", ID: strconv.Itoa(c.said), What: bot.Said{Text: bot.Text(text)}})
}

// Tell gives the assistant anything else that happened, and waits for what it
// has to say.
func (c *Chat) Tell(ctx context.Context, e bot.Event) error {
	if err := c.Receive(ctx, bot.Ref{Address: c.Address}, e); err != nil {
		return fmt.Errorf("telling the assistant: %w", err)
	}
	return c.Clock.MoveTo(ctx, c.Clock.Now(), c.Due)
}

// MoveTo moves the clock, tells what time it is, and shows what is said on the
// way.
func (c *Chat) MoveTo(ctx context.Context, at time.Time) error {
	fmt.Fprintln(c.Screen.Out, "#", calendar.Long(at.In(c.Zone), c.Lang))
	return c.Clock.MoveTo(ctx, at, c.Due)
}

// ParseTime reads "2026-03-03 09:00" in a zone, or RFC 3339.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write 2026-03-03 09:00", text)
}
