package appointments_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"relais/bot/appointments"
)

func TestRevise(t *testing.T) {
	paris := loadParis(t)
	start := at(t, paris, "2026-11-26 14:30").UTC()
	booked := at(t, paris, "2026-11-02 11:00").UTC()
	now := at(t, paris, "2026-11-20 09:00").UTC()
	type A = appointments.Appointment
	for _, tc := range []struct {
		name   string
		before func(*A)
		tell   func(*A)
		kind   appointments.ChangeKind
		fields []appointments.Field
		grows  bool
		booked time.Time
	}{
		{name: "told again", tell: func(*A) {}, kind: "none", booked: booked},
		{name: "told again from another zone", tell: func(a *A) { a.Start = a.Start.In(paris) }, kind: "none", booked: booked},
		{name: "moved", tell: func(a *A) { a.Start = a.Start.Add(time.Hour) }, kind: "moved", fields: []appointments.Field{"start"}, grows: true, booked: now},
		{name: "moved elsewhere", tell: func(a *A) { a.Start = a.Start.Add(time.Hour); a.Place = "CCAS" }, kind: "moved", fields: []appointments.Field{"start", "place"}, grows: true, booked: now},
		{name: "moved, and the source says when", tell: func(a *A) { a.Start = a.Start.Add(time.Hour); a.BookedAt = booked.Add(time.Hour) }, kind: "moved", fields: []appointments.Field{"start"}, grows: true, booked: booked.Add(time.Hour)},
		{name: "called off", tell: func(a *A) { a.Status = "cancelled" }, kind: "cancelled", fields: []appointments.Field{"status"}, grows: true, booked: booked},
		{name: "moved and called off", tell: func(a *A) { a.Status = "cancelled"; a.Start = a.Start.Add(time.Hour) }, kind: "cancelled", fields: []appointments.Field{"start", "status"}, grows: true, booked: booked},
		{name: "restored", before: func(a *A) { a.Status = "cancelled" }, tell: func(a *A) { a.Status = "planned" }, kind: "restored", fields: []appointments.Field{"status"}, grows: true, booked: now},
		{name: "attended", tell: func(a *A) { a.Status = "seen" }, kind: "outcome", fields: []appointments.Field{"status"}, grows: true, booked: booked},
		{name: "excused", tell: func(a *A) { a.Status = "excused" }, kind: "outcome", fields: []appointments.Field{"status"}, grows: true, booked: booked},
		{name: "missed after all", before: func(a *A) { a.Status = "seen" }, tell: func(a *A) { a.Status = "noshow" }, kind: "outcome", fields: []appointments.Field{"status"}, grows: true, booked: booked},
		{name: "another hour of what was called off", before: func(a *A) { a.Status = "cancelled" }, tell: func(a *A) { a.Status = "cancelled"; a.Start = a.Start.Add(time.Hour) }, kind: "details", fields: []appointments.Field{"start"}, grows: true, booked: booked},
		{name: "another place and adviser", tell: func(a *A) { a.Place, a.Adviser = "CCAS", "S. Martin" }, kind: "details", fields: []appointments.Field{"place", "adviser"}, booked: booked},
		{name: "every detail", tell: func(a *A) {
			a.Duration, a.Organisation, a.Place, a.Address = time.Hour, "o", "p", "a"
			a.Motive, a.Adviser, a.Lang, a.Kind, a.Sensitive = "m", "a", "en", "k", true
		}, kind: "details", fields: []appointments.Field{"duration_min", "organisation", "place", "address", "motive", "adviser", "lang", "kind", "sensitive"}, booked: booked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			old := A{Start: start, Duration: 30 * time.Minute, Status: appointments.Planned, Place: "CMS", Revision: 4, BookedAt: booked}
			if tc.before != nil {
				tc.before(&old)
			}
			told := old
			told.Revision, told.BookedAt = 0, time.Time{}
			tc.tell(&told)

			got, change := appointments.Revise(old, told, now)
			if change.Kind != tc.kind || !slices.Equal(change.Fields, tc.fields) {
				t.Errorf("change %s %v, want %s %v", change.Kind, change.Fields, tc.kind, tc.fields)
			}
			if grew := got.Revision == 5; grew != tc.grows || change.Replans() != tc.grows || (!grew && got.Revision != 4) {
				t.Errorf("revision 4 became %d, replans %t", got.Revision, change.Replans())
			}
			if !got.BookedAt.Equal(tc.booked) {
				t.Errorf("booked at %s, want %s", got.BookedAt, tc.booked)
			}
			got.Revision, got.BookedAt = told.Revision, told.BookedAt
			if got != told {
				t.Errorf("kept %+v, told %+v", got, told)
			}
		})
	}
}

func TestLogsTellNothingPersonal(t *testing.T) {
	row := appointments.Row{
		Line: 7, Phone: "+33612345678", FirstName: "Samia",
		Appointment: appointments.Appointment{
			Key:   appointments.Key{Source: "csv", ExternalID: "rdv-1", Participant: "+33612345678"},
			Place: "CMS", Address: "12 rue", Motive: "RSA", Adviser: "Lou", Status: appointments.Planned,
		},
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("row", "row", row)
	for _, secret := range []string{"612345678", "Samia", "CMS", "12 rue", "RSA", "Lou"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log has %q: %s", secret, out.String())
		}
	}
	if !strings.Contains(out.String(), "rdv-1") || !strings.Contains(out.String(), "row.line=7") {
		t.Errorf("the log does not say which row: %s", out.String())
	}
}
