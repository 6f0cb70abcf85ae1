package console

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/bot/engine"
	"relais/handoff"
)

// Receiver makes an event take effect: the engine.
type Receiver interface {
	Receive(ctx context.Context, to bot.Ref, event bot.Event) (engine.Result, error)
}

// Store is what the console reads, and where accounts and sessions are kept.
type Store interface {
	bot.Registry
	bot.Desk
}

// Config says what a console works with.
type Config struct {
	Engine Receiver
	Store  Store
	Bus    bot.Bus
	// Limits slow down whoever tries many passwords, for all instances
	// together. Defaults to limits of this process.
	Limits Limiter
	// Presence counts the advisers who have the console open. Defaults to
	// nothing said about it.
	Presence Presence
	// Territory gives the territory as it is now.
	Territory func(context.Context) (*handoff.Territory, error)
	// Question names an answer's key for people ("rsa": "RSA"). Defaults to the
	// key itself.
	Question func(key string) string
	// Label names a saved value in a language, "" when it has no name: then the
	// value itself is shown.
	Label func(lang, key, value string) string
	// Asked lists the keys of the questionnaire, in its order: answers are
	// shown in it, and what is missing is said to be.
	Asked []string
	// Secure is set when people come by https: cookies then never travel
	// otherwise.
	Secure bool
	// Clock tells the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is where tokens come from. Defaults to crypto/rand.
	Random io.Reader
	// Log defaults to slog.Default. It gets ids, never a name or a text.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Limits == nil {
		c.Limits = &bus.Local{}
	}
	if c.Question == nil {
		c.Question = func(key string) string { return key }
	}
	if c.Label == nil {
		c.Label = func(_, _, _ string) string { return "" }
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

// Console is the advisers' web console. It is safe for concurrent use.
type Console struct {
	Config
	passwords passwords
	throttle  throttle
	streams   streams
	closing   chan struct{}
	close     func()
}

// New returns a console.
func New(c Config) *Console {
	closing := make(chan struct{})
	console := &Console{
		Config:    c.withDefaults(),
		passwords: newPasswords(),
		closing:   closing,
		close:     sync.OnceFunc(func() { close(closing) }),
	}
	return console
}

// Close ends the live streams, so that a server that stops does not wait for
// them.
func (c *Console) Close() { c.close() }

// Handler serves everything below /console/.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /console/login", c.loginPage)
	mux.HandleFunc("POST /console/login", c.login)
	mux.HandleFunc("POST /console/logout", c.logout)
	mux.HandleFunc("GET /console/{$}", c.signed(c.inbox))
	mux.HandleFunc("GET /console/live", c.signed(c.live))
	mux.HandleFunc("GET /console/c/{id}", c.signed(c.conversation))
	mux.HandleFunc("POST /console/c/{id}/{action}", c.signed(c.act))
	mux.HandleFunc("POST /console/items/{id}/settle", c.signed(c.settle))
	mux.HandleFunc("POST /console/segments", c.signed(c.measure))
	mux.Handle("GET /console/static/", staticFiles())
	mux.HandleFunc("/console/", func(w http.ResponseWriter, r *http.Request) { c.fail(w, r, errNoPage) })
	return c.guard(mux)
}

// problem is an answer other than the page asked for: its status, and what the
// adviser reads.
type problem struct {
	status int
	text   string
	cause  error // for the log; nil when there is nothing to look into
}

func (p *problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%d: %v", p.status, p.cause)
	}
	return http.StatusText(p.status)
}

var (
	errNoPage      = &problem{status: http.StatusNotFound, text: "Cette page n'existe pas, ou la conversation n'est pas ouverte à votre organisation."}
	errUnreadable  = &problem{status: http.StatusBadRequest, text: "Cette demande n'est pas lisible. Rechargez la page et recommencez."}
	errTooLarge    = &problem{status: http.StatusRequestEntityTooLarge, text: "Ce texte est trop long."}
	errForeign     = &problem{status: http.StatusForbidden, text: "Cette demande ne vient pas de la console : elle est refusée."}
	errNotSignedIn = &problem{status: http.StatusUnauthorized, text: "Votre session est terminée. Connectez-vous de nouveau."}
	errTooMany     = &problem{status: http.StatusTooManyRequests, text: "Trop de pages ouvertes à la fois. Fermez-en quelques-unes."}
)

// unavailable is the answer when the store cannot be read or written.
func unavailable(err error) *problem {
	return &problem{
		status: http.StatusServiceUnavailable, cause: err,
		text: "Le service ne répond pas pour l'instant. Rien n'est perdu : réessayez dans un moment.",
	}
}

// asProblem says what an error of the store means for a page.
func asProblem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if errors.Is(err, bot.ErrNotFound) {
		return errNoPage
	}
	return unavailable(err)
}
