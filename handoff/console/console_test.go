package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/engine"
)

func TestTheWaitingListSaysWhoSinceWhenAndWhy(t *testing.T) {
	d := newDesk(t)
	asked := d.says("sms:+33639980001", "CONSEILLER")
	d.clock.advance(12 * time.Minute)
	crisis := d.says("web:a-chat-session", "je veux me suicider")
	d.clock.advance(3 * time.Minute)
	samira := d.signedIn("samira")

	page := samira.get("/console/")
	page.wants(t, http.StatusOK, "<title>(2) Conversations", "Demande à parler à une personne", "15\u00a0min", "Parle de mourir", ">Danger<", "Discussion sur le site", "réponse promise avant")
	if strings.Index(page.body, crisis.String()) > strings.Index(page.body, asked.String()) {
		t.Error("the crisis does not come first")
	}

	samira.act(asked, "claim").wants(t, http.StatusOK)
	page = samira.get("/console/")
	page.wants(t, http.StatusOK, "À moi", "message sans réponse depuis")
	if strings.Index(page.body, "À moi") < strings.Index(page.body, crisis.String()) {
		t.Error("somebody in danger waits below the adviser's own conversations")
	}
	d.signedIn("paul").get("/console/").wants(t, http.StatusOK, "<title>(1) ", "Suivies par des collègues", "suivie par Samira")

	d.clock.advance(24 * time.Hour)
	d.signedIn("paul").get("/console/").wants(t, http.StatusOK, "promesse dépassée")
}

// Two advisers reach for one conversation: one has it, the other learns who.
func TestOneClaimWins(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	advisers := map[string]*browser{"Samira": d.signedIn("samira"), "Paul": d.signedIn("paul")}
	answers := map[string]answerOf{}
	var (
		mu   sync.Mutex
		race sync.WaitGroup
	)
	for name, b := range advisers {
		race.Go(func() {
			got := b.act(id, "claim")
			mu.Lock()
			defer mu.Unlock()
			answers[name] = got
		})
	}
	race.Wait()
	winner, loser := "Samira", "Paul"
	if answers["Paul"].status == http.StatusOK {
		winner, loser = loser, winner
	}
	answers[winner].wants(t, http.StatusOK)
	answers[loser].wants(t, http.StatusConflict, `"why":"taken"`, `"who":"`+winner+`"`, winner+" suit déjà cette conversation")
	advisers[loser].get("/console/c/"+id.String()).wants(t, http.StatusOK, "<strong>"+winner+"</strong>", "!Prendre cette conversation", "!name=\"text\"")

	// A second click of the winner is harmless.
	advisers[winner].act(id, "claim").wants(t, http.StatusOK)
}

func TestRepliesLeaveByTheChannelOfThePerson(t *testing.T) {
	d := newDesk(t)
	samira := d.signedIn("samira")
	for address, want := range map[string]bot.Delivery{"sms:+33639980001": bot.Pending, "web:a-chat-session": bot.Internal} {
		id := d.says(address, "CONSEILLER")
		samira.act(id, "claim").wants(t, http.StatusOK)
		samira.act(id, "reply", "epoch", samira.epoch(id), "text", "Bonjour, je vous écoute.").wants(t, http.StatusOK)
		lines := d.lines(id)
		last := lines[len(lines)-1]
		if last.From != bot.FromAdviser || last.Text != "Bonjour, je vous écoute." || last.Delivery != want || last.Seq == 0 || last.Name != "Samira" {
			t.Errorf("%s: last line %+v", address, last)
		}
		samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "Bonjour, je vous écoute.", "Samira (vous)")

		samira.act(id, "note", "epoch", samira.epoch(id), "text", "Rappeler demain").wants(t, http.StatusOK)
		lines = d.lines(id)
		if note := lines[len(lines)-1]; note.Audience != bot.ForNote || note.Seq != 0 || note.Delivery != bot.Internal {
			t.Errorf("%s: the note is %+v", address, note)
		}
		samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "Note interne de Samira (vous)")
	}
}

func TestTheSameGestureTwiceActsOnce(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	epoch, again := samira.epoch(id), gesture()
	before := len(d.lines(id))
	for range 3 {
		samira.act(id, "reply", "id", again, "epoch", epoch, "text", "Une seule fois").wants(t, http.StatusOK)
	}
	if n := len(d.lines(id)); n != before+1 {
		t.Errorf("%d lines were added, want 1", n-before)
	}
	// Another adviser's gesture of the same name is another one.
	d.says("sms:+33639980002", "CONSEILLER")
	other := d.says("sms:+33639980002", "bonjour")
	d.signedIn("paul").act(other, "claim", "id", again).wants(t, http.StatusOK)
	if owner := d.signedIn("paul").get("/console/c/" + other.String()); !strings.Contains(owner.body, "C'est vous qui répondez") {
		t.Error("the second adviser's gesture was taken for the first one's")
	}
}

