package console

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"relais/bot/bus"
)

func TestPresentWords(t *testing.T) {
	for _, c := range []struct {
		members int
		known   bool
		want    string
	}{
		{0, false, "présence inconnue"},
		{3, false, "présence inconnue"},
		{0, true, "aucune personne présente"},
		{1, true, "1 personne présente"},
		{2, true, "2 personnes présentes"},
	} {
		if got := presentWords(c.members, c.known); got != c.want {
			t.Errorf("%d, %t: %q, want %q", c.members, c.known, got, c.want)
		}
	}
}

// lostPresence is one that cannot be told.
type lostPresence struct{ Presence }

func (lostPresence) Present(context.Context, string, time.Time) (int, bool) { return 0, false }

// A lead sees how many of the organisation have the console open; the others
// do not.
func TestALeadSeesHowManyAreHere(t *testing.T) {
	d := newDesk(t)
	here := &bus.Local{}
	d.console.Presence = here
	lead := d.account("claire", "Claire", "departement", "accueil")
	lead.Role = "lead"
	if err := d.store.SaveAdviser(t.Context(), lead); err != nil {
		t.Fatal(err)
	}
	claire, samira := d.signedIn("claire"), d.signedIn("samira")
	claire.get("/console/").wants(t, http.StatusOK, "aucune personne présente")

	d.signedIn("lea").opens(t) // of another organisation
	samira.opens(t)
	samira.opens(t) // twice is one person
	claire.get("/console/").wants(t, http.StatusOK, "1 personne présente")
	claire.opens(t)
	claire.get("/console/").wants(t, http.StatusOK, "2 personnes présentes")
	samira.get("/console/").wants(t, http.StatusOK, "!présente")

	d.clock.advance(2 * time.Minute)
	claire.get("/console/").wants(t, http.StatusOK, "aucune personne présente")
	d.console.Presence = lostPresence{here}
	claire.get("/console/").wants(t, http.StatusOK, "présence inconnue")
}

// opens opens a page's stream of news, until the test ends.
func (b *browser) opens(t *testing.T) {
	t.Helper()
	got, err := b.Do(b.request(http.MethodGet, livePath, nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { got.Body.Close() })
	lines := bufio.NewScanner(got.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: hello") {
			return
		}
	}
	t.Fatalf("the stream said no hello: %v", lines.Err())
}

// nobodyEnters is a limit that is used up.
type nobodyEnters struct{ asked []string }

func (n *nobodyEnters) Allow(_ context.Context, key string, _ float64, _ int, _ time.Time) time.Duration {
	n.asked = append(n.asked, key)
	if strings.HasPrefix(key, "place:") {
		return 3 * time.Second
	}
	return 0
}

// Tries count for all instances together, by account and by place.
func TestTriesCountOverInstances(t *testing.T) {
	d := newDesk(t)
	limits := &nobodyEnters{}
	d.console.Limits = limits
	got := d.browser().post("/console/login", url.Values{"email": {"Samira@exemple.fr"}, "password": {password}})
	got.wants(t, http.StatusTooManyRequests, "Attendez un peu")
	if got.header.Get("Retry-After") == "" {
		t.Error("nothing says when to come back")
	}
	if want := "account:samira@exemple.fr place:127.0.0.1"; strings.Join(limits.asked, " ") != want {
		t.Errorf("asked for %q, want %q", limits.asked, want)
	}
}
