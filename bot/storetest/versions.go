package storetest

import (
	"testing"

	"relais/bot"
)

func versions(t *testing.T, s *suite) {
	v := func(name, hash, text string) bot.Version {
		return bot.Version{Name: name, Hash: hash, Files: map[string][]byte{name + ".yaml": []byte(text), "bin": {0, 0xff}}, At: now}
	}
	publish := func(t *testing.T, h *house, list ...bot.Version) int64 {
		t.Helper()
		generation, err := h.Publish(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		return generation
	}
	s.check(t, "what is published becomes current and raises the generation", func(t *testing.T, h *house) {
		before, current, err := h.Published(t.Context())
		if err != nil || len(current) != 0 {
			t.Fatalf("an empty store has %d versions (%v)", len(current), err)
		}
		one := publish(t, h, v("welcome", "1", "a"), v("prediagnostic", "1", "b"))
		two := publish(t, h, v("welcome", "2", "c"), v("prediagnostic", "1", "b"))
		if one != before+1 || two != before+2 {
			t.Errorf("generations %d, %d, %d; want each one more", before, one, two)
		}
		generation, current, err := h.Published(t.Context())
		if err != nil || generation != two {
			t.Errorf("generation %d (%v), want %d", generation, err, two)
		}
		same(t, "current", current, []bot.Version{v("prediagnostic", "1", "b"), v("welcome", "2", "c")})
		if got := h.load(t, phone(1)).Generation; got != two {
			t.Errorf("a load tells generation %d, want %d", got, two)
		}
	})
	s.check(t, "a version once published is kept and never changes", func(t *testing.T, h *house) {
		publish(t, h, v("welcome", "1", "first"))
		publish(t, h, v("welcome", "2", "second"))
		publish(t, h, v("welcome", "1", "forged"))
		for hash, text := range map[string]string{"1": "first", "2": "second"} {
			got, err := h.Version(t.Context(), "welcome", hash)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "version "+hash, got, v("welcome", hash, text))
		}
		_, err := h.Version(t.Context(), "welcome", "3")
		fails(t, err, bot.ErrNotFound)
	})
	s.check(t, "a flow left out is no longer current", func(t *testing.T, h *house) {
		publish(t, h, v("welcome", "1", "a"), v("old", "1", "b"))
		publish(t, h, v("welcome", "1", "a"))
		_, current, err := h.Published(t.Context())
		if err != nil || len(current) != 1 {
			t.Errorf("%d versions are current (%v), want 1", len(current), err)
		}
	})
	s.check(t, "publishing what is current changes nothing", func(t *testing.T, h *house) {
		one := publish(t, h, v("welcome", "1", "a"))
		if again := publish(t, h, v("welcome", "1", "a")); again != one {
			t.Errorf("generation went from %d to %d", one, again)
		}
	})
	s.check(t, "people are counted at each step", func(t *testing.T, h *house) {
		for k, step := range []string{"welcome/a", "prediagnostic/q01", "welcome/a", ""} {
			turn := h.first(phone(k))
			turn.Conversation.Step = step
			h.must(t, turn)
		}
		got, err := h.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "waiting", got, []bot.Waiting{{Step: "prediagnostic/q01", People: 1}, {Step: "welcome/a", People: 2}})
	})
}
