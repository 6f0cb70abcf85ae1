package bot

import (
	"time"

	"relais/bot/appointments"
	"relais/flows"
	"relais/handoff"
)

// World is what a turn knows besides the conversation, as plain values.
type World struct {
	Now        time.Time // UTC, to the microsecond
	Nonce      Nonce
	Generation int64 // of flows and territory
	Territory  *handoff.Territory
	Thread     ID // the thread the event came through; zero when it came through none
	Fresh      *Fresh
	Booked     []appointments.Appointment // the person's, in their latest revision
}

// Fresh is set when nobody is known at the address yet: the conversation is
// empty and the turn names everything.
type Fresh struct {
	Channel  Channel
	OptedOut bool // the address refused SMS earlier, whoever had it
}

// Library gives flows by name, and by the version a conversation is pinned to.
type Library interface {
	Current(name string) *flows.Flow
	Pinned(name, hash string) *flows.Flow // nil when that version is unknown
	Common(lang, key string) flows.Text
}
