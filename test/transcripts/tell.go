package transcripts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"relais/bot"
	"relais/bot/appointments"
	"relais/channels/terminal"
)

// teller writes turns down, with times in a zone.
type teller struct{ zone *time.Location }

// beats tells turns in order.
func (t teller) beats(beats []Beat) string {
	var b strings.Builder
	for i, beat := range beats {
		if isAlert(beat) && i+1 < len(beats) && isAlert(beats[i+1]) {
			continue // of alerts in a row the last one is told
		}
		for _, effect := range t.effects(beat) {
			b.WriteString("! " + effect + "\n")
		}
		for _, line := range Visible([]Beat{beat}) {
			b.WriteString(t.line(line))
		}
	}
	return b.String()
}

// isAlert tells the alert of a crisis that comes again and again.
func isAlert(b Beat) bool { return b.Due != nil && b.Due.Kind == bot.JobAlert }

// Visible are the lines of turns that the person reads and did not write.
func Visible(beats []Beat) []bot.Line {
	var lines []bot.Line
	for _, beat := range beats {
		for _, effect := range beat.Effects {
			if say, ok := effect.(bot.Say); ok && say.Line.Audience == bot.ForAll && say.Line.From != bot.FromPerson {
				lines = append(lines, say.Line)
			}
		}
	}
	return lines
}

func (t teller) line(l bot.Line) string {
	sign := "< "
	if l.Delivery == bot.Internal {
		sign = "<web "
	}
	if l.From == bot.FromAdviser {
		sign += l.Name + ": "
	}
	text := string(l.Text)
	if len(l.Choices) > 0 {
		text += "\n"
		for _, c := range l.Choices {
			text += fmt.Sprintf("[%s: %s] ", c.Value, c.Label)
		}
	}
	return terminal.Lines(sign, text)
}

// effects tells what a turn did besides talking, kind by kind in the order
// below. Silences, leases, alerts and promises are planned in every other
// turn: only what comes of them is told.
func (t teller) effects(beat Beat) []string {
	var told [9][]string
	tell := func(rank int, format string, args ...any) {
		told[rank] = append(told[rank], fmt.Sprintf(format, args...))
	}
	shares := false
	if job := beat.Due; job != nil {
		tell(0, "due %s, %s", subject(*job), t.time(job.Due))
	}
	for _, effect := range beat.Effects {
		switch x := effect.(type) {
		case bot.Refuse:
			tell(0, "refused: %s", strings.TrimSpace(string(x.Why)+" "+x.Who))
		case bot.Audit:
			if x.Entry.Action == "crisis" || x.Entry.Action == "reminder_dropped" {
				tell(1, "%s: %s", strings.ReplaceAll(x.Entry.Action, "_", " "), x.Entry.Detail)
			}
		case bot.Withdraw:
			tell(2, "withdraw %s", orAll(x.Key))
		case bot.Record:
			tell(3, "record %s", answer(x.Answer))
		case bot.Share:
			shares = true
		case bot.Hand:
			tell(4, "handoff %s", t.hand(x))
		case bot.Task:
			tell(5, "task %s", t.task(x.Item))
		case bot.Book:
			tell(6, "appointment %s", t.booked(x.Appointment))
		case bot.OptOut:
			tell(7, "opt_out: %s", x.Proof)
		case bot.OptIn:
			tell(7, "opt_in")
		}
	}
	if shares { // said once or twice, it is the same
		tell(3, "share answers")
	}
	for _, job := range beat.Dropped {
		if isTold(job) {
			tell(8, "forget %s, %s", subject(job), t.time(job.Due))
		}
	}
	for _, job := range beat.Planned {
		if isTold(job) {
			tell(8, "schedule %s, %s", subject(job), t.time(job.Due))
		}
	}
	return slices.Concat(told[:]...)
}

func isTold(job bot.Job) bool {
	switch job.Kind {
	case bot.JobReminder, bot.JobErase, bot.JobSurvey:
		return true
	}
	return false
}

// subject names a job: its kind, and what tells it from its like.
func subject(job bot.Job) string {
	name := string(job.Kind)
	switch job.Kind {
	case bot.JobReminder:
		_, kind, _ := strings.Cut(job.Key, "#")
		name += " " + kind + " of " + externalID(job.Subject)
	case bot.JobErase:
		name += " " + job.Subject
	}
	return name
}

func externalID(key string) string {
	_, rest, found := strings.Cut(key, "|")
	if !found {
		return key
	}
	id, _, _ := strings.Cut(rest, "|")
	return id
}

func (t teller) time(at time.Time) string { return at.In(t.zone).Format("2006-01-02 15:04") }

func answer(a bot.Answer) string {
	text := a.Key + "=" + strings.Join(a.Values, ",")
	if len(a.Codes) > 0 {
		text += " (" + strings.Join(a.Codes, "; ") + ")"
	}
	return text
}

func (t teller) hand(x bot.Hand) string {
	h := x.HandOff
	switch h.State {
	case bot.HandOffOffered:
		text := fmt.Sprintf("offered to %s: %s, before %s", h.Team, h.Reason, t.time(h.Deadline))
		if h.Urgent {
			text += ", urgent"
		}
		return text
	case bot.HandOffAccepted:
		text := "accepted by " + nameOf(x.Adviser)
		if h.Urgent {
			text += ", urgent: " + h.Reason
		}
		return text
	}
	return strings.TrimSpace(string(h.State) + " " + x.Outcome)
}

func nameOf(adviser string) string {
	for name, by := range advisers {
		if by.Adviser == adviser {
			return name
		}
	}
	return "nobody"
}

func (t teller) task(i bot.Item) string {
	text := fmt.Sprintf("%s for %s, before %s", strings.TrimSpace(i.Kind+" "+externalID(i.Subject)), i.Team, t.time(i.Deadline))
	if i.Text != "" {
		text += fmt.Sprintf(": %q", string(i.Text))
	}
	return text
}

func (t teller) booked(a appointments.Appointment) string {
	text := fmt.Sprintf("%s %s %s", a.ExternalID, a.Status, t.time(a.Start))
	if a.Said != "" {
		text += ", said " + a.Said
	}
	return text
}

func orAll(key string) string {
	if key == "" {
		return "all answers"
	}
	return key
}
