package bot

import (
	"slices"
	"strings"
	"time"

	"relais/bot/appointments"
	"relais/flows/understand"
)

// AppointmentKey writes an appointment's key as job keys and work items hold
// it. It says nothing about the person.
func AppointmentKey(k appointments.Key) string {
	return k.Source + "|" + k.ExternalID + "|" + k.Participant
}

// booked takes an appointment as its source now tells it, and plans its
// reminders again when that changes them: the old ones never leave.
func (t *turn) booked(what Booked) {
	told := what.Appointment
	next, change := told, appointments.Change{}
	old := t.bookedAs(AppointmentKey(told.Key))
	if old != nil {
		next, change = appointments.Revise(*old, told, t.w.Now)
		if change.Kind == appointments.ChangeNone {
			return
		}
	} else {
		next.Revision = 1
		if next.BookedAt.IsZero() {
			next.BookedAt = t.w.Now
		}
		t.c.Booked++
	}
	t.add(Book{next})
	t.audit("system", "appointment_"+string(next.Status), AppointmentKey(next.Key))
	if old != nil && !change.Replans() {
		return
	}
	if old != nil {
		for _, m := range appointments.Plan(*old, t.w.Territory.Reminders, time.Time{}) {
			t.forget(JobReminder, reminderSubject(next.Key, m.Kind))
		}
		t.c.Frames = slices.DeleteFunc(t.c.Frames, func(f Frame) bool {
			return f.Flow == "reminder" && f.Subject == AppointmentKey(next.Key)
		})
		t.add(Cancel{Class: reminderClass(next.Key)})
	}
	if old != nil && old.Reminded && old.Start.After(t.w.Now) {
		t.planChange(next)
	}
	for _, m := range appointments.Plan(next, t.w.Territory.Reminders, t.w.Now) {
		t.add(Schedule{Job{
			Key: t.key(JobReminder, reminderSubject(next.Key, m.Kind)), Kind: JobReminder, Lane: LaneNotice,
			Due: Microseconds(m.Due), Conversation: t.c.ID, Subject: AppointmentKey(next.Key), Revision: int64(m.Revision),
		}})
	}
}

// changed is the kind of the job that tells a person that what they were
// reminded of is no longer so.
const changed = "changed"

// planChange tells of it within the hours for texts that nobody provoked.
func (t *turn) planChange(a appointments.Appointment) {
	at, ok := t.w.Territory.Quiet.NextAllowed(t.w.Now)
	if !ok {
		return
	}
	t.add(Schedule{Job{
		Key: t.key(JobReminder, reminderSubject(a.Key, changed)), Kind: JobReminder, Lane: LaneNotice,
		Due: Microseconds(at), Conversation: t.c.ID, Subject: AppointmentKey(a.Key), Revision: int64(a.Revision),
	}})
}

// tellChange says that an appointment moved or was called off, unless it
// changed again since: then that is said instead.
func (t *turn) tellChange(a appointments.Appointment, job Job) {
	if int(job.Revision) != a.Revision || a.Said == "wrong_person" {
		return
	}
	if at, ok := t.w.Territory.Quiet.NextAllowed(t.w.Now); ok && at.After(t.w.Now) {
		job.Due = Microseconds(at)
		t.add(Schedule{job})
		return
	}
	t.thread = t.phone()
	switch {
	case a.Status == appointments.Cancelled:
		t.sayOf("rdv_cancelled_by_us", a)
	case a.Status == appointments.Planned && a.Start.After(t.w.Now):
		t.sayOf("rdv_moved", a)
	}
}

// sayOf says a text about one appointment.
func (t *turn) sayOf(key string, a appointments.Appointment) {
	text := t.lib.Common(t.c.Lang, key).Render(t.sms(), nil, func(name string) (string, bool) {
		switch name {
		case "when":
			return t.moment(a.Start), true
		case "place":
			return t.place(a), true
		}
		return t.value(name)
	})
	t.replied++
	t.send(Line{From: FromAssistant, Text: Text(text), Class: reminderClass(a.Key), Lane: LaneNotice})
}

