package appointments_test

import (
	"errors"
	"strings"
	"testing"

	"relais/bot/appointments"
)

func TestParseMobile(t *testing.T) {
	for _, tc := range []struct {
		written string
		e164    string
		err     error
	}{
		{written: "0612345678", e164: "+33612345678"},
		{written: "06 12 34 56 78", e164: "+33612345678"},
		{written: "06.12.34.56.78", e164: "+33612345678"},
		{written: "06-12-34-56-78", e164: "+33612345678"},
		{written: "06\u00a012\u202f34 56 78", e164: "+33612345678"},
		{written: "\u202a+33 6 12 34 56 78\u202c", e164: "+33612345678"}, // pasted from a contact list
		{written: "+33 (0)6 12 34 56 78", e164: "+33612345678"},
		{written: "0033612345678", e164: "+33612345678"},
		{written: "33612345678", e164: "+33612345678"},
		{written: "612345678", e164: "+33612345678"}, // a spreadsheet took it for a number
		{written: "0751234567", e164: "+33751234567"},
		{written: "09 37 12 34 56", e164: "+33937123456"},
		{written: "0938123456", e164: "+33938123456"},
		{written: "+33939123456", e164: "+33939123456"},
		{written: "06 39 98 00 31", e164: "+33639980031"}, // of fiction
		{written: "0692123456", e164: "+262692123456"},
		{written: "0639012345", e164: "+262639012345"},
		{written: "0690123456", e164: "+590690123456"},
		{written: "0694201234", e164: "+594694201234"},
		{written: "0696201234", e164: "+596696201234"},
		{written: "+33 6 96 20 12 34", e164: "+596696201234"},
		{written: "+508551234", e164: "+508551234"},
		{written: "+687751234", e164: "+687751234"},
		{written: "+68987123456", e164: "+68987123456"},
		{written: "+41 79 123 45 67", e164: "+41791234567"},

		{written: "0381123456", err: appointments.ErrPhoneLandline},
		{written: "+33 1 62 12 34 56", err: appointments.ErrPhoneLandline},
		{written: "0262123456", err: appointments.ErrPhoneLandline},
		{written: "+41 22 345 67 89", err: appointments.ErrPhoneLandline},
		{written: "0949123456", err: appointments.ErrPhoneSpecial},
		{written: "0910123456", err: appointments.ErrPhoneSpecial},
		{written: "0801123456", err: appointments.ErrPhoneSpecial},
		{written: "0899123456", err: appointments.ErrPhoneSpecial},
		{written: "0700123456", err: appointments.ErrPhoneInvalid}, // machines
		{written: "07001234567890", err: appointments.ErrPhoneInvalid},
		{written: "36180", err: appointments.ErrPhoneInvalid},
		{written: "061234567", err: appointments.ErrPhoneInvalid},
		{written: "06123456789", err: appointments.ErrPhoneInvalid},
		{written: "", err: appointments.ErrPhoneUnreadable},
		{written: "+", err: appointments.ErrPhoneUnreadable},
		{written: "06 FLEURS 25", err: appointments.ErrPhoneUnreadable},
		{written: "6.12346E+08", err: appointments.ErrPhoneUnreadable},
		{written: "0612345678;ext=4", err: appointments.ErrPhoneUnreadable},
		{written: "0612345678 poste 4", err: appointments.ErrPhoneUnreadable},
		{written: strings.Repeat("0", 41), err: appointments.ErrPhoneUnreadable},
	} {
		e164, err := appointments.ParseMobile(tc.written)
		if e164 != tc.e164 || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
			t.Errorf("%q: %q, %v, want %q, %v", tc.written, e164, err, tc.e164, tc.err)
		}
		if err != nil {
			continue
		}
		if again, err := appointments.ParseMobile(e164); again != e164 || err != nil {
			t.Errorf("%s read again is %q, %v", e164, again, err)
		}
	}
}
