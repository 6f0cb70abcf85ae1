package console

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"relais/bot"
)

const (
	formLimit  = 32 << 10 // bytes of a request
	emailLimit = 254
)

// One answer for an unknown account, a disabled one and a wrong password.
const (
	wrongPassword = "Adresse ou mot de passe incorrect."
	tooSoon       = "Trop d'essais. Attendez un peu, puis recommencez."
)

type loginView struct {
	Layout  layout
	Email   string
	Next    string
	Problem string
}

// afterLogin are the pages that somebody may be led to after signing in.
var afterLogin = regexp.MustCompile(`^/console/c/[0-9a-f]{32}$`)

// loginFor is the door, with the way back to what was asked for.
func loginFor(r *http.Request) string {
	if r.Method == http.MethodGet && afterLogin.MatchString(r.URL.Path) {
		return "/console/login?next=" + url.QueryEscape(r.URL.Path)
	}
	return "/console/login"
}

func (c *Console) loginPage(w http.ResponseWriter, r *http.Request) {
	if _, err := c.adviser(r); err == nil {
		http.Redirect(w, r, next(r.URL.Query().Get("next")), http.StatusSeeOther)
		return
	}
	c.showLogin(w, r, http.StatusOK, loginView{Next: r.URL.Query().Get("next")})
}

func (c *Console) showLogin(w http.ResponseWriter, r *http.Request, status int, v loginView) {
	v.Layout = c.layout(r, "Connexion")
	c.render(w, r, status, "login.html", v)
}

func next(wanted string) string {
	if afterLogin.MatchString(wanted) {
		return wanted
	}
	return "/console/"
}

// login checks an e-mail and a password. Whatever is wrong, the answer and the
// work behind it are the same.
func (c *Console) login(w http.ResponseWriter, r *http.Request) {
	if err := readForm(w, r); err != nil {
		c.fail(w, r, err)
		return
	}
	email := strings.ToLower(strings.TrimSpace(r.PostForm.Get("email")))
	v := loginView{Email: email, Next: r.PostForm.Get("next")}
	if len(email) > emailLimit {
		v.Email, email = "", ""
	}
	if wait := c.mayTry(r.Context(), email, place(r)); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		v.Problem = tooSoon
		c.showLogin(w, r, http.StatusTooManyRequests, v)
		return
	}
	account, err := c.signIn(r, email, r.PostForm.Get("password"))
	switch {
	case errors.Is(err, errNotSignedIn):
		c.Log.Info("sign-in refused")
		v.Problem = wrongPassword
		c.showLogin(w, r, http.StatusUnauthorized, v)
		return
	case err != nil:
		c.fail(w, r, err)
		return
	}
	c.throttle.succeeded(email, place(r))
	c.admit(w, r, account)
}

// signIn finds the account behind an e-mail and a password; errNotSignedIn
// when they do not open one.
func (c *Console) signIn(r *http.Request, email, password string) (bot.Account, error) {
	account, err := bot.Account{}, error(bot.ErrNotFound)
	if strings.Contains(email, "@") { // the store would take an id too
		account, err = c.Store.Adviser(r.Context(), email)
	}
	if err != nil && !errors.Is(err, bot.ErrNotFound) {
		return account, unavailable(err)
	}
	match, failed := c.passwords.match(r.Context(), account.Password, password)
	switch {
	case failed != nil:
		return account, unavailable(failed)
	case err != nil || !match || account.Disabled:
		return account, errNotSignedIn
	}
	return account, nil
}

// admit gives a new session in place of the one the browser had.
func (c *Console) admit(w http.ResponseWriter, r *http.Request, account bot.Account) {
	cookie, err := c.openSession(r.Context(), account.ID)
	if err != nil {
		c.fail(w, r, unavailable(err))
		return
	}
	c.leave(r)
	c.Log.Info("signed in", slog.String("adviser", account.ID))
	http.SetCookie(w, cookie)
	http.Redirect(w, r, next(r.PostForm.Get("next")), http.StatusSeeOther)
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request) {
	c.leave(r)
	http.SetCookie(w, c.cookie(""))
	http.Redirect(w, r, "/console/login", http.StatusSeeOther)
}

// leave ends the session a request came with.
func (c *Console) leave(r *http.Request) {
	hash, ok := c.token(r)
	if !ok {
		return
	}
	if err := c.Store.CloseSession(r.Context(), hash); err != nil {
		c.Log.Error("closing a session", slog.Any("error", err))
	}
}

// readForm reads a form within its limit.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	err := r.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errTooLarge
	}
	if err != nil {
		return errUnreadable
	}
	return nil
}

// place is where a request comes from. Behind a proxy on this machine or its
// private network, it is what that proxy saw: the last address it added.
func place(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	peer, err := netip.ParseAddr(host)
	if err != nil || !(peer.IsLoopback() || peer.IsPrivate()) {
		return host
	}
	seen := r.Header.Get("X-Forwarded-For")
	last, err := netip.ParseAddr(strings.TrimSpace(seen[strings.LastIndexByte(seen, ',')+1:]))
	if err != nil {
		return host
	}
	return last.String()
}