func TestARefusedReplyComesBackAsADraft(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	epoch := samira.epoch(id)
	samira.act(id, "return").wants(t, http.StatusOK)
	samira.act(id, "reply", "epoch", epoch, "text", "trop tard").wants(t, http.StatusConflict, `"why":"not_yours"`)

	d.says("sms:+33639980001", "CONSEILLER")
	samira.act(id, "claim").wants(t, http.StatusOK)
	samira.act(id, "reply", "epoch", epoch, "text", "d'une autre époque").wants(t, http.StatusConflict, `"why":"stale"`)

	form := map[string][]string{"id": {gesture()}, "epoch": {epoch}, "text": {"d'une autre époque"}}
	page := samira.post("/console/c/"+id.String()+"/reply", form)
	page.wants(t, http.StatusConflict, ">d&#39;une autre époque</textarea>", "a changé de main")
	for _, l := range d.lines(id) {
		if l.From == bot.FromAdviser {
			t.Errorf("a refused text is in the log: %+v", l)
		}
	}
	samira.act(id, "reply", "epoch", samira.epoch(id), "text", " ").wants(t, http.StatusConflict, `"why":"empty"`)
	samira.act(id, "reply", "epoch", samira.epoch(id), "text", strings.Repeat("é", 1601)).wants(t, http.StatusConflict, `"why":"too_long"`)
}

func TestGivingBackAndClosing(t *testing.T) {
	d := newDesk(t)
	id := d.says("web:a-chat-session", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "return").wants(t, http.StatusConflict, `"why":"not_yours"`)
	samira.act(id, "claim").wants(t, http.StatusOK)
	samira.act(id, "return").wants(t, http.StatusOK)
	samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "L'assistant répond", "Rendu à l", "rendue à l")
	samira.act(id, "claim").wants(t, http.StatusConflict, `"why":"no_queue"`)

	d.says("web:a-chat-session", "CONSEILLER")
	samira.act(id, "claim").wants(t, http.StatusOK)
	samira.act(id, "close", "outcome", "rdv_pris").wants(t, http.StatusOK)
	samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "Échange terminé\u00a0: rendez-vous pris", "Samira a pris la conversation")
	samira.get("/console/").wants(t, http.StatusOK, "Personne n'attend")
}

func TestAnAlertIsAcknowledgedByAnyColleague(t *testing.T) {
	d := newDesk(t)
	id := d.says("web:a-chat-session", "je veux me suicider")
	samira := d.signedIn("samira")
	samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "vu l'alerte</button>")
	samira.act(id, "acknowledge").wants(t, http.StatusOK)
	samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "Samira a vu l", "!vu l'alerte</button>", "Prendre cette conversation")
}

func TestAnSMSOutsideHoursWantsASecondThought(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	chat := d.says("web:a-chat-session", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	samira.act(chat, "claim").wants(t, http.StatusOK)
	d.clock.advance(11 * time.Hour) // 21:00
	samira = d.signedIn("samira")

	samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "Il est 21\u00a0h\u00a0: un SMS sonnerait", "Envoyer quand même")
	samira.act(id, "reply", "epoch", samira.epoch(id), "text", "Bonsoir").wants(t, http.StatusConflict, `"why":"quiet_hours"`)
	samira.act(id, "note", "epoch", samira.epoch(id), "text", "À rappeler").wants(t, http.StatusOK)
	samira.act(id, "reply", "epoch", samira.epoch(id), "text", "Bonsoir", "anyway", "1").wants(t, http.StatusOK)
	samira.act(chat, "reply", "epoch", samira.epoch(chat), "text", "Bonsoir").wants(t, http.StatusOK)

	// To somebody who is writing just now an answer is no surprise.
	d.says("sms:+33639980001", "vous êtes là ?")
	samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "!Envoyer quand même")
	samira.act(id, "reply", "epoch", samira.epoch(id), "text", "Oui").wants(t, http.StatusOK)
}

func TestAPersonWhoRefusesSMSGetsNone(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	d.says("sms:+33639980001", "STOP")
	samira.get("/console/c/"+id.String()).wants(t, http.StatusOK, "une réponse ne partirait pas", "La personne ne veut plus recevoir de SMS")
	samira.act(id, "reply", "epoch", samira.epoch(id), "text", "Bonjour").wants(t, http.StatusConflict, `"why":"opted_out"`)
	samira.act(id, "note", "epoch", samira.epoch(id), "text", "À appeler").wants(t, http.StatusOK)
}

func TestHowFarAnSMSGot(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	samira.act(id, "reply", "epoch", samira.epoch(id), "text", "Bonjour").wants(t, http.StatusOK)
	lines := d.lines(id)
	n := lines[len(lines)-1].N
	for _, c := range []struct {
		mark bot.Mark
		want string
	}{
		{bot.Mark{Delivery: bot.Pending}, "en attente d&#39;envoi"},
		{bot.Mark{Delivery: bot.Sent}, "envoyé"},
		{bot.Mark{Delivery: bot.Delivered}, "distribué"},
		{bot.Mark{Delivery: bot.Failed, Error: 30005}, "échec\u00a0: numéro inconnu"},
	} {
		c.mark.Conversation, c.mark.N = id, n
		outcomes, err := d.store.Commit(t.Context(), []*bot.Commit{{At: d.clock.Now(), Marks: []bot.Mark{c.mark}}}, nil)
		if err != nil || outcomes[0] != nil {
			t.Fatal(err, outcomes)
		}
		page := samira.get("/console/c/" + id.String()).body
		if last := page[strings.LastIndex(page, `class="line adviser`):]; !strings.Contains(last, c.want) {
			t.Errorf("delivery %s: the line lacks %q:\n%s", c.mark.Delivery, c.want, last[:min(len(last), 600)])
		}
	}
}