// reminderClass marks the lines about one appointment, so that they can be
// withdrawn from the outbox when it changes.
func reminderClass(k appointments.Key) string { return "reminder:" + AppointmentKey(k) }

func reminderSubject(k appointments.Key, kind string) string {
	return AppointmentKey(k) + "#" + kind
}

func reminderKind(key string) string { return key[strings.LastIndexByte(key, '#')+1:] }

// bookedAs finds one of the person's appointments.
func (t *turn) bookedAs(key string) *appointments.Appointment {
	for i := range t.w.Booked {
		if AppointmentKey(t.w.Booked[i].Key) == key {
			return &t.w.Booked[i]
		}
	}
	return nil
}

// remind sends one reminder. It leaves by SMS, as a question of its own; once
// the person has said that they come it asks nothing more.
func (t *turn) remind(a appointments.Appointment, kind string) {
	t.thread = t.phone()
	th := t.c.Thread(t.thread)
	if th == nil || th.OptedOut {
		t.audit("system", "reminder_dropped", "opted_out")
		return
	}
	subject := AppointmentKey(a.Key)
	flow := t.lib.Current("reminder")
	if flow == nil {
		t.lost()
		return
	}
	entry := kind
	switch {
	case a.Said == "yes" && flow.Entries[kind+"_confirmed"] != "":
		entry = kind + "_confirmed"
	case a.Said == "no" || a.Said == "move" || a.Said == "wrong_person":
		t.audit("system", "reminder_dropped", "answered")
		return
	case th.HeardAt.IsZero() && th.Seq == 0 && flow.Entries["first"] != "":
		entry = "first"
	case flow.Entries[kind] == "":
		entry = "d1"
	}
	t.class = reminderClass(a.Key)
	if !a.Reminded {
		a.Reminded = true
		t.add(Book{a})
	}
	t.begin("reminder", entry, subject)
	t.audit("system", "reminder_sent", kind)
}

// phone is the thread that reminders take.
func (t *turn) phone() ID {
	for _, th := range t.c.Threads {
		if th.Channel == SMS {
			return th.ID
		}
	}
	return ID{}
}

// subject is the appointment that the dialogue under way is about.
func (t *turn) subject() *appointments.Appointment {
	f := t.c.Top()
	if f == nil || f.Subject == "" {
		return nil
	}
	return t.bookedAs(f.Subject)
}

// subjectOrganisation is the organisation the dialogue under way belongs to.
func (t *turn) subjectOrganisation() string {
	if a := t.subject(); a != nil {
		return t.organisationOf(*a)
	}
	return ""
}

// organisationOf finds the organisation of an appointment, by id or by name,
// as the file of appointments may give either.
func (t *turn) organisationOf(a appointments.Appointment) string {
	for _, o := range t.w.Territory.Organisations {
		if o.ID == a.Organisation || strings.EqualFold(o.Name, a.Organisation) {
			return o.ID
		}
	}
	return ""
}

// appointment carries out what the person answered to a reminder. Saying no
// never cancels by itself: it is a message to the service.
func (t *turn) appointment(answer string) {
	a := t.subject()
	if a == nil {
		return
	}
	next := *a
	org := t.organisationOf(*a)
	switch answer {
	case "confirm":
		next.Said = "yes"
	case "decline":
		next.Said = "no"
		t.task("appointment_declined", AppointmentKey(a.Key), t.words("_reason"))
	case "move":
		next.Said = "move"
		if h := t.c.HandOff; h != nil && h.Organisation != org {
			t.task("appointment_move", AppointmentKey(a.Key), t.words("_days"))
		} else {
			t.handOff(Request{Reason: "appointment_move", By: FromPerson, Organisation: org, Quiet: true})
		}
	case "late":
		t.taskBefore("appointment_late", AppointmentKey(a.Key), "", a.Start)
	case "wrong_person":
		next.Said = "wrong_person"
		t.task("wrong_person", AppointmentKey(a.Key), "")
	}
	t.audit("person", "appointment_"+answer, AppointmentKey(a.Key))
	if next.Said != a.Said {
		next.SaidAt = t.w.Now
		t.add(Book{next})
	}
}

