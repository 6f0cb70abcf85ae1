package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"relais/bot"
	"relais/bot/bus"
	"relais/bot/engine"
	"relais/bot/seal"
	"relais/handoff/console"
)

// sharedBus is what instances share besides the store: hints, the pace of texts,
// limits, and who is here.
type sharedBus interface {
	bot.Bus
	engine.Pacer
	console.Limiter
	console.Presence
}

// openBus opens the bus that the configuration names. Redis need not be there
// yet, and may go; remote is nil without one.
func openBus(c Config, keys *seal.Keyring, rate float64, log *slog.Logger) (shared sharedBus, remote *bus.Redis, err error) {
	if c.Redis == "" {
		return &bus.Local{Rate: rate}, nil, nil
	}
	redis.SetLogger(silent{})
	remote, err = bus.Open(bus.Config{URL: c.Redis, Key: busKey(keys), Rate: rate, Log: log})
	if err != nil {
		return nil, nil, fmt.Errorf("RELAIS_REDIS_URL: %w", err)
	}
	return remote, remote, nil
}

// busKey hides names from Redis; it has no other use.
func busKey(keys *seal.Keyring) []byte {
	mac := hmac.New(sha256.New, keys.SessionKey())
	mac.Write([]byte("relais bus"))
	return mac.Sum(nil)
}

// silent keeps the Redis library from writing to standard error by itself: the
// bus logs what matters, once.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// ownNumber is a pace where the default number has one name only.
type ownNumber struct {
	engine.Pacer
	number string
}

func (o ownNumber) Take(ctx context.Context, sender string, lane bot.Lane, segments int, now time.Time) time.Duration {
	if sender == "" {
		sender = o.number
	}
	return o.Pacer.Take(ctx, sender, lane, segments, now)
}

// pacer is the pace of outgoing texts, nil when there is none.
func (s *server) pacer(shared sharedBus) engine.Pacer {
	if s.rate() == 0 {
		return nil
	}
	return ownNumber{shared, s.config.Twilio.From}
}

// presence is who has the console open. Several instances without Redis do not
// know of one another, and then nothing is said.
func (s *server) presence(shared sharedBus) console.Presence {
	if s.remote == nil && !s.config.embedded() {
		return nil
	}
	return shared
}
