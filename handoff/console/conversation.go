package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"relais/bot"
	"relais/handoff"
)

const (
	recentLines = 200 // shown at first
	linesAtOnce = 500
	linesLimit  = 2000 // on one page
)

// conversationView is one conversation's page.
type conversationView struct {
	Layout    layout
	ID        string
	Adviser   string // keeps drafts of one adviser from another
	Reference string
	Head      head
	Panel     panel
	Summary   summary
	Lines     []line
	Earlier   bool // there are lines before these
	Notice    string
}

// head is what an adviser sees in one second.
type head struct {
	Reason     string
	Crisis     bool
	Urgent     bool
	Open       bool // a hand-off is open
	AskedBy    string
	Since      moment
	Age        string
	Promise    promise
	Unanswered string
	Missed     int
	Team       string
	Language   string
	Channel    string
}

// panel is what the adviser can do now.
type panel struct {
	Key         string // another one means that the choices changed
	Base        string // what actions' addresses begin with
	State       string // queue, mine, taken, assistant
	Holder      string
	Team        string
	Alert       bool // a crisis alert nobody has acknowledged
	Epoch       int64
	ActionID    string // makes a form sent twice act once
	SMS         bool   // a reply leaves by SMS
	Unreachable bool   // the person refuses SMS and has no other channel
	Quiet       string // why an SMS needs a second thought now
	Draft       string
	Outcomes    []outcome
}

// summary is what is known of the person and of earlier requests.
type summary struct {
	Key       string
	Addresses []address
	Answers   []answer
	Missing   []string
	Items     []item
	HandOffs  []episode
}

type address struct {
	Channel  string
	Number   string // empty for a chat
	Link     string
	OptedOut bool
}

// episode is one hand-off, past or present.
type episode struct {
	Reason  string
	Since   moment
	Outcome string
}

func (c *Console) conversation(w http.ResponseWriter, r *http.Request, who bot.Account) error {
	after, err := cursor(r)
	if err != nil {
		return err
	}
	if r.Header.Get(passive) == "" {
		c.Log.Info("conversation opened", slog.String("conversation", r.PathValue("id")), slog.String("adviser", who.ID))
	}
	return c.showConversation(w, r, who, http.StatusOK, shownWith{after: after})
}

// shownWith is what a page is asked to show beside the conversation.
type shownWith struct {
	after  int64  // lines up to this one are left out; -1: all but the recent ones
	notice string // why an action was refused
	draft  string // the text that was refused
}

// cursor reads the number after which lines are wanted.
func cursor(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("after")
	if text == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, errUnreadable
	}
	return n, nil
}

