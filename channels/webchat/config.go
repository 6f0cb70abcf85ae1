package webchat

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"strings"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/bot/engine"
)

// Store is what the chat reads; see [bot.Store].
type Store interface {
	Session(ctx context.Context, a bot.Address) (bot.Session, error)
	History(ctx context.Context, q bot.HistoryQuery) ([]bot.Line, error)
}

// Engine makes an event take effect, once; see [engine.Engine].
type Engine interface {
	Receive(ctx context.Context, to bot.Ref, event bot.Event) (engine.Result, error)
}

// Config says what a server works with.
type Config struct {
	Engine Engine
	Store  Store
	Bus    bot.Bus
	// Key signs the sessions' tokens, 32 bytes. Another key makes every session
	// unknown.
	Key []byte
	// Origins may embed the chat besides the host that serves it, such as
	// https://www.example.fr; one that is not an http or https origin matches no
	// page. Defaults to none.
	Origins []string
	// Zone is where promised times are read. Defaults to UTC.
	Zone *time.Location
	// Danger gives the text to show at once, in that language, when a message
	// cannot be kept and somebody may be in danger; "" when nothing says so.
	// Defaults to no such text.
	Danger func(text, lang string) string
	// Sockets is how many connections are open at once, waiting polls
	// included. Defaults to 10,000.
	Sockets int
	// Limits count for all instances together. Defaults to limits of this
	// process.
	Limits Limiter
	// Says is how many messages a session may send at once; as many are
	// allowed again over 10 s. Defaults to 20.
	Says int
	// Hellos is how many times one network address may say hello at once, by
	// socket or poll; as many are allowed again over 10 s, and as many texts are
	// read for signs of danger alone. Many people share an address. Defaults to
	// 500.
	Hellos int
	// Patience is how long a client may take to accept what it is sent.
	// Defaults to 10 s.
	Patience time.Duration
	// Clock tells the time to what limits a session. Defaults to time.Now.
	Clock func() time.Time
	// Random is where sessions come from. Defaults to crypto/rand.
	Random io.Reader
	// Log defaults to slog.Default.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Danger == nil {
		c.Danger = func(string, string) string { return "" }
	}
	if c.Sockets == 0 {
		c.Sockets = 10_000
	}
	if c.Limits == nil {
		c.Limits = &bus.Local{}
	}
	if c.Says == 0 {
		c.Says = 20
	}
	if c.Hellos == 0 {
		c.Hellos = 500
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// originSet returns the origins as browsers write them.
func originSet(origins []string) map[string]bool {
	allowed := make(map[string]bool, len(origins))
	for _, origin := range origins {
		allowed[strings.ToLower(strings.TrimSuffix(strings.TrimSpace(origin), "/"))] = true
	}
	return allowed
}
