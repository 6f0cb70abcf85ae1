package storetest

import (
	"crypto/sha256"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"relais/bot"
	"relais/bot/appointments"
)

// readAll reads all that can be read of this life. The stores compare it; what
// is not there is an answer too.
func (p *play) readAll(rt *rapid.T) {
	for k := range crowd {
		p.readAddress(p.who(k))
		if page, known := p.pages[k]; known {
			p.readAddress(page)
		}
	}
	for _, id := range p.conversations {
		p.readConversation(id)
	}
	for thread, conversation := range p.threads {
		_, _ = p.h.Outbox(p.ctx, thread, 20)
		_, _ = p.h.History(p.ctx, bot.HistoryQuery{Conversation: conversation, Thread: thread, After: 1, Limit: 20})
	}
	for _, organisation := range append(organisations, "") {
		_, _ = p.h.Inbox(p.ctx, viewer(organisation), 50)
		_, _ = p.h.Items(p.ctx, viewer(organisation), 50)
	}
	for i := range 4 {
		_, _, _ = p.h.Appointment(p.ctx, appointments.Key{Source: "csv", ExternalID: p.appointment(i), Participant: "p1"})
	}
	_, err := p.h.Known(p.ctx, "test", p.events)
	p.check(rt, "known", err)
	_, err = p.h.Statistics(p.ctx, p.now)
	p.check(rt, "statistics", err)
	p.readHouse()
}

func (p *play) readAddress(a bot.Address) {
	_, _ = p.h.Load(p.ctx, bot.Ref{Address: a})
	_, _ = p.h.Session(p.ctx, a)
	_, _ = p.h.Export(p.ctx, a)
}

func (p *play) readConversation(id bot.ID) {
	_, _ = p.h.Load(p.ctx, bot.Ref{Conversation: id})
	_, _ = p.h.History(p.ctx, bot.HistoryQuery{Conversation: id, After: 1})
	for _, organisation := range organisations {
		_, _ = p.h.File(p.ctx, viewer(organisation), id)
		_, _ = p.h.Read(p.ctx, viewer(organisation), id, 0, 100)
	}
}

// readHouse reads what the service is set up with.
func (p *play) readHouse() {
	_, _, _ = p.h.Published(p.ctx)
	_, _ = p.h.Version(p.ctx, "welcome", "1")
	_, _ = p.h.Waiting(p.ctx)
	_, _, _ = p.h.Territory(p.ctx)
	_, _ = p.h.Advisers(p.ctx)
	_, _ = p.h.Adviser(p.ctx, "a@example.org")
	for k := range 3 {
		_, _ = p.h.Signed(p.ctx, p.token(k), p.now, p.now) // only looks
	}
}

// token is the hash of an adviser's session of this life.
func (p *play) token(k int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "%d/%d", p.life, k)) }

// staff are the advisers as each life finds them.
func staff() []bot.Account {
	list := make([]bot.Account, 3)
	for i, id := range []string{"ad-a", "ad-b", "ad-c"} {
		list[i] = bot.Account{ID: id, Email: id + "@example.org", Name: id, Organisation: organisations[i%2], Team: "t", Role: "lead", Created: now}
	}
	return list
}

// signIn lets an adviser's account change, and sessions begin, go on and end.
func (p *play) signIn(rt *rapid.T) {
	who := rapid.SampledFrom(staff()).Draw(rt, "adviser")
	token := p.token(rapid.IntRange(0, 2).Draw(rt, "session"))
	switch rapid.IntRange(0, 3).Draw(rt, "gesture") {
	case 0:
		who.Email = rapid.SampledFrom([]string{"a@example.org", "b@example.org", who.Email}).Draw(rt, "e-mail")
		who.Name = rapid.SampledFrom([]string{"Samira", "Émile", "emile", "Zoé"}).Draw(rt, "name")
		who.Password = rapid.SampledFrom([]string{"argon2id$1", "argon2id$2"}).Draw(rt, "password")
		who.Disabled = rapid.IntRange(0, 3).Draw(rt, "disabled") == 0
		_ = p.h.SaveAdviser(p.ctx, who) // refused when somebody else has the e-mail
	case 1:
		_ = p.h.OpenSession(p.ctx, bot.SignIn{TokenHash: token, Adviser: who.ID, Until: p.now.Add(20 * time.Second), Latest: p.now.Add(time.Minute)})
	case 2:
		_, _ = p.h.Signed(p.ctx, token, p.now, p.now.Add(30*time.Second))
	case 3:
		p.check(rt, "close session", p.h.CloseSession(p.ctx, token))
	}
}

// publish makes versions of dialogues current.
func (p *play) publish(rt *rapid.T) {
	v := bot.Version{Name: "welcome", Hash: rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "hash"), At: p.now}
	v.Files = map[string][]byte{"welcome.yaml": []byte(v.Hash + "\x00\xff")}
	list := []bot.Version{v, {Name: "prediagnostic", Hash: "1", Files: map[string][]byte{}, At: p.now}}
	_, err := p.h.Publish(p.ctx, list[:rapid.IntRange(1, 2).Draw(rt, "dialogues")])
	p.check(rt, "publish", err)
}

// document replaces the territory's.
func (p *play) document(rt *rapid.T) {
	_, err := p.h.SaveTerritory(p.ctx, []byte(rapid.SampledFrom([]string{"name: un\x00\xff", "name: deux"}).Draw(rt, "document")))
	p.check(rt, "save territory", err)
}
