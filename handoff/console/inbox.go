package console

import (
	"net/http"
	"time"

	"relais/bot"
	"relais/handoff"
)

const (
	inboxLimit = 300 // conversations on the waiting list
	itemsLimit = 100
)

// inboxView is the waiting list: who waits, since when, why.
type inboxView struct {
	Layout  layout
	Mine    []waiter
	Waiting []waiter
	Danger  bool     // somebody in danger waits: the queue comes before everything
	Others  []waiter // followed by colleagues
	Items   []item
	Full    bool   // there may be more than what is shown
	Present string // how many colleagues are here, for a lead
}

// waiter is one conversation of the list.
type waiter struct {
	Link       string
	ID         string // of the element, to find it again after a refresh
	Arrival    string // the hand-off: one that was not there before is an arrival
	Reference  string
	Reason     string
	Crisis     bool
	Urgent     bool
	Since      moment
	Age        string
	Promise    promise
	Unanswered string // how long the oldest message without an answer waits
	Channel    string
	Language   string // when it is not the territory's first one
	Team       string
	Holder     string
}

// item is one piece of work that is not a conversation.
type item struct {
	ID       string
	Kind     string
	Text     bot.Text
	Subject  string
	Since    moment
	Age      string
	Deadline promise
}

func (c *Console) inbox(w http.ResponseWriter, r *http.Request, who bot.Account) error {
	territory, err := c.Territory(r.Context())
	if err != nil {
		return err
	}
	found, err := c.Store.Inbox(r.Context(), viewer(who), inboxLimit)
	if err != nil {
		return err
	}
	items, err := c.Store.Items(r.Context(), viewer(who), itemsLimit)
	if err != nil {
		return err
	}
	now := c.Clock()
	v := inboxView{
		Layout: layout{Title: "Conversations", Service: territory.Service, Account: &who, Count: waitingFor(found, who), Here: "inbox"},
		Items:  itemsOf(items, now, territory),
		Full:   len(found) == inboxLimit, Present: c.present(r.Context(), who),
	}
	for _, f := range found {
		row := waiterOf(f, now, territory)
		switch {
		case f.Owner.Kind != bot.Adviser:
			v.Waiting = append(v.Waiting, row)
			v.Danger = v.Danger || row.Crisis
		case f.Owner.Adviser == who.ID:
			row.Holder = ""
			v.Mine = append(v.Mine, row)
		default:
			v.Others = append(v.Others, row)
		}
	}
	c.render(w, r, http.StatusOK, "inbox.html", v)
	return nil
}

// waitingFor counts what an adviser should look at: the queue, and their own
// conversations where somebody waits for them.
func waitingFor(list []bot.Waiter, who bot.Account) int {
	n := 0
	for _, w := range list {
		if w.Owner.Kind != bot.Adviser || w.Owner.Adviser == who.ID && !w.Waiting.IsZero() {
			n++
		}
	}
	return n
}

func waiterOf(w bot.Waiter, now time.Time, t *handoff.Territory) waiter {
	row := waiter{
		Link: "/console/c/" + w.Conversation.String(), ID: "c-" + w.Conversation.String(), Arrival: w.HandOff.String(),
		Reference: reference(w.Conversation), Reason: reasonWords(w.Reason), Crisis: w.Crisis, Urgent: w.Urgent,
		Since: momentOf(w.Since, t.Zone), Age: lasting(now.Sub(w.Since)),
		Channel: channels[w.Channel], Team: teamName(t, w.Owner.Team), Holder: w.Owner.Name,
	}
	row.Promise, row.Unanswered = owed(w.Owner.Kind, w.Since, w.Waiting, w.Deadline, now, t.Zone)
	if len(t.Languages) > 0 && w.Lang != t.Languages[0] {
		row.Language = languageWords(w.Lang)
	}
	return row
}

// owed says what the person is owed: the promised answer while nobody has given
// a first one, and then how long their last message has had none.
func owed(owner bot.OwnerKind, since, waiting, deadline, now time.Time, zone *time.Location) (p promise, unanswered string) {
	switch {
	case owner != bot.Adviser:
		return promiseOf(deadline, now, zone), ""
	case waiting.IsZero():
		return promise{Words: "réponse donnée"}, ""
	case waiting.After(since):
		return promise{}, lasting(now.Sub(waiting))
	}
	return promiseOf(deadline, now, zone), lasting(now.Sub(waiting))
}

func teamName(t *handoff.Territory, id string) string {
	if team := t.Team(id); team != nil {
		return team.Name
	}
	return id
}

func itemsOf(list []bot.Item, now time.Time, t *handoff.Territory) []item {
	rows := make([]item, 0, len(list))
	for _, i := range list {
		row := item{
			ID:   i.ID.String(),
			Kind: itemWords(i.Kind), Text: i.Text, Subject: subjectWords(i), Since: momentOf(i.At, t.Zone),
			Age: lasting(now.Sub(i.At)),
		}
		if !i.Deadline.IsZero() {
			row.Deadline = promiseOf(i.Deadline, now, t.Zone)
		}
		rows = append(rows, row)
	}
	return rows
}
