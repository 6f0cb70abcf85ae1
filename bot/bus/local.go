package bus

import (
	"context"
	"time"

	"relais/bot"
)

// Local is a bus within one process. Its zero value is ready, and lets texts
// leave at once.
type Local struct {
	// Rate is how many SMS segments leave per second and sender. Defaults to no
	// limit.
	Rate float64

	hub    hub
	pace   buckets
	places places
	limits buckets
	here   presence
}

var _ bot.Bus = (*Local)(nil)

// Publish tells everybody who watches the topic.
func (l *Local) Publish(topic string, h bot.Hint) { l.hub.publish(topic, h) }

// PublishAll tells everybody that something changed: another process wrote,
// and nobody knows what.
func (l *Local) PublishAll() { l.hub.publishAll() }

// Subscribe watches a topic until the returned function is called.
func (l *Local) Subscribe(topic string, notify func(bot.Hint)) (cancel func()) {
	return l.hub.subscribe(topic, notify)
}

// Take reserves the segments of a sender's text and returns 0, or returns how
// long to wait before asking again, having reserved nothing. One second's worth
// may leave at once, and at least one text: a longer one leaves whole, and what
// it took too much is waited for afterwards. Those that wait are told different
// times, in the order they asked within a lane.
func (l *Local) Take(_ context.Context, sender string, lane bot.Lane, segments int, now time.Time) (wait time.Duration) {
	pace := paceOf(l.Rate)
	if wait = l.pace.take(sender, segments, pace, now); wait == 0 {
		return 0
	}
	return l.places.take(queue{sender, lane}, wait, pace.cost(segments), now)
}

// Allow lets something through and returns 0, or returns how long to wait
// before trying again: burst at once, and rate per second over time, for each
// key.
func (l *Local) Allow(_ context.Context, key string, rate float64, burst int, now time.Time) (wait time.Duration) {
	return l.limits.take(key, 1, limitOf(rate, burst), now)
}

// Here notes that a member of a group has a page open. It holds for 90 s.
func (l *Local) Here(_ context.Context, group, member string, now time.Time) {
	l.here.note(group, member, now)
}

// Present counts the members of a group that are here. It is always known.
func (l *Local) Present(_ context.Context, group string, now time.Time) (members int, known bool) {
	return l.here.count(group, now), true
}
