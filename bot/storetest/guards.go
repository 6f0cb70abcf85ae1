package storetest

import (
	"testing"

	"relais/bot"
)

func guards(t *testing.T, s *suite) {
	s.check(t, "a turn decided under an older generation runs again", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.Guards = []bot.Guard{{Kind: bot.GuardGeneration, Want: h.load(t, phone(1)).Generation}}
		if _, err := h.SaveTerritory(t.Context(), []byte("one")); err != nil {
			t.Fatal(err)
		}
		fails(t, h.commit(t, turn)[0], bot.ErrGuard)
		turn.Guards[0].Want = h.load(t, phone(1)).Generation
		h.must(t, turn)
	})
	s.check(t, "a turn of an adviser who was disabled is refused", func(t *testing.T, h *house) {
		account := bot.Account{ID: "ad1", Email: "a@example.org"}
		save(t, h, account)
		turn := h.first(phone(1))
		turn.Guards = []bot.Guard{{Kind: bot.GuardAdviser, Key: "ad1", Want: 1}}
		account.Disabled = true
		save(t, h, account)
		fails(t, h.commit(t, turn)[0], bot.ErrGuard)
		account.Disabled = false
		save(t, h, account)
		h.must(t, turn)
	})
	s.check(t, "an adviser nobody knows is not active", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.Guards = []bot.Guard{{Kind: bot.GuardAdviser, Key: "nobody", Want: 1}}
		fails(t, h.commit(t, turn)[0], bot.ErrGuard)
		turn.Guards[0].Want = 0
		h.must(t, turn)
	})
	s.check(t, "a guard of an unknown kind fails its turn", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		turn.Guards = []bot.Guard{{Kind: "moon", Want: 1}}
		if err := h.commit(t, turn)[0]; err == nil || is(err, bot.ErrGuard) {
			t.Errorf("got %v, want an error of its own", err)
		}
	})
	s.check(t, "a lease that is lost is told before all else", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		turn.Done = &bot.Job{Key: "none", Token: 1}
		turn.Guards = []bot.Guard{{Kind: bot.GuardGeneration, Want: -1}}
		fails(t, h.commit(t, turn)[0], bot.ErrLease)
	})
	s.check(t, "a guard is told before a conflict", func(t *testing.T, h *house) {
		turn := h.first(phone(1))
		h.must(t, turn)
		turn.Event = "another"
		turn.Guards = []bot.Guard{{Kind: bot.GuardGeneration, Want: -1}}
		fails(t, h.commit(t, turn)[0], bot.ErrGuard)
	})
}
