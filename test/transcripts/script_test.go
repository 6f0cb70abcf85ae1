package transcripts

import (
	"strings"
	"testing"
	"time"
)

func TestBadTranscripts(t *testing.T) {
	setting, err := NewSetting()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"> bonjour", "line 1: a transcript begins with its time"},
		{"# nothing\n@ demain", `line 2: "demain" is not a time`},
		{"@ 2026-03-02 09:00\nbonjour", `line 2: "bonjour": a line begins with one of`},
		{"@ 2026-03-02 09:00\n= Zoé claims", `line 2: "Zoé" is no adviser`},
		{"@ 2026-03-02 09:00\n= Samira sleeps", "an adviser claims, writes"},
		{"@ 2026-03-02 09:00\n= Samira claims", "line 2"},
		{"@ 2026-03-02 09:00\n+ rdv-1 planned", "write rdv-1 planned 2026-03-05 14:30"},
		{"@ 2026-03-02 09:00\n+ rdv-1 planned 2026-03-05 14:30; colour blue", `no "colour"`},
		{"@ 2026-03-02 09:00\n@ 2026-03-01 09:00", "the clock does not go back"},
	} {
		_, err := Play(t.Context(), c.text, setting, func(at time.Time) (Stage, error) { return NewPure(setting, at), nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}
