package appointments

import (
	"slices"
	"time"
)

// ChangeKind is what a change means to the person.
type ChangeKind string

// What may have happened to an appointment between two tellings.
const (
	ChangeNone      ChangeKind = "none"
	ChangeMoved     ChangeKind = "moved"     // still planned, at another time
	ChangeCancelled ChangeKind = "cancelled" // called off by the service
	ChangeRestored  ChangeKind = "restored"  // planned again, perhaps at another time
	ChangeDetails   ChangeKind = "details"   // place, adviser, wording: not when, not whether
	ChangeOutcome   ChangeKind = "outcome"   // attended, excused or missed
)

// Field names what may change, as in the CSV file.
type Field string

// The fields that are compared. Key, Revision and BookedAt are ours.
const (
	FieldStart        Field = "start"
	FieldDuration     Field = "duration_min"
	FieldStatus       Field = "status"
	FieldOrganisation Field = "organisation"
	FieldPlace        Field = "place"
	FieldAddress      Field = "address"
	FieldMotive       Field = "motive"
	FieldAdviser      Field = "adviser"
	FieldLang         Field = "lang"
	FieldKind         Field = "kind"
	FieldSensitive    Field = "sensitive"
)

// Change is how two tellings of one appointment differ.
type Change struct {
	Kind   ChangeKind
	Fields []Field
}

// Has tells whether f changed.
func (c Change) Has(f Field) bool {
	return slices.Contains(c.Fields, f)
}

// Replans tells whether the reminders planned so far are wrong: forget them
// and plan again.
func (c Change) Replans() bool {
	return c.Has(FieldStart) || c.Has(FieldStatus)
}

// Compare tells what changed from old to told, two tellings of the same
// appointment.
func Compare(old, told Appointment) Change {
	var fields []Field
	note := func(f Field, differs bool) {
		if differs {
			fields = append(fields, f)
		}
	}
	note(FieldStart, !old.Start.Equal(told.Start))
	note(FieldDuration, old.Duration != told.Duration)
	note(FieldStatus, old.Status != told.Status)
	note(FieldOrganisation, old.Organisation != told.Organisation)
	note(FieldPlace, old.Place != told.Place)
	note(FieldAddress, old.Address != told.Address)
	note(FieldMotive, old.Motive != told.Motive)
	note(FieldAdviser, old.Adviser != told.Adviser)
	note(FieldLang, old.Lang != told.Lang)
	note(FieldKind, old.Kind != told.Kind)
	note(FieldSensitive, old.Sensitive != told.Sensitive)

	c := Change{Fields: fields}
	c.Kind = kind(c, told.Status)
	return c
}

func kind(c Change, now Status) ChangeKind {
	switch {
	case len(c.Fields) == 0:
		return ChangeNone
	case c.Has(FieldStatus) && now == Planned:
		return ChangeRestored
	case c.Has(FieldStatus) && now == Cancelled:
		return ChangeCancelled
	case c.Has(FieldStatus):
		return ChangeOutcome
	case c.Has(FieldStart) && now == Planned:
		return ChangeMoved
	default:
		return ChangeDetails // the hour of what was called off changes nothing for anyone
	}
}

// Revise is the appointment to keep once the source has told it anew at now:
// told, under a revision that grows when its hour or its status changed. What
// was planned for the old revision is void from then on, whatever becomes of
// its jobs; a new place or adviser leaves the plan alone, since a reminder is
// worded when it leaves.
//
// A source that does not tell when it was booked (BookedAt zero) leaves that
// as it was, except that a new hour, or being planned again, is agreed now.
func Revise(old, told Appointment, now time.Time) (Appointment, Change) {
	c := Compare(old, told)
	told.Revision = old.Revision
	told.Said, told.SaidAt, told.Reminded = old.Said, old.SaidAt, old.Reminded
	if c.Replans() {
		told.Revision++
		told.Said, told.SaidAt = "", time.Time{} // it was said of another hour
	}
	if told.BookedAt.IsZero() {
		told.BookedAt = old.BookedAt
		if c.Kind == ChangeMoved || c.Kind == ChangeRestored {
			told.BookedAt = now
		}
	}
	return told, c
}
