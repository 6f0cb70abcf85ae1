package console

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTheDoor(t *testing.T) {
	d := newDesk(t)
	d.browser().get("/console/").wants(t, http.StatusSeeOther)
	d.browser().get("/console/login").wants(t, http.StatusOK, "Se connecter", "Doubs Emploi", "!À moi")

	samira := d.signedIn("samira")
	samira.get("/console/").wants(t, http.StatusOK, "Samira", "Personne n'attend", "!Se connecter")
	samira.get("/console/login").wants(t, http.StatusSeeOther)

	cookie := samira.Jar.Cookies(samira.request("GET", "/console/", nil).URL)
	if len(cookie) != 1 || len(cookie[0].Value) < 43 {
		t.Fatalf("cookies = %v, want one session token of 256 bits", cookie)
	}
	if got := samira.post("/console/logout", nil); got.status != http.StatusSeeOther {
		t.Fatalf("sign out: %d", got.status)
	}
	stolen := d.browser()
	r := stolen.request("GET", "/console/", nil)
	r.AddCookie(cookie[0])
	stolen.do(r).wants(t, http.StatusSeeOther)
}

func TestTheCookieIsClosedToScriptsAndOtherSites(t *testing.T) {
	d := newDesk(t)
	for _, secure := range []bool{false, true} {
		d.console.Secure = secure
		got := d.browser().post("/console/login", url.Values{"email": {"samira@exemple.fr"}, "password": {password}})
		set := got.header.Get("Set-Cookie")
		for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(set, want) {
				t.Errorf("Set-Cookie %q lacks %s", set, want)
			}
		}
		if strings.HasPrefix(set, "__Host-") != secure || strings.Contains(set, "; Secure") != secure {
			t.Errorf("Set-Cookie %q with Secure %t", set, secure)
		}
	}
}

// An unknown account, a disabled one and a wrong password get the same answer
// for the same work.
func TestNothingTellsWhichAccountsExist(t *testing.T) {
	d := newDesk(t)
	disabled := d.account("old", "Odile", "departement", "accueil")
	disabled.Disabled = true
	if err := d.store.SaveAdviser(t.Context(), disabled); err != nil {
		t.Fatal(err)
	}
	var hashed int
	check := d.console.passwords.check
	d.console.passwords.check = func(hash, password string) bool {
		hashed++
		return check(hash, password)
	}
	var pages []string
	for _, c := range []struct{ email, password string }{
		{"samira@exemple.fr", "ce n'est pas le bon"},
		{"nobody@exemple.fr", "ce n'est pas le bon"},
		{"nobody@exemple.fr", password},
		{"old@exemple.fr", password},
		{disabled.ID, password},
		{"", ""},
	} {
		before := hashed
		got := d.browser().post("/console/login", url.Values{"email": {c.email}, "password": {c.password}})
		if got.status != http.StatusUnauthorized || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: status %d, cookie %q", c.email, got.status, got.header.Get("Set-Cookie"))
		}
		if hashed != before+1 {
			t.Errorf("%s: %d hashes computed, want 1", c.email, hashed-before)
		}
		pages = append(pages, strings.ReplaceAll(got.body, `value="`+c.email+`"`, `value=""`))
	}
	for _, page := range pages[1:] {
		if page != pages[0] {
			t.Errorf("the pages differ:\n%s\n\n%s", pages[0], page)
		}
	}
	if log := d.log.String(); strings.Contains(log, "exemple.fr") {
		t.Errorf("an e-mail is in the log:\n%s", log)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	wrong := url.Values{"email": {"samira@exemple.fr"}, "password": {"je devine encore une fois"}}
	for range patienceForAccount.free + 1 {
		b.post("/console/login", wrong).wants(t, http.StatusUnauthorized)
	}
	right := url.Values{"email": {"samira@exemple.fr"}, "password": {password}}
	got := b.post("/console/login", right)
	got.wants(t, http.StatusTooManyRequests, "Trop d&#39;essais")
	if got.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After = %q, want a little over a second", got.header.Get("Retry-After"))
	}
	d.clock.advance(2 * time.Second)
	b.post("/console/login", right).wants(t, http.StatusSeeOther)
}

