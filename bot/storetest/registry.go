package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"relais/bot"
)

func save(t *testing.T, h *house, a bot.Account) {
	t.Helper()
	if err := h.SaveAdviser(t.Context(), a); err != nil {
		t.Fatalf("save an adviser: %v", err)
	}
}

func registry(t *testing.T, s *suite) {
	samira := bot.Account{
		ID: "0123456789abcdef0123456789abcdef", Email: "samira@example.org", Name: "Samira", Organisation: "a", Team: "t",
		Role: "lead", Password: "argon2id$1", Created: now,
	}
	token := sha256.Sum256([]byte("token"))
	sign := func(t *testing.T, h *house) {
		t.Helper()
		err := h.OpenSession(t.Context(), bot.SignIn{
			TokenHash: token, Adviser: samira.ID, Until: now.Add(time.Hour), Latest: now.Add(8 * time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	signed := func(t *testing.T, h *house, at time.Time) error {
		t.Helper()
		_, err := h.Signed(t.Context(), token, at, at.Add(time.Hour))
		return err
	}
	s.check(t, "a territory is found once it was saved, and raises the generation", func(t *testing.T, h *house) {
		_, _, err := h.Territory(t.Context())
		fails(t, err, bot.ErrNotFound)
		before := h.load(t, phone(1)).Generation
		for i, document := range []string{"name: un\x00\xff", "name: deux"} {
			generation, err := h.SaveTerritory(t.Context(), []byte(document))
			if err != nil || generation != before+int64(i)+1 {
				t.Fatalf("saved as generation %d (%v), want %d", generation, err, before+int64(i)+1)
			}
			got, at, err := h.Territory(t.Context())
			if err != nil || string(got) != document || at != generation {
				t.Errorf("read %q of generation %d (%v)", got, at, err)
			}
			if now := h.load(t, phone(1)).Generation; now != generation {
				t.Errorf("a load tells generation %d, want %d", now, generation)
			}
		}
	})
	s.check(t, "an account is found by id and by e-mail", func(t *testing.T, h *house) {
		save(t, h, samira)
		for _, by := range []string{samira.ID, samira.Email} {
			got, err := h.Adviser(t.Context(), by)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "account", got, samira)
		}
		_, err := h.Adviser(t.Context(), "nobody@example.org")
		fails(t, err, bot.ErrNotFound)
	})
	s.check(t, "accounts are listed by name, and replaced by id", func(t *testing.T, h *house) {
		zoe, ali := bot.Account{ID: "2", Email: "z@example.org", Name: "Zoé"}, bot.Account{ID: "3", Email: "a@example.org", Name: "Ali"}
		for _, a := range []bot.Account{zoe, samira, ali} {
			save(t, h, a)
		}
		samira := samira
		samira.Email, samira.Team, samira.Disabled = "s@example.org", "u", true
		save(t, h, samira)
		got, err := h.Advisers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "accounts", got, []bot.Account{ali, samira, zoe})
	})
	s.check(t, "two accounts cannot have one e-mail", func(t *testing.T, h *house) {
		save(t, h, samira)
		fails(t, h.SaveAdviser(t.Context(), bot.Account{ID: "2", Email: samira.Email}), bot.ErrConflict)
	})
	s.check(t, "a session lives as long as it is used, never beyond its end", func(t *testing.T, h *house) {
		save(t, h, samira)
		fails(t, signed(t, h, now), bot.ErrNotFound)
		sign(t, h)
		got, err := h.Signed(t.Context(), token, now, now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "account", got, samira)
		for at := now; at.Before(now.Add(8 * time.Hour)); at = at.Add(50 * time.Minute) {
			fails(t, signed(t, h, at), nil)
		}
		fails(t, signed(t, h, now.Add(8*time.Hour)), bot.ErrNotFound)
	})
	s.check(t, "looking at a session does not move it, nor does an earlier time", func(t *testing.T, h *house) {
		save(t, h, samira)
		sign(t, h)
		for _, until := range []time.Time{now, now.Add(-time.Hour), now.Add(time.Minute)} {
			if _, err := h.Signed(t.Context(), token, now, until); err != nil {
				t.Fatal(err)
			}
		}
		fails(t, signed(t, h, now.Add(time.Hour-time.Microsecond)), nil)
	})
	s.check(t, "an idle session is over", func(t *testing.T, h *house) {
		save(t, h, samira)
		sign(t, h)
		fails(t, signed(t, h, now.Add(time.Hour)), bot.ErrNotFound)
	})
	s.check(t, "a closed session is over", func(t *testing.T, h *house) {
		save(t, h, samira)
		sign(t, h)
		for range 2 {
			if err := h.CloseSession(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		fails(t, signed(t, h, now), bot.ErrNotFound)
	})
	s.check(t, "disabling an account or a new password ends its sessions, a new team does not", func(t *testing.T, h *house) {
		for _, change := range []struct {
			what string
			do   func(*bot.Account)
			ends bool
		}{
			{"a new team", func(a *bot.Account) { a.Team = "u" }, false},
			{"a new password", func(a *bot.Account) { a.Password = "argon2id$2" }, true},
			{"disabling", func(a *bot.Account) { a.Disabled = true }, true},
		} {
			save(t, h, samira)
			sign(t, h)
			changed := samira
			change.do(&changed)
			save(t, h, changed)
			changed.Disabled = false
			save(t, h, changed)
			if err := signed(t, h, now); is(err, bot.ErrNotFound) != change.ends {
				t.Errorf("after %s: %v", change.what, err)
			}
		}
	})
}
