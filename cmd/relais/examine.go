package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"relais/bot/postgres"
	"relais/channels/twilio"
)

// What the doctor asks of others: the operator, Redis, Postgres.

// examineWithin is how long each of them may take to answer.
const examineWithin = 10 * time.Second

// checkSMS tells the address to give the operator, and what the operator has.
func checkSMS(ctx context.Context, c Config) []finding {
	switch {
	case c.Twilio.Set():
	case c.Demo:
		return []finding{{what: "SMS", detail: "demonstration: texts go to the simulated phone"}}
	default:
		return []finding{{what: "SMS", fault: errors.New("no operator's account: set TWILIO_ACCOUNT_SID, or no text leaves")}}
	}
	want := c.PublicURL + twilio.InboundPath
	account, err := twilio.NewSender(senderConfig(c.Twilio, c.PublicURL))
	if err != nil {
		return []finding{{what: "SMS", fault: err}}
	}
	ctx, cancel := context.WithTimeout(ctx, examineWithin)
	defer cancel()
	set, err := account.InboundAddress(ctx)
	return []finding{{what: "SMS", detail: "webhook " + want + twilio.Overrides}, checkNumber(want, set, err)}
}

// checkNumber compares where the operator posts texts with where we take them.
func checkNumber(want, set string, err error) finding {
	f := finding{what: "SMS number"}
	address, overrides, _ := strings.Cut(set, "#")
	switch {
	case errors.Is(err, twilio.ErrService):
		f.detail = "of a messaging service: give the service the webhook above"
	case err != nil:
		f.fault = fmt.Errorf("the operator's account: %w", err)
	case address != want:
		f.fault = fmt.Errorf("its texts go to %s: give it the webhook above", placeOf(address))
	case !strings.Contains(overrides, "rc="):
		f.detail = "its texts come here, tried once: give it the webhook above, with what follows #"
	default:
		f.detail = "its texts come here, tried again when we do not answer"
	}
	return f
}

// placeOf names an address without what it may hold besides: a password, a
// query.
func placeOf(address string) string {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return "nowhere"
	case err != nil || u.Host == "":
		return "an address that is none"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// checkRedis measures an answer of Redis, when there is one.
func checkRedis(ctx context.Context, c Config) finding {
	f := finding{what: "Redis"}
	if c.Redis == "" {
		f.detail = "none: hints, presence and limits stay within this process"
		return f
	}
	options, err := redis.ParseURL(c.Redis)
	if err != nil {
		f.fault = errors.New("RELAIS_REDIS_URL: want redis://, rediss:// or unix://") // the cause may quote a password
		return f
	}
	options.DialTimeout, options.MaxRetries = 2*time.Second, -1
	redis.SetLogger(silent{})
	client := redis.NewClient(options)
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, examineWithin)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil { // the first one connects
		f.fault = fmt.Errorf("no answer; the service goes on without: %w", err)
		return f
	}
	began := time.Now()
	f.fault = client.Ping(ctx).Err()
	f.detail = fmt.Sprintf("answers in %s", time.Since(began).Round(10*time.Microsecond))
	return f
}

// checkPostgres looks at the server as opening the store would; nothing more can
// be asked of one that is not reached. SQLite is always within reach.
func checkPostgres(ctx context.Context, c Config) (findings []finding, reached bool) {
	if c.embedded() {
		return nil, true
	}
	ctx, cancel := context.WithTimeout(ctx, examineWithin)
	defer cancel()
	found, err := postgres.Examine(ctx, c.Database)
	if err != nil {
		return []finding{{what: "Postgres", fault: err}}, false
	}
	for _, f := range found {
		line := finding{what: f.What, detail: f.Detail}
		if !f.OK {
			line.fault = errors.New(f.Detail)
		}
		findings = append(findings, line)
	}
	return findings, true
}