func TestSessionsEnd(t *testing.T) {
	d := newDesk(t)
	samira := d.signedIn("samira")

	d.clock.advance(29 * time.Minute)
	samira.get("/console/").wants(t, http.StatusOK)
	d.clock.advance(29 * time.Minute)
	samira.get("/console/").wants(t, http.StatusOK)
	d.clock.advance(31 * time.Minute)
	samira.get("/console/").wants(t, http.StatusSeeOther)

	// A page that only refreshes itself keeps nobody signed in, and ends
	// nothing either.
	samira = d.signedIn("samira")
	for range 2 {
		d.clock.advance(14 * time.Minute)
		r := samira.request("GET", "/console/", nil)
		r.Header.Set(passive, "1")
		samira.do(r).wants(t, http.StatusOK)
	}
	d.clock.advance(3 * time.Minute)
	r := samira.request("GET", "/console/", nil)
	r.Header.Set(passive, "1")
	samira.do(r).wants(t, http.StatusUnauthorized)

	// Twelve hours are the most, however busy.
	samira = d.signedIn("samira")
	for range 47 {
		d.clock.advance(15 * time.Minute)
		samira.get("/console/").wants(t, http.StatusOK)
	}
	d.clock.advance(16 * time.Minute)
	samira.get("/console/").wants(t, http.StatusSeeOther)
}

func TestADisabledAccountIsOutAtOnce(t *testing.T) {
	d := newDesk(t)
	samira := d.signedIn("samira")
	account, err := d.store.Adviser(t.Context(), "samira@exemple.fr")
	if err != nil {
		t.Fatal(err)
	}
	account.Disabled = true
	if err := d.store.SaveAdviser(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	samira.get("/console/").wants(t, http.StatusSeeOther)
}

func TestSigningInGivesANewSession(t *testing.T) {
	d := newDesk(t)
	b := d.signedIn("samira")
	address := b.request("GET", "/console/", nil).URL
	first := b.Jar.Cookies(address)[0]
	b.post("/console/login", url.Values{"email": {"samira@exemple.fr"}, "password": {password}}).wants(t, http.StatusSeeOther)
	if b.Jar.Cookies(address)[0].Value == first.Value {
		t.Error("the token stayed the same")
	}
	other := d.browser()
	r := other.request("GET", "/console/", nil)
	r.AddCookie(first)
	other.do(r).wants(t, http.StatusSeeOther)
}

func TestTheWayBackLeadsOnlyIntoTheConsole(t *testing.T) {
	for wanted, want := range map[string]string{
		"/console/c/0123456789abcdef0123456789abcdef": "/console/c/0123456789abcdef0123456789abcdef",
		"https://ailleurs.example/":                   "/console/",
		"//ailleurs.example/console/c/":               "/console/",
		"/console/logout":                             "/console/",
		"":                                            "/console/",
	} {
		if got := next(wanted); got != want {
			t.Errorf("next(%q) = %q, want %q", wanted, got, want)
		}
	}
}

func TestWhereARequestComesFrom(t *testing.T) {
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.7:4000", "", "203.0.113.7"},
		{"203.0.113.7:4000", "198.51.100.1", "203.0.113.7"}, // a stranger's claim
		{"127.0.0.1:4000", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.2:4000", "192.0.2.66, 198.51.100.1", "198.51.100.1"}, // what the proxy added comes last
		{"10.0.0.2:4000", "nonsense", "10.0.0.2"},
		{"[::1]:4000", "2001:db8::1", "2001:db8::1"},
	} {
		r := httptest.NewRequest("POST", "/console/login", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := place(r); got != c.want {
			t.Errorf("place(%s, %q) = %q, want %q", c.peer, c.forwarded, got, c.want)
		}
	}
}