// overhear reads an answer to a reminder while humans have the conversation:
// the assistant says nothing, but the service that owns the appointment has to
// know.
func (t *turn) overhear(text string) {
	i := slices.IndexFunc(t.c.Frames, func(f Frame) bool { return f.Flow == "reminder" && f.Asked != 0 })
	if i < 0 || t.flow(&t.c.Frames[i]) == nil {
		return
	}
	q, ok := t.flow(&t.c.Frames[i]).Question(t.c.Frames[i].At, t.c.Lang, t.facts())
	if !ok || q.Kind != understand.Choice {
		return
	}
	r := understand.Read(q, text)
	if r.Status != understand.Understood {
		return
	}
	t.raise(i)
	switch r.Values[0] {
	case "yes":
		t.appointment("confirm")
	case "no":
		t.appointment("decline")
	case "move":
		t.task("appointment_move", t.c.Top().Subject, Text(text))
	default:
		return
	}
	t.c.Frames = t.c.Frames[:len(t.c.Frames)-1]
}

// words gives a variable of the dialogue under way, in the person's language.
func (t *turn) words(name string) Text {
	v, _ := t.flowValue(name)
	return Text(v)
}

// appointmentValue gives the variables about the appointment under way. What
// is sensitive by its kind is never named.
func (t *turn) appointmentValue(name string) (string, bool) {
	if name != "when" && name != "place" && name != "bring" {
		return "", false
	}
	a := t.subject()
	if a == nil {
		return "", name == "when" || name == "place"
	}
	switch name {
	case "when":
		return t.moment(a.Start), true
	case "place":
		return t.place(*a), true
	}
	return "", false
}

// place names where an appointment is, or only whom to call when its kind says
// too much.
func (t *turn) place(a appointments.Appointment) string {
	o := t.w.Territory.Organisation(t.organisationOf(a))
	if a.Sensitive || (o != nil && o.Sensitive) {
		return t.common("place_private")
	}
	parts := slices.DeleteFunc([]string{a.Place, a.Address}, func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return t.common("place_unknown")
	}
	return strings.Join(parts, ", ")
}

func asksForAppointments(text string) bool {
	switch strings.Join(strings.Fields(strings.ToLower(text)), " ") {
	case "mes rdv", "mes rendez-vous", "mes rendez vous", "rdv", "my appointments":
		return true
	}
	return false
}

// tellAppointments answers MES RDV.
func (t *turn) tellAppointments() {
	told := false
	for _, a := range t.w.Booked {
		if a.Status != appointments.Planned || a.Start.Before(t.w.Now) {
			continue
		}
		told = true
		t.sayOf("my_appointment", a)
	}
	if !told {
		t.say("no_appointments")
	}
}

// undelivered: a text never reached the person. Somebody has to know, and a
// refusal noted by the operator is a refusal.
func (t *turn) undelivered(what Undelivered) {
	th := t.c.Thread(what.Thread)
	if th == nil {
		return
	}
	if what.Kind == "opted_out" && !th.OptedOut {
		th.OptedOut = true
		t.add(Cancel{Thread: th.ID})
		t.add(OptOut{Thread: th.ID, At: t.w.Now, Proof: "operator " + itoa(int64(what.Code))})
		t.audit("system", "opt_out", "operator")
	}
	t.note("undelivered", what.Kind+" "+itoa(int64(what.Code)))
	t.task("undelivered", itoa(what.N), "")
}
