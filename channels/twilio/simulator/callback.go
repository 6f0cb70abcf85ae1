package simulator

import (
	"context"
	"net/url"
	"slices"
	"strconv"
)

// carry takes one accepted message to its phone: each status on the way is set,
// then reported to the StatusCallback. The status a message began with is never
// reported.
//
// Source: the operator's guide "Track outbound message status".
func (o *Operator) carry(ctx context.Context, sid string) {
	rec, ok := o.archive.find(sid)
	if !ok {
		return
	}
	code := o.unreachableCode(rec.To)
	steps := stepsFrom(rec.Status, code != 0)
	fault := next(&o.faults, &o.faults.callbacks)
	if fault == ReverseCallbacks {
		for _, step := range steps {
			o.advance(sid, step, code)
		}
		for _, step := range slices.Backward(steps) {
			o.report(ctx, sid, step)
		}
		return
	}
	for _, step := range steps {
		o.advance(sid, step, code)
		for range copies(fault) {
			o.report(ctx, sid, step)
		}
	}
}

func stepsFrom(status Status, unreachable bool) []Status {
	var steps []Status
	if status == Accepted {
		steps = append(steps, Queued)
	}
	if unreachable {
		return append(steps, Sent, Undelivered)
	}
	return append(steps, Sent, Delivered)
}

func copies(fault CallbackFault) int {
	switch fault {
	case DropCallbacks:
		return 0
	case DuplicateCallbacks:
		return 2
	}
	return 1
}

// advance sets a status; code is kept when it is that the message failed.
func (o *Operator) advance(sid string, status Status, code int) {
	now := o.now()
	o.archive.update(sid, now, func(r *record) {
		r.Status = status
		switch status {
		case Sent:
			r.Sent = now
		case Undelivered:
			r.ErrorCode = code
		}
	})
}

// report posts one status to the message's StatusCallback, with the query that
// the customer put there.
func (o *Operator) report(ctx context.Context, sid string, status Status) {
	rec, ok := o.archive.find(sid)
	if !ok || rec.callback == "" {
		return
	}
	reply, err := o.post(ctx, rec.callback, o.callbackForm(rec, status), "")
	if err != nil {
		o.config.Log.Warn("status callback not answered", "sid", sid, "message_status", status, "err", err)
		return
	}
	o.config.Log.Debug("status callback answered", "sid", sid, "message_status", status, "status", reply.status)
}

func (o *Operator) callbackForm(r record, status Status) url.Values {
	form := url.Values{
		"MessageSid":    {r.SID},
		"SmsSid":        {r.SID},
		"MessageStatus": {string(status)},
		"SmsStatus":     {string(status)},
		"AccountSid":    {o.config.AccountSID},
		"From":          {r.From},
		"To":            {r.To},
		"ApiVersion":    {apiVersion},
	}
	if r.service != "" {
		form.Set("MessagingServiceSid", r.service)
	}
	switch status {
	case Undelivered:
		form.Set("ErrorCode", strconv.Itoa(r.ErrorCode))
	case Delivered:
		form.Set("RawDlrDoneDate", r.Updated.Format("0601021504"))
	}
	return form
}
