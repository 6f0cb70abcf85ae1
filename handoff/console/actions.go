package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"relais/bot"
	"relais/bot/engine"
	"relais/flows/segments"
)

// source is what advisers' events are remembered under.
const source = "desk"

// actionID is made by the page for each gesture: the same one sent twice acts
// once.
var actionID = regexp.MustCompile(`^[0-9A-Za-z-]{16,64}$`)

// reply is the answer to an action, for scripts. Why is a bot.Refusal or one
// of the console's own; Who has the conversation; Text says it in words.
type reply struct {
	Why  string `json:"why,omitempty"`
	Who  string `json:"who,omitempty"`
	Text string `json:"text,omitempty"`
}

// quietHours is the console's own refusal: an SMS at such an hour wants a
// second thought, which "anyway" in the form expresses.
const quietHours bot.Refusal = "quiet_hours"

// act turns what an adviser asks for into an event, and tells what became of
// it: done, or refused with the reason and the text kept as a draft.
func (c *Console) act(w http.ResponseWriter, r *http.Request, who bot.Account) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	id, err := bot.ParseID(r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	what, err := command(r.PathValue("action"), r.PostForm, actor(who))
	if err != nil {
		return err
	}
	if err := c.mayOpen(r.Context(), who, id); err != nil {
		return err
	}
	refused, err := c.hesitate(r, who, id, what)
	if err != nil {
		return err
	}
	if refused == nil {
		result, err := c.Engine.Receive(r.Context(), bot.Ref{Conversation: id}, bot.Event{
			Source: source, ID: who.ID + ":" + r.PostForm.Get("id"), At: c.Clock(), What: what,
		})
		if err != nil {
			return asProblem(err)
		}
		refused = refusalOf(result)
	}
	if refused != nil {
		return c.refused(w, r, who, *refused)
	}
	if wantsJSON(r) {
		writeJSON(w, http.StatusOK, reply{})
		return nil
	}
	http.Redirect(w, r, "/console/c/"+id.String(), http.StatusSeeOther)
	return nil
}

func refusalOf(result engine.Result) *bot.Refuse {
	if result.Seen {
		return nil // it took effect when it was first sent
	}
	return result.Refused
}

// command reads what an adviser asks for.
func command(action string, form url.Values, by bot.Actor) (bot.What, error) {
	if !actionID.MatchString(form.Get("id")) {
		return nil, errUnreadable
	}
	switch action {
	case "claim":
		return bot.Claimed{By: by}, nil
	case "reply", "note":
		epoch, err := strconv.ParseInt(form.Get("epoch"), 10, 64)
		if err != nil {
			return nil, errUnreadable
		}
		return bot.Wrote{
			By: by, Text: written(form), Epoch: epoch, Note: action == "note", Key: form.Get("id"),
		}, nil
	case "return":
		return bot.GivenBack{By: by}, nil
	case "close":
		if !knownOutcome(form.Get("outcome")) {
			return nil, errUnreadable
		}
		return bot.Closed{By: by, Outcome: form.Get("outcome")}, nil
	case "acknowledge":
		return bot.Acknowledged{By: by}, nil
	}
	return nil, errNoPage
}

// written is the text of a form. Forms end lines with CR LF; an SMS pays for
// both.
func written(form url.Values) bot.Text {
	return bot.Text(strings.TrimSpace(strings.ReplaceAll(form.Get("text"), "\r\n", "\n")))
}

// settle closes a work item of the adviser's organisation. Doing it twice
// changes nothing, so its event needs no id of the page's.
func (c *Console) settle(w http.ResponseWriter, r *http.Request, who bot.Account) error {
	id, err := bot.ParseID(r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	items, err := c.Store.Items(r.Context(), viewer(who), itemsLimit)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(items, func(i bot.Item) bool { return i.ID == id })
	if at >= 0 {
		_, err = c.Engine.Receive(r.Context(), bot.Ref{Conversation: items[at].Conversation}, bot.Event{
			Source: source, ID: "settled:" + id.String(), At: c.Clock(), What: bot.Settled{By: actor(who), Item: id},
		})
		if err != nil {
			return asProblem(err)
		}
	}
	http.Redirect(w, r, "/console/", http.StatusSeeOther)
	return nil
}

// mayOpen keeps other organisations' conversations out of reach, and even
// unknown: whoever may not read one cannot act on it either.
func (c *Console) mayOpen(ctx context.Context, who bot.Account, id bot.ID) error {
	_, err := c.Store.Read(ctx, viewer(who), id, 0, 1)
	return err
}

// hesitate asks for a second thought before an SMS outside hours.
func (c *Console) hesitate(r *http.Request, who bot.Account, id bot.ID, what bot.What) (*bot.Refuse, error) {
	wrote, ok := what.(bot.Wrote)
	if !ok || wrote.Note || r.PostForm.Get("anyway") != "" {
		return nil, nil
	}
	territory, err := c.Territory(r.Context())
	if err != nil || territory.Quiet.Allowed(c.Clock()) {
		return nil, err
	}
	file, err := c.Store.File(r.Context(), viewer(who), id)
	if err != nil || quiet(&file.Conversation, territory, c.Clock()) == "" {
		return nil, err
	}
	return &bot.Refuse{Why: quietHours}, nil
}

// refused tells why nothing happened. What was written comes back as a draft.
func (c *Console) refused(w http.ResponseWriter, r *http.Request, who bot.Account, refusal bot.Refuse) error {
	if refusal.Why == bot.RefusedForeign {
		return errNoPage
	}
	c.Log.Info("action refused", slog.String("conversation", r.PathValue("id")), slog.String("adviser", who.ID),
		slog.String("action", r.PathValue("action")), slog.String("why", string(refusal.Why)))
	text := refusalWords(refusal)
	if wantsJSON(r) {
		writeJSON(w, http.StatusConflict, reply{Why: string(refusal.Why), Who: refusal.Who, Text: text})
		return nil
	}
	return c.showConversation(w, r, who, http.StatusConflict, shownWith{after: -1, notice: text, draft: r.PostForm.Get("text")})
}

// refusalWords say why, kindly, and what to do next.
func refusalWords(r bot.Refuse) string {
	name := r.Who
	if name == "" {
		name = "Une autre personne"
	}
	switch r.Why {
	case bot.RefusedTaken:
		return typeset(name + " suit déjà cette conversation. Rien n'a été envoyé de votre part.")
	case bot.RefusedNotYours:
		return "Cette conversation n'est plus à vous. Votre texte est gardé : reprenez-la, puis envoyez."
	case bot.RefusedStale:
		return "La conversation a changé de main pendant que vous écriviez. Votre texte est gardé : relisez l'échange, puis envoyez."
	case bot.RefusedNoQueue:
		return "Personne n'attend plus ici : la demande a été retirée ou terminée."
	case bot.RefusedEmpty:
		return "Écrivez un texte avant d'envoyer."
	case bot.RefusedTooLong:
		return "Ce texte dépasse 1 600 caractères. Il est gardé : coupez-le en deux."
	case bot.RefusedOptedOut:
		return "Cette personne ne veut plus de SMS. Votre texte est gardé : appelez-la, ou laissez une note."
	case quietHours:
		return "À cette heure, un SMS sonnerait tout de suite. Votre texte est gardé : cochez « Envoyer quand même », ou attendez."
	}
	return "Ce n'est pas possible maintenant. Rechargez la page."
}

// measure counts what a draft would cost by SMS.
func (c *Console) measure(w http.ResponseWriter, r *http.Request, _ bot.Account) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, segments.Measure(string(written(r.PostForm))))
	return nil
}