// What a page already shows is not sent again: the cursor is the line's number.
func TestAPageAsksOnlyForWhatIsNew(t *testing.T) {
	d := newDesk(t)
	id := d.says("web:a-chat-session", "CONSEILLER")
	samira := d.signedIn("samira")
	samira.act(id, "claim").wants(t, http.StatusOK)
	lines := d.lines(id)
	last := lines[len(lines)-1].N
	path := fmt.Sprintf("/console/c/%s?after=%d", id, last)
	samira.get(path).wants(t, http.StatusOK, "!data-n=", "C'est vous qui répondez")
	d.says("web:a-chat-session", "encore un mot")
	got := samira.get(path)
	got.wants(t, http.StatusOK, "encore un mot", "!CONSEILLER")
	if n := strings.Count(got.body, "data-n="); n != 1 {
		t.Errorf("%d lines are sent, want 1", n)
	}
}

// fallen is an engine whose store cannot write.
type fallen struct{}

func (fallen) Receive(context.Context, bot.Ref, bot.Event) (engine.Result, error) {
	return engine.Result{}, errors.New("disk full")
}

func TestWhenNothingCanBeWritten(t *testing.T) {
	d := newDesk(t)
	id := d.says("sms:+33639980001", "CONSEILLER")
	samira := d.signedIn("samira")
	d.console.Engine = fallen{}
	got := samira.act(id, "claim")
	got.wants(t, http.StatusServiceUnavailable, "Rien n'est perdu", "!disk full")
	if got.header.Get("Retry-After") == "" {
		t.Error("nothing says when to try again")
	}
}

func TestTheCostOfADraft(t *testing.T) {
	d := newDesk(t)
	samira := d.signedIn("samira")
	for text, want := range map[string]string{
		"bonjour":                `{"encoding":"GSM-7","units":7,"segments":1}`,
		strings.Repeat("a", 161): `{"encoding":"GSM-7","units":161,"segments":2}`,
		"à bientôt, peut-être ŷ": `"segments":1}`,
	} {
		samira.post("/console/segments", map[string][]string{"text": {text}}, "Accept", "application/json").wants(t, http.StatusOK, want)
	}
}

// stream reads the events of a live stream, one at a time.
type stream struct {
	lines *bufio.Scanner
}

func (b *browser) stream(path string) *stream {
	b.t.Helper()
	got, err := b.Do(b.request(http.MethodGet, path, nil))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { got.Body.Close() })
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("stream: %d %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
	s := &stream{lines: bufio.NewScanner(got.Body)}
	if event := s.next(); event != "hello" {
		b.t.Fatalf("the stream begins with %q", event)
	}
	return s
}

// next waits for an event and gives its name; "" when the stream has ended.
func (s *stream) next() string {
	for s.lines.Scan() {
		if name, ok := strings.CutPrefix(s.lines.Text(), "event: "); ok {
			return name
		}
	}
	return ""
}

func TestAnArrivalIsHinted(t *testing.T) {
	d := newDesk(t)
	samira := d.signedIn("samira")
	live := samira.stream("/console/live")
	id := d.says("sms:+33639980001", "CONSEILLER")
	if event := live.next(); event != "inbox" {
		t.Errorf("the arrival gave %q", event)
	}
	talk := samira.stream("/console/live?c=" + id.String())
	d.says("sms:+33639980001", "vous êtes là ?")
	seen := map[string]bool{talk.next(): true, talk.next(): true}
	if !seen["conversation"] || !seen["inbox"] {
		t.Errorf("the message gave %v", seen)
	}
}

func TestAStreamEndsWithTheSession(t *testing.T) {
	d := newDesk(t)
	samira := d.signedIn("samira")
	live := samira.stream("/console/live")
	samira.post("/console/logout", nil).wants(t, http.StatusSeeOther)
	d.says("sms:+33639980001", "CONSEILLER")
	if event := live.next(); event != "signedout" {
		t.Errorf("after signing out the stream gave %q", event)
	}
	if event := live.next(); event != "" {
		t.Errorf("the stream goes on with %q", event)
	}
}

func TestAStreamEndsWithTheServer(t *testing.T) {
	d := newDesk(t)
	live := d.signedIn("samira").stream("/console/live")
	d.console.Close()
	if event := live.next(); event != "bye" {
		t.Errorf("the server stopped and the stream gave %q", event)
	}
}

func TestStreamsAreCounted(t *testing.T) {
	d := newDesk(t)
	samira := d.signedIn("samira")
	for range streamsEach {
		samira.stream("/console/live")
	}
	samira.get("/console/live").wants(t, http.StatusTooManyRequests)
	d.signedIn("paul").stream("/console/live")
}