func (c *Console) showConversation(w http.ResponseWriter, r *http.Request, who bot.Account, status int, with shownWith) error {
	id, err := bot.ParseID(r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	territory, err := c.Territory(r.Context())
	if err != nil {
		return err
	}
	file, err := c.Store.File(r.Context(), viewer(who), id)
	if err != nil {
		return err
	}
	if with.after < 0 {
		with.after = max(0, file.Conversation.N-recentLines)
	}
	lines, err := c.linesAfter(r.Context(), viewer(who), id, with.after)
	if err != nil {
		return err
	}
	waiting, err := c.Store.Inbox(r.Context(), viewer(who), inboxLimit)
	if err != nil {
		return err
	}
	v := c.viewOf(&file, who, territory, c.Clock())
	v.Lines = linesOf(lines, &file.Conversation, who, territory.Zone)
	v.Earlier = with.after > 0
	v.Layout.Count = waitingFor(waiting, who)
	v.Notice, v.Panel.Draft = with.notice, with.draft
	c.render(w, r, status, "conversation.html", v)
	return nil
}

// linesAfter reads the transcript, a piece at a time.
func (c *Console) linesAfter(ctx context.Context, v bot.Viewer, id bot.ID, after int64) ([]bot.Line, error) {
	var all []bot.Line
	for len(all) < linesLimit {
		lines, err := c.Store.Read(ctx, v, id, after, linesAtOnce)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
		if len(lines) < linesAtOnce {
			break
		}
		after = lines[len(lines)-1].N
	}
	return all, nil
}

func (c *Console) viewOf(f *bot.File, who bot.Account, t *handoff.Territory, now time.Time) conversationView {
	id := f.Conversation.ID
	v := conversationView{
		Layout: layout{Service: t.Service, Account: &who}, ID: id.String(), Adviser: who.ID, Reference: reference(id),
		Head: headOf(f, t, now), Panel: panelOf(&f.Conversation, who, t, now), Summary: c.summaryOf(f, t, now),
	}
	v.Layout.Title = v.Head.Reason
	return v
}

// headOf tells about the open hand-off, or else about the last one.
func headOf(f *bot.File, t *handoff.Territory, now time.Time) head {
	h := head{Reason: "Conversation"}
	c := &f.Conversation
	if len(t.Languages) > 0 && c.Lang != t.Languages[0] {
		h.Language = languageWords(c.Lang)
	}
	if thread := reachable(c); thread != nil {
		h.Channel = channels[thread.Channel]
	}
	open := c.HandOff
	if open == nil {
		if n := len(f.HandOffs); n > 0 {
			h.Reason = reasonWords(f.HandOffs[n-1].HandOff.Reason)
		}
		return h
	}
	h.Open, h.Reason, h.Urgent, h.Crisis = true, reasonWords(open.Reason), open.Urgent, isCrisis(open.Reason)
	h.AskedBy, h.Team, h.Missed = askedBy[open.AskedBy], teamName(t, open.Team), open.Missed
	h.Since, h.Age = momentOf(open.Since, t.Zone), lasting(now.Sub(open.Since))
	h.Promise, h.Unanswered = owed(c.Owner.Kind, open.Since, open.Waiting, open.Deadline, now, t.Zone)
	return h
}

func panelOf(c *bot.Conversation, who bot.Account, t *handoff.Territory, now time.Time) panel {
	p := panel{
		Base: "/console/c/" + c.ID.String(), State: string(c.Owner.Kind), Holder: c.Owner.Name, Epoch: c.Epoch,
		ActionID: rand.Text(), Outcomes: outcomes, Team: teamName(t, c.Owner.Team),
	}
	switch {
	case c.Owner.Kind == bot.Adviser && c.Owner.Adviser == who.ID:
		p.State = "mine"
	case c.Owner.Kind == bot.Adviser:
		p.State = "taken"
	}
	if h := c.HandOff; h != nil {
		p.Alert = isCrisis(h.Reason) && !h.Acknowledged
	}
	thread := reachable(c)
	p.Unreachable = thread == nil
	p.SMS = thread != nil && thread.Channel == bot.SMS
	p.Quiet = quiet(c, t, now)
	p.Key = fmt.Sprint(p.State, c.Owner.Adviser, c.Epoch, p.Alert, p.SMS, p.Unreachable, p.Quiet != "")
	return p
}

// reachable is the thread a reply goes to: where the person last wrote, unless
// they refuse SMS there. Turn decides; the page says it beforehand.
func reachable(c *bot.Conversation) *bot.Thread {
	var best *bot.Thread
	for i := range c.Threads {
		if th := &c.Threads[i]; !th.OptedOut && (best == nil || th.HeardAt.After(best.HeardAt)) {
			best = th
		}
	}
	return best
}

// provoked is how long after a person's message a text to them surprises
// nobody.
const provoked = 15 * time.Minute

// quiet says why an SMS sent now deserves a second thought, "" when it does
// not: it would ring outside the hours and the person is not writing just now.
func quiet(c *bot.Conversation, t *handoff.Territory, now time.Time) string {
	thread := reachable(c)
	if thread == nil || thread.Channel != bot.SMS || t.Quiet.Allowed(now) || now.Sub(thread.HeardAt) < provoked {
		return ""
	}
	return typeset("Il est " + hour(now.In(t.Zone)) + " : un SMS sonnerait tout de suite, hors des heures habituelles.")
}

func (c *Console) summaryOf(f *bot.File, t *handoff.Territory, now time.Time) summary {
	s := summary{Addresses: addressesOf(f), Items: itemsOf(f.Items, now, t)}
	s.Answers, s.Missing = c.answersOf(f.Answers, t.Zone)
	for _, h := range f.HandOffs {
		past := episode{Reason: reasonWords(h.HandOff.Reason), Since: momentOf(h.HandOff.Since, t.Zone), Outcome: ending(h)}
		s.HandOffs = append(s.HandOffs, past)
	}
	latest := ""
	for _, a := range s.Answers {
		latest = max(latest, a.At.ISO)
	}
	s.Key = fmt.Sprint(len(s.Answers), latest, len(s.Items), len(s.HandOffs), s.Addresses, f.Conversation.Epoch)
	return s
}

// ending says how a hand-off ended, or how it stands.
func ending(h bot.Hand) string {
	switch h.HandOff.State {
	case bot.HandOffClosed:
		return outcomeWords(h.Outcome)
	case bot.HandOffCancelled:
		return "retirée par la personne"
	case bot.HandOffReturned:
		return "rendue à l'assistant"
	}
	return "en cours"
}

func addressesOf(f *bot.File) []address {
	list := make([]address, 0, len(f.Addresses))
	for _, a := range f.Addresses {
		shown := address{Channel: channels[a.Channel]}
		if a.Channel == bot.SMS {
			shown.Number, shown.Link = phoneWords(a.Value), "tel:"+a.Value
			shown.OptedOut = slices.ContainsFunc(f.Conversation.Threads, func(th bot.Thread) bool {
				return th.Channel == bot.SMS && th.OptedOut
			})
		}
		list = append(list, shown)
	}
	return list
}

// phoneWords writes a French number as people read it: 06 39 98 00 01.
func phoneWords(e164 string) string {
	national, found := strings.CutPrefix(e164, "+33")
	if !found || len(national) != 9 {
		return e164
	}
	digits := "0" + national
	pairs := make([]string, 0, 5)
	for ; digits != ""; digits = digits[2:] {
		pairs = append(pairs, digits[:2])
	}
	return strings.Join(pairs, "\u00a0")
}
