package webchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"relais/bot"
)

func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"type":"hello","session":"","log":"","after":0,"lang":"fr"}`,
		`{"type":"hello","session":"AAAA","log":"x","after":12,"lang":"en","wait":25}`,
		`{"type":"say","id":"0b6b2c1e-7a59-4d1c-9d59-2f7d7f0a8a11","text":"Bonjour é 👋🏽"}`,
		`{"type":"say","id":"1","choice":"yes","to":3}`,
		`{"type":"heed","id":"2","text":"Bonjour","lang":"en"}`, `{"type":"heed","id":"","text":""}`,
		`{"type":"seen","seq":4}`, `{"type":"typing"}`, `{"type":"ping"}`, `{"type":"bye"}`,
		`null`, `[]`, `{}`, `{"type":"say","id":5}`, " {\"type\":\"say\",\"id\":\"\\u0000\",\"text\":\"\\ud800\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := readFrame(data)
		switch {
		case err != nil && !errors.Is(err, errUnreadable) && !errors.Is(err, errBadFrame):
			t.Fatalf("an error of another kind: %v", err)
		case errors.Is(err, errUnreadable) && in != (received{}):
			t.Fatalf("unreadable, yet read: %+v", in)
		case errors.Is(err, errBadFrame) && in.ID != "" && !validID(in.ID):
			t.Fatalf("an id that must not be sent back: %q", in.ID)
		case err != nil:
			return
		}
		if !json.Valid(data) || !in.valid() {
			t.Fatalf("taken: %+v", in)
		}
		if again, err := readFrame(encode(in)); err != nil || again != in {
			t.Fatalf("%+v reads again as %+v, %v", in, again, err)
		}
		if strings.ContainsAny(in.ID, " \n\"\\<") || (in.Type == "say" && in.Text == "" && in.Choice == "") || (in.Type == "heed" && in.Text == "") {
			t.Fatalf("taken: %+v", in)
		}
	})
}

func TestTokens(t *testing.T) {
	s := signer{bytes.Repeat([]byte{7}, 32)}
	random := strings.NewReader(strings.Repeat("0123456789abcdef", 2))
	session, token, err := s.mint(random)
	if err != nil || session != "MDEyMzQ1Njc4OWFiY2RlZg" {
		t.Fatalf("minted %q, %v", session, err)
	}
	if opened, ok := s.open(token); !ok || opened != session {
		t.Errorf("opened as %q, %t", opened, ok)
	}
	if s.token(session) != token {
		t.Error("the session's token is another one")
	}
	if strings.Contains(token, session) {
		t.Error("the token shows the session as it is stored")
	}
	if address := (bot.Address{Channel: bot.Web, Value: session}); !address.Valid() {
		t.Error("the session is no address")
	}
	if _, _, err := s.mint(iotest.ErrReader(io.ErrUnexpectedEOF)); err == nil {
		t.Error("minted without chance")
	}
	if one, two := s.log(bot.ID{1}), s.log(bot.ID{2}); one == two || one == "" || s.log(bot.ID{}) != "" {
		t.Errorf("logs %q and %q", one, two)
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.7:4000", "", "192.0.2.7"},
		{"192.0.2.7:4000", "198.51.100.1", "192.0.2.7"}, // whoever comes directly says what they like
		{"127.0.0.1:4000", "203.0.113.9, 198.51.100.1", "198.51.100.1"},
		{"10.0.0.3:4000", " 198.51.100.1 ", "198.51.100.1"},
		{"10.0.0.3:4000", "", "10.0.0.3"},
		{"127.0.0.1:4000", "", ""},
		{"[::1]:4000", "nonsense", ""},
		{"[2001:db8:1:2:3::4]:4000", "", "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.7]:4000", "", "192.0.2.7"},
		{"@", "", ""},
	} {
		r := httptest.NewRequest("GET", "/chat/ws", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := place(r); got != c.want {
			t.Errorf("place of %s, %q = %q, want %q", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestOwnerTexts(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	soon := now.Add(24*time.Hour + 30*time.Minute)
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		lang string
		standing
		want string
	}{
		{"fr", standing{kind: bot.Assistant}, "L'assistant automatique vous répond."},
		{"fr-FR", standing{kind: bot.Queue, promise: soon}, "Une personne vous répond avant mardi 24 novembre 2026 à 10 h 30."},
		{"fr", standing{kind: bot.Queue, promise: now}, "Une personne de l'équipe va vous répondre."},
		{"", standing{kind: bot.Queue}, "Une personne de l'équipe va vous répondre."},
		{"fr", standing{kind: bot.Adviser, name: "Samira"}, "Samira vous répond. C'est une personne de l'équipe."},
		{"en-GB", standing{kind: bot.Queue, promise: soon}, "A person answers you before Tuesday 24 November 2026 at 10:30."},
		{"en", standing{kind: bot.Adviser}, "A person of the team answers you."},
	} {
		if got := wordsIn(test.lang).owner(test.standing, paris, now); got != test.want {
			t.Errorf("%s %+v: %q, want %q", test.lang, test.standing, got, test.want)
		}
	}
	for what := range french.failures {
		if english.failures[what] == "" {
			t.Errorf("no English for %s", what)
		}
	}
}
