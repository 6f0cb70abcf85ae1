package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"relais/bot"
)

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	for _, path := range []string{
		"/console/", "/console/login", "/console/c/" + id.String(), "/console/nowhere", "/console/static/console.css", "/console/static/nothing",
	} {
		h := samira.get(path).header
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'") {
			t.Errorf("%s: Content-Security-Policy = %q", path, csp)
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%s: the policy has a hole: %q", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s = %q, want %q", path, name, h.Get(name), want)
			}
		}
		if cache := h.Get("Cache-Control"); !strings.HasPrefix(path, "/console/static/") && cache != "no-store" {
			t.Errorf("%s: Cache-Control = %q", path, cache)
		}
	}
}

func TestPagesHoldNoScriptAndNoStyle(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	for _, path := range []string{"/console/", "/console/c/" + id.String()} {
		page := samira.get(path).body
		for _, unwanted := range []string{" style=", "<style", " onclick", " onsubmit", "javascript:"} {
			if strings.Contains(page, unwanted) {
				t.Errorf("%s holds %q", path, unwanted)
			}
		}
		if strings.Count(page, "<script") != 1 {
			t.Errorf("%s holds other scripts than its module", path)
		}
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	path := "/console/c/" + id.String() + "/claim"
	for _, c := range []struct {
		name    string
		headers map[string]string
		want    int
	}{
		{"another site", map[string]string{"Origin": "https://ailleurs.example"}, http.StatusForbidden},
		{"another site, as browsers say it", map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{"a sibling host", map[string]string{"Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		{"no origin told", nil, http.StatusForbidden},
		{"a hidden origin", map[string]string{"Origin": "null"}, http.StatusForbidden},
		{"typed in by hand", map[string]string{"Sec-Fetch-Site": "none"}, http.StatusForbidden},
		{"our own page", map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusSeeOther},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := samira.request(http.MethodPost, path, strings.NewReader(url.Values{"id": {gesture()}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range c.headers {
				r.Header.Set(name, value)
			}
			if got := samira.do(r); got.status != c.want {
				t.Errorf("status %d, want %d", got.status, c.want)
			}
		})
	}
	login := d.browser().request(http.MethodPost, "/console/login", strings.NewReader("email=samira@exemple.fr"))
	if got := d.browser().do(login); got.status != http.StatusForbidden {
		t.Errorf("signing in from nowhere: %d", got.status)
	}
	read := samira.request(http.MethodGet, "/console/", nil)
	read.Header.Set("Sec-Fetch-Site", "cross-site")
	read.Header.Set("Sec-Fetch-Mode", "no-cors")
	if got := samira.do(read); got.status != http.StatusForbidden {
		t.Errorf("a page embedded elsewhere: %d", got.status)
	}
}

func TestNobodyReadsWithoutSigningIn(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER").String()
	stranger := d.browser()
	for _, path := range []string{"/console/", "/console/c/" + id} {
		got := stranger.get(path)
		got.wants(t, http.StatusSeeOther, "!CONSEILLER")
	}
	if to := stranger.get("/console/c/" + id).header.Get("Location"); to != "/console/login?next=%2Fconsole%2Fc%2F"+id {
		t.Errorf("led to %q", to)
	}
	stranger.get("/console/live").wants(t, http.StatusUnauthorized)
	stranger.post("/console/segments", url.Values{"text": {"bonjour"}}, "Accept", "application/json").wants(t, http.StatusUnauthorized)
	stranger.post("/console/c/"+id+"/claim", url.Values{"id": {gesture()}}, "Accept", "application/json").wants(t, http.StatusUnauthorized)
}

// Another organisation's conversation does not exist: not on the list, not by
// its address, not for any action, not on the stream.
func TestOrganisationsDoNotSeeOneAnother(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	lea := d.signedIn("lea")
	lea.get("/console/").wants(t, http.StatusOK, "!"+id.String(), "Personne n'attend")
	lea.get("/console/c/"+id.String()).wants(t, http.StatusNotFound, "!CONSEILLER", "!06")
	lea.get("/console/live?c="+id.String()).wants(t, http.StatusNotFound)
	for _, action := range []string{"claim", "reply", "note", "return", "close", "acknowledge"} {
		got := lea.act(id, action, "epoch", "1", "text", "bonjour", "outcome", "repondu")
		got.wants(t, http.StatusNotFound)
	}
	before := d.lines(id)
	d.signedIn("samira").get("/console/c/"+id.String()).wants(t, http.StatusOK, "CONSEILLER")
	if after := d.lines(id); len(after) != len(before) {
		t.Errorf("%d lines became %d", len(before), len(after))
	}
}

const canary = `<img src=x onerror=alert(1)><script>alert("canari")</script>'"&`

func TestWhatPeopleWriteStaysText(t *testing.T) {
	d := newDesk(t)
	id := d.says("web:canary-session", "CONSEILLER")
	d.says("web:canary-session", canary)
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	samira.act(id, "note", "epoch", samira.epoch(id), "text", canary).wants(t, http.StatusOK)
	refused := samira.post("/console/c/"+id.String()+"/reply", url.Values{"id": {gesture()}, "epoch": {"0"}, "text": {canary}})
	for _, page := range []answerOf{samira.get("/console/c/" + id.String()), refused} {
		if strings.Contains(page.body, "<img src=x") || strings.Contains(page.body, "<script>alert") {
			t.Errorf("what somebody wrote became part of the page:\n%s", page.body)
		}
		if !strings.Contains(page.body, "&lt;img src=x onerror=alert(1)&gt;") {
			t.Errorf("what somebody wrote is not shown:\n%s", page.body)
		}
	}
	got := samira.post("/console/login", url.Values{"email": {canary}, "password": {"x"}, "next": {canary}})
	got.wants(t, http.StatusUnauthorized, "!<img src=x")
}

func TestNothingPersonalIsLogged(t *testing.T) {
	d := newDesk(t)
	d.says("sms:+33639980077", "CONSEILLER, je m'appelle Zébulon")
	id := d.says("sms:+33639980077", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim")
	samira.act(id, "reply", "epoch", "0", "text", "Bonjour Zébulon", "anyway", "1")
	samira.get("/console/c/" + id.String())
	log := d.log.String()
	if !strings.Contains(log, id.String()) {
		t.Errorf("the log does not name the conversation by its id:\n%s", log)
	}
	for _, unwanted := range []string{"Zébulon", "639980077", "Samira", "exemple.fr"} {
		if strings.Contains(log, unwanted) {
			t.Errorf("%q is in the log:\n%s", unwanted, log)
		}
	}
}

func TestBadRequests(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	c := "/console/c/" + id.String()
	for _, x := range []struct {
		name, path string
		form       url.Values
		want       int
	}{
		{"no gesture id", c + "/claim", url.Values{}, http.StatusBadRequest},
		{"a gesture id of another shape", c + "/claim", url.Values{"id": {"x y"}}, http.StatusBadRequest},
		{"an unknown action", c + "/explode", url.Values{"id": {gesture()}}, http.StatusNotFound},
		{"an epoch that is no number", c + "/reply", url.Values{"id": {gesture()}, "epoch": {"x"}, "text": {"a"}}, http.StatusBadRequest},
		{"an outcome that is none of ours", c + "/close", url.Values{"id": {gesture()}, "outcome": {"gagné"}}, http.StatusBadRequest},
		{"no such conversation", "/console/c/" + (bot.ID{1}).String() + "/claim", url.Values{"id": {gesture()}}, http.StatusNotFound},
		{"not a conversation", "/console/c/1/claim", url.Values{"id": {gesture()}}, http.StatusNotFound},
		{"too much", c + "/reply", url.Values{"id": {gesture()}, "text": {strings.Repeat("x", formLimit)}}, http.StatusRequestEntityTooLarge},
	} {
		t.Run(x.name, func(t *testing.T) {
			samira.post(x.path, x.form, "Accept", "application/json").wants(t, x.want)
		})
	}
	for _, path := range []string{"/console/c/1", "/console/c/" + (bot.ID{1}).String(), c + "x"} {
		samira.get(path).wants(t, http.StatusNotFound)
	}
	for _, after := range []string{"x", "-1", "99999999999999999999"} {
		samira.get(c+"?after="+after).wants(t, http.StatusBadRequest)
	}
	samira.get(c+"?after=9999").wants(t, http.StatusOK, "!CONSEILLER")
}
