package simulator

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// send is what a call asks to send, its parameters checked.
type send struct {
	to       string
	service  string // Messaging Service SID; empty when sent from the number
	body     string
	callback string
}

// unsupported are the parameters that would change what is sent or when, and
// that this stand-in does not carry out.
var unsupported = []string{
	"MediaUrl", "ContentSid", "ContentVariables", "SendAt", "ScheduleType", "ApplicationSid", "PersistentAction", "FallbackFrom",
}

var serviceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)

func (o *Operator) create(w http.ResponseWriter, r *http.Request) {
	fault := next(&o.faults, &o.faults.sends)
	if refuseBefore(w, fault) {
		return
	}
	if err := r.ParseForm(); err != nil {
		writeError(w, errForm)
		return
	}
	wanted, refused := o.readSend(r.PostForm)
	if refused != nil {
		writeError(w, refused)
		return
	}
	rec, refused := o.accept(wanted)
	if refused != nil {
		writeError(w, refused)
		return
	}
	write := func(w http.ResponseWriter) { writeJSON(w, http.StatusCreated, o.resource(rec)) }
	switch fault {
	case NoFault:
		answered := make(chan struct{})
		defer close(answered)
		o.depart(departure{rec.SID, answered})
		write(w)
		_ = http.NewResponseController(w).Flush() // the callbacks wait for this
	case CallbackFirst:
		o.carry(context.WithoutCancel(r.Context()), rec.SID)
		write(w)
	default:
		o.depart(departure{sid: rec.SID})
		answerFaulty(w, r, fault, write)
	}
}

// readSend checks the parameters in the operator's order.
func (o *Operator) readSend(form url.Values) (send, *apiError) {
	s := send{
		to: form.Get("To"), service: form.Get("MessagingServiceSid"),
		body: form.Get("Body"), callback: form.Get("StatusCallback"),
	}
	from := form.Get("From")
	if from != "" {
		s.service = ""
	}
	if i := slices.IndexFunc(unsupported, form.Has); i >= 0 {
		return send{}, badRequest(20001, "This stand-in operator does not carry out "+unsupported[i])
	}
	refused := firstOf(
		rule{s.to == "", errNoTo},
		rule{from == "" && s.service == "", errNoSender},
		rule{strings.TrimSpace(s.body) == "", errNoBody},
		rule{utf16Units(s.body) > MaxText, errTooLong},
		rule{s.callback != "" && !webAddress(s.callback), errCallbackURL},
		rule{!validNumber(s.to) || s.to == o.config.Number, errInvalidTo},
		rule{from != "" && from != o.config.Number, errSender},
		rule{s.service != "" && !serviceSID.MatchString(s.service), errService},
		rule{!canText(s.to), errNotMobile},
		rule{o.OptedOut(s.to), errOptedOut},
		rule{len(o.journey) == cap(o.journey), errQueueFull},
	)
	return s, refused
}

// rule is a fact that refuses a send.
type rule struct {
	broken bool
	refuse *apiError
}

func firstOf(rules ...rule) *apiError {
	for _, r := range rules {
		if r.broken {
			return r.refuse
		}
	}
	return nil
}

// accept puts a send in the ledger, then in the archive. From here on it will
// reach the phone whatever the caller learns.
func (o *Operator) accept(s send) (record, *apiError) {
	now := o.now()
	rec := record{service: s.service, callback: s.callback, Message: Message{
		SID: newSID("SM"), Direction: OutboundAPI, From: o.config.Number, To: s.to, Body: s.body,
		Segments: countSegments(s.body), Status: Queued, Created: now, Updated: now,
	}}
	if s.service != "" {
		rec.Status = Accepted // a sender is chosen later
	}
	if err := o.ledger.append(entryOf(rec)); err != nil {
		o.config.Log.Error("send refused: no ledger", "err", err)
		return record{}, errServer
	}
	o.archive.add(rec)
	return rec, nil
}

// departure is an accepted message about to leave. Nil answered means that it
// need not wait for the API's answer.
type departure struct {
	sid      string
	answered <-chan struct{} // closed once the API has answered
}

// depart puts an accepted message on its way.
func (o *Operator) depart(d departure) {
	select {
	case o.journey <- d:
	default: // filled since it was checked: the message stays queued, as happens
		o.config.Log.Warn("message stays queued", "sid", d.sid)
	}
}

// leave carries a message once its sender has been answered.
func (o *Operator) leave(ctx context.Context, d departure) {
	if d.answered != nil {
		select {
		case <-d.answered:
		case <-ctx.Done():
			return
		}
	}
	o.carry(ctx, d.sid)
}
