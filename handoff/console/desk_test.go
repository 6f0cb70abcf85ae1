package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/bot/engine"
	"relais/bot/seal"
	"relais/bot/sqlite"
	"relais/flows"
	"relais/handoff"
)

// monday is a working day at 10:00 in Besançon.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is the time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// desk is a console on a real store and a real engine.
type desk struct {
	t       *testing.T
	clock   *clock
	store   *sqlite.Store
	engine  *engine.Engine
	console *Console
	server  *httptest.Server
	log     *journal
	said    int
}

// library is compiled once: it is immutable.
var library = sync.OnceValue(func() *flows.Library {
	l, _ := flows.Load(flows.Builtin(), flows.DefaultSamples())
	return l
})

// hashes of the tests' passwords, made once: each takes its time.
var hashOf = sync.OnceValues(func() (string, error) { return HashPassword(password) })

const password = "un mot de passe à retenir"

func newDesk(t *testing.T) *desk {
	t.Helper()
	ctx := t.Context()
	keys, err := seal.NewKeyring([]byte(strings.Repeat("k", seal.MasterSize)))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keys})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	if _, err := store.SaveTerritory(ctx, handoff.Doubs); err != nil {
		t.Fatal(err)
	}
	var versions []bot.Version
	for name, flow := range library().Flows {
		versions = append(versions, bot.Version{Name: name, Hash: flow.Hash, Files: library().Files(name)})
	}
	if _, err := store.Publish(ctx, versions); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, clock: &clock{now: monday}, store: store, log: &journal{}}
	log := slog.New(slog.NewTextHandler(d.log, nil))
	hints := &bus.Local{}
	dialogues := engine.NewFlows(store, library())
	d.engine = engine.New(engine.Config{Store: store, Flows: dialogues, Bus: hints, Clock: d.clock.Now, Log: log, Idle: true})
	d.console = New(Config{
		Engine: d.engine, Store: store, Bus: hints, Territory: dialogues.Territory, Clock: d.clock.Now, Log: log,
		Label: label, Asked: []string{"urgency", "rsa", "housing"},
	})
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.engine.Run(running) }()
	d.server = httptest.NewServer(d.console.Handler())
	t.Cleanup(func() {
		d.console.Close()
		d.server.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the engine ended with: %v", err)
		}
		store.Close()
	})
	d.account("samira", "Samira", "departement", "accueil")
	d.account("paul", "Paul", "departement", "accueil")
	d.account("lea", "Léa", "mission-locale", "mission-locale-besancon")
	return d
}

// journal keeps what was logged.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func label(lang, key, value string) string {
	for _, flow := range library().Flows {
		if words := flow.Label(lang, key, value); words != "" {
			return words
		}
	}
	return ""
}

func (d *desk) account(name, shown, organisation, team string) bot.Account {
	d.t.Helper()
	hash, err := hashOf()
	if err != nil {
		d.t.Fatal(err)
	}
	a := bot.Account{
		ID: fmt.Sprintf("%x", fmt.Sprintf("%-16s", name)), Email: name + "@exemple.fr", Name: shown,
		Organisation: organisation, Team: team, Role: "adviser", Password: hash, Created: monday,
	}
	if err := d.store.SaveAdviser(d.t.Context(), a); err != nil {
		d.t.Fatal(err)
	}
	return a
}

// says makes a person write, and returns their conversation.
func (d *desk) says(address, text string) bot.ID {
	d.t.Helper()
	a, err := bot.ParseAddress(address)
	if err != nil {
		d.t.Fatal(err)
	}
	d.said++
	result, err := d.engine.Receive(d.t.Context(), bot.Ref{Address: a}, bot.Event{
		Source: "test", ID: fmt.Sprint("said-", d.said), At: d.clock.Now(), What: bot.Said{Text: bot.Text(text)},
	})
	if err != nil {
		d.t.Fatalf("%q: %v", text, err)
	}
	return result.Conversation
}

// browser is an adviser's: it keeps cookies and says where it comes from.
type browser struct {
	t *testing.T
	*http.Client
	base string
}

func (d *desk) browser() *browser {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{t: d.t, Client: client, base: d.server.URL}
}

// signedIn is a browser past the door.
func (d *desk) signedIn(name string) *browser {
	d.t.Helper()
	b := d.browser()
	got := b.post("/console/login", url.Values{"email": {name + "@exemple.fr"}, "password": {password}})
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/console/" {
		d.t.Fatalf("sign in as %s: %d to %q", name, got.status, got.header.Get("Location"))
	}
	return b
}

type answerOf struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(r *http.Request) answerOf {
	b.t.Helper()
	got, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answerOf{got.StatusCode, got.Header, string(body)}
}

func (b *browser) request(method, path string, body io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *browser) get(path string) answerOf {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

// post sends a form as our own page would.
func (b *browser) post(path string, form url.Values, set ...string) answerOf {
	b.t.Helper()
	r := b.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.base)
	for i := 0; i+1 < len(set); i += 2 {
		r.Header.Set(set[i], set[i+1])
	}
	return b.do(r)
}

var hiddenEpoch = regexp.MustCompile(`name="epoch" value="(\d+)"`)

// epoch reads what the page of a conversation says of its ownership.
func (b *browser) epoch(id bot.ID) string {
	b.t.Helper()
	found := hiddenEpoch.FindStringSubmatch(b.get("/console/c/" + id.String()).body)
	if found == nil {
		b.t.Fatal("the page has no reply box")
	}
	return found[1]
}

var gestures = struct {
	sync.Mutex
	n int
}{}

// gesture is a fresh id, as the page makes them.
func gesture() string {
	gestures.Lock()
	defer gestures.Unlock()
	gestures.n++
	return fmt.Sprintf("gesture-%012d", gestures.n)
}

// act does one thing in a conversation, as the page's script does.
func (b *browser) act(id bot.ID, action string, fields ...string) answerOf {
	b.t.Helper()
	form := url.Values{"id": {gesture()}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.post("/console/c/"+id.String()+"/"+action, form, "Accept", "application/json")
}

func (d *desk) lines(id bot.ID) []bot.Line {
	d.t.Helper()
	lines, err := d.store.History(d.t.Context(), bot.HistoryQuery{Conversation: id})
	if err != nil {
		d.t.Fatal(err)
	}
	return lines
}

// wants checks an answer's status and that its body holds, or lacks ("!…"),
// some texts.
func (a answerOf) wants(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d\n%s", a.status, status, a.body)
	}
	for _, text := range texts {
		unwanted, negative := strings.CutPrefix(text, "!")
		if negative == strings.Contains(a.body, unwanted) {
			t.Errorf("body and %q do not agree:\n%s", text, a.body)
		}
	}
}
