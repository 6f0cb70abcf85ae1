package console

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"relais/bot"
)

const (
	idle      = 30 * time.Minute // without a gesture of the adviser
	longest   = 12 * time.Hour
	tokenSize = 32 // bytes
)

// passive marks requests that the page makes by itself: they show that a page
// is open, not that somebody is there, and never keep a session alive.
const passive = "Relais-Passive"

// cookieName carries the __Host- prefix where cookies are secure: no other
// host of the domain can then plant one.
func (c *Console) cookieName() string {
	if c.Secure {
		return "__Host-relais-console"
	}
	return "relais-console"
}

func (c *Console) cookie(token string) *http.Cookie {
	cookie := &http.Cookie{
		Name: c.cookieName(), Value: token, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Secure,
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	return cookie
}

// token gives the hash of the request's session token; ok is false when it
// carries none.
func (c *Console) token(r *http.Request) (hash [32]byte, ok bool) {
	cookie, err := r.Cookie(c.cookieName())
	if err != nil {
		return hash, false
	}
	token, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(token) != tokenSize {
		return hash, false
	}
	return sha256.Sum256(token), true
}

// openSession starts a session and gives its cookie. The store keeps the
// token's hash only: a copy of the database opens no door.
func (c *Console) openSession(ctx context.Context, adviser string) (*http.Cookie, error) {
	token := make([]byte, tokenSize)
	if _, err := io.ReadFull(c.Random, token); err != nil {
		return nil, fmt.Errorf("drawing a session token: %w", err)
	}
	now := c.Clock()
	err := c.Store.OpenSession(ctx, bot.SignIn{
		TokenHash: sha256.Sum256(token), Adviser: adviser, Until: now.Add(idle), Latest: now.Add(longest),
	})
	if err != nil {
		return nil, fmt.Errorf("opening a session: %w", err)
	}
	return c.cookie(base64.RawURLEncoding.EncodeToString(token)), nil
}

// adviser finds who makes a request; errNotSignedIn when nobody does.
func (c *Console) adviser(r *http.Request) (bot.Account, error) {
	hash, ok := c.token(r)
	if !ok {
		return bot.Account{}, errNotSignedIn
	}
	now := c.Clock()
	until := now.Add(idle)
	if r.Header.Get(passive) != "" || r.URL.Path == livePath {
		until = now
	}
	account, err := c.Store.Signed(r.Context(), hash, now, until)
	if errors.Is(err, bot.ErrNotFound) {
		return account, errNotSignedIn
	}
	return account, err
}

// page is a handler for somebody who signed in. Its error is shown.
type page func(w http.ResponseWriter, r *http.Request, who bot.Account) error

// signed lets advisers in, and sends the others to the door.
func (c *Console) signed(serve page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := c.adviser(r)
		if err == nil {
			err = serve(w, r, who)
		}
		switch {
		case err == nil:
		case errors.Is(err, errNotSignedIn) && navigates(r):
			http.Redirect(w, r, loginFor(r), http.StatusSeeOther)
		default:
			c.fail(w, r, err)
		}
	}
}

// navigates tells a person's browser going to a page from a script fetching
// one: the first is shown the door, the second is told.
func navigates(r *http.Request) bool {
	return !wantsJSON(r) && r.Header.Get(passive) == "" && r.URL.Path != livePath
}

func viewer(a bot.Account) bot.Viewer {
	return bot.Viewer{Adviser: a.ID, Organisation: a.Organisation, Team: a.Team, Role: a.Role}
}

func actor(a bot.Account) bot.Actor {
	return bot.Actor{Adviser: a.ID, Name: a.Name, Organisation: a.Organisation, Team: a.Team, Role: a.Role}
}
