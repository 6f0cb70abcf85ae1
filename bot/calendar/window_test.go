package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"
	"relais/bot/calendar"
)

func TestWindow(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	window := calendar.Window{Zone: paris}
	for _, tc := range []struct{ name, asked, earlier, later string }{
		{"allowed", "2026-11-24 10:00", "2026-11-24 10:00", "2026-11-24 10:00"},
		{"first minute", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-24 08:00"},
		{"last minute", "2026-11-24 19:59", "2026-11-24 19:59", "2026-11-24 19:59"},
		{"Saturday", "2026-11-28 10:00", "2026-11-28 10:00", "2026-11-28 10:00"},
		{"Sunday", "2026-11-29 10:00", "2026-11-28 10:00", "2026-11-30 08:00"},
		{"holiday", "2026-11-11 10:00", "2026-11-10 10:00", "2026-11-12 08:00"},
		{"Easter Monday", "2027-03-29 10:00", "2027-03-27 10:00", "2027-03-30 08:00"}, // over the change of clocks
		{"Whit Sunday after 8 May", "2032-05-16 10:00", "2032-05-15 10:00", "2032-05-18 08:00"},
		{"too early", "2026-11-24 07:59", "2026-11-23 19:59", "2026-11-24 08:00"},
		{"too late", "2026-11-24 20:00", "2026-11-24 19:59", "2026-11-25 08:00"},
		{"Monday too early", "2026-11-30 06:00", "2026-11-28 19:59", "2026-11-30 08:00"},
		{"Saturday too late", "2026-11-28 22:00", "2026-11-28 19:59", "2026-11-30 08:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asked := at(t, paris, tc.asked)
			if got, want := window.Allowed(asked.UTC()), tc.earlier == tc.asked; got != want {
				t.Errorf("%s allowed: %t", tc.asked, got)
			}
			if got, ok := window.LastAllowedBefore(asked.UTC()); !ok || !got.Equal(at(t, paris, tc.earlier)) {
				t.Errorf("%s moved earlier is %s, %t, want %s", tc.asked, got, ok, tc.earlier)
			}
			if got, ok := window.NextAllowed(asked.UTC()); !ok || !got.Equal(at(t, paris, tc.later)) {
				t.Errorf("%s moved later is %s, %t, want %s", tc.asked, got, ok, tc.later)
			}
		})
	}
}

func TestWindowNeverLeavesItsHours(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	window := calendar.Window{Zone: paris}
	begin := at(t, paris, "2026-01-01 00:00").Unix()
	end := at(t, paris, "2037-01-01 00:00").Unix()
	rapid.Check(t, func(t *rapid.T) {
		asked := time.Unix(rapid.Int64Range(begin, end).Draw(t, "asked"), 0)
		before, ok := window.LastAllowedBefore(asked)
		if !ok || !window.Allowed(before) || before.After(asked) || asked.Sub(before) > 5*24*time.Hour {
			t.Errorf("%s moved earlier is %s, %t", asked.In(paris), before, ok)
		}
		after, ok := window.NextAllowed(asked)
		if !ok || !window.Allowed(after) || after.Before(asked) || after.Sub(asked) > 5*24*time.Hour {
			t.Errorf("%s moved later is %s, %t", asked.In(paris), after, ok)
		}
		if allowed := window.Allowed(asked); allowed != before.Equal(asked) || allowed != after.Equal(asked) {
			t.Errorf("%s allowed: %t, yet moved to %s or %s", asked.In(paris), allowed, before, after)
		}
	})
}

// A search ends even in a window with no minute in it.
func TestWindowWithoutAMinute(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	asked := at(t, paris, "2026-11-24 10:00")
	for _, window := range []calendar.Window{
		{Zone: paris, From: 600, To: 600},
		{Zone: paris, From: 1200, To: 480},
	} {
		if window.Allowed(asked) {
			t.Errorf("%v allows %s", window, asked)
		}
		if got, ok := window.LastAllowedBefore(asked); ok {
			t.Errorf("%v moves earlier to %s", window, got)
		}
		if got, ok := window.NextAllowed(asked); ok {
			t.Errorf("%v moves later to %s", window, got)
		}
	}
}

func TestWindowDefaults(t *testing.T) {
	var window calendar.Window
	if !window.Allowed(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)) || window.Allowed(time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)) {
		t.Error("the zero window is 08:00 to 20:00 UTC")
	}
}
