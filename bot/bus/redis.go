package bus

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"hash"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"relais/bot"
)

// How long Redis may take. A call that is late counts as failed and is answered
// from this process.
const (
	dialTime = 500 * time.Millisecond
	callTime = 150 * time.Millisecond
)

// Config says which Redis a bus works with.
type Config struct {
	// URL is redis://[user:password@]host:port/db, rediss:// or unix://path.
	URL string
	// Key hides the names of topics, senders, people and places, which never
	// leave the process: at least 16 bytes, the same on all instances.
	Key []byte
	// Rate is how many SMS segments leave per second and sender, over all
	// instances. Defaults to no limit.
	Rate float64
	// Instances is how many there may be: while Redis is away, each takes its
	// share of the rate. Defaults to 2.
	Instances int
	// Log defaults to slog.Default.
	Log *slog.Logger
}

// ErrURL is returned for an address that is not one of a Redis. It holds
// nothing of it: there may be a password.
var ErrURL = errors.New("want redis://host:6379, rediss://host:6379 or unix:///path/of/socket")

// ValidURL tells whether an address is one of a Redis. A socket needs its path,
// another one its host: what is left out is a mistake more often than a wish.
func ValidURL(address string) bool {
	o, err := redis.ParseURL(address)
	if err != nil {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && (u.Host != "" || o.Network == "unix" && o.Addr != "")
}

// Redis is a bus for several instances. Build it with Open, then Run it; before
// and after that it works as one within the process.
type Redis struct {
	config Config
	client *redis.Client
	self   [selfSize]byte // tells our own hints from others'

	up       atomic.Bool
	since    atomic.Int64  // when it was last found up, Unix nanoseconds
	failures atomic.Int64  // calls in a row
	lost     chan struct{} // a token: too many failures

	macs   sync.Pool // of hash.Hash, under the key
	hub    hub       // by the hidden names of topics
	out    outbox
	pace   buckets // this instance's share, while Redis is away
	places places
	limits buckets
	counts Counts
}

var _ bot.Bus = (*Redis)(nil)

// Counts is what a bus has done since it started.
type Counts struct {
	Sent     atomic.Int64 // hints given to Redis
	Received atomic.Int64 // hints of other instances
	Dropped  atomic.Int64 // hints that other instances missed: they were told to look at everything
	Failures atomic.Int64 // calls that Redis did not answer, or that were not made while it was away
	Losses   atomic.Int64 // times that Redis went away
}

// Counts gives the counters.
func (r *Redis) Counts() *Counts { return &r.counts }

// Open returns a bus on the Redis of the configuration, which need not be
// there yet. It fails for a bad address or key only.
func Open(c Config) (*Redis, error) {
	if !ValidURL(c.URL) {
		return nil, ErrURL
	}
	options, err := redis.ParseURL(c.URL)
	if err != nil {
		return nil, ErrURL
	}
	if len(c.Key) < 16 {
		return nil, errors.New("the key of the bus is too short")
	}
	if c.Instances == 0 {
		c.Instances = 2
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	r := &Redis{config: c, client: redis.NewClient(impatient(options)), lost: make(chan struct{}, 1)}
	r.out.wake = make(chan struct{}, 1)
	r.macs.New = func() any { return hmac.New(sha256.New, c.Key) }
	rand.Read(r.self[:]) // never fails: see crypto/rand
	return r, nil
}

// impatient sets the times and sizes that keep a call short whatever becomes of
// Redis. What an address says of them does not count.
func impatient(o *redis.Options) *redis.Options {
	return &redis.Options{
		Network: o.Network, Addr: o.Addr, Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: safe(o.TLSConfig),
		Protocol: 2, DisableIdentity: true, MaxRetries: -1, DialerRetries: 1,
		DialTimeout: dialTime, ReadTimeout: callTime, WriteTimeout: callTime, PoolTimeout: callTime, ContextTimeoutEnabled: true,
		PoolSize: 16, ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10, PipelinePoolSize: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// safe keeps the name to check a certificate against, and nothing else.
func safe(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{ServerName: c.ServerName, MinVersion: tls.VersionTLS12}
}

// Healthy tells whether hints of other instances arrive.
func (r *Redis) Healthy() bool { return r.up.Load() }

// Publish tells everybody who watches the topic, here at once and elsewhere
// soon.
func (r *Redis) Publish(topic string, h bot.Hint) {
	name := r.topic(topic)
	r.hub.publish(string(name[:]), h)
	if !r.up.Load() {
		r.out.skip()
		r.counts.Dropped.Add(1)
		return
	}
	r.counts.Dropped.Add(r.out.add(hint{topic: name, Hint: h}))
}

// PublishAll tells everybody in this process that something changed.
func (r *Redis) PublishAll() { r.hub.publishAll() }

// Subscribe watches a topic until the returned function is called.
func (r *Redis) Subscribe(topic string, notify func(bot.Hint)) (cancel func()) {
	name := r.topic(topic)
	return r.hub.subscribe(string(name[:]), notify)
}

// Take is [Local.Take] over all instances. While Redis is away this instance
// goes on with its share of the rate. The clock is Redis's: instances whose own
// clocks differ would starve one another. now counts while it is away.
func (r *Redis) Take(ctx context.Context, sender string, lane bot.Lane, segments int, now time.Time) (wait time.Duration) {
	pace := paceOf(r.config.Rate)
	if pace.each == 0 {
		return 0
	}
	wait, ok := r.take(ctx, r.name("pace", sender), segments, pace)
	if !ok {
		pace = paceOf(r.config.Rate / float64(r.config.Instances))
		wait = r.pace.take(sender, segments, pace, now)
	}
	if wait == 0 {
		return 0
	}
	return r.places.take(queue{sender, lane}, wait, pace.cost(segments), now)
}

// Allow is [Local.Allow] over all instances. While Redis is away each instance
// counts for itself.
func (r *Redis) Allow(ctx context.Context, key string, rate float64, burst int, now time.Time) (wait time.Duration) {
	l := limitOf(rate, burst)
	if l.each == 0 {
		return 0
	}
	if wait, ok := r.take(ctx, r.name("limit", key), 1, l); ok {
		return wait
	}
	return r.limits.take(key, 1, l, now)
}

func (r *Redis) take(ctx context.Context, key string, cost int, l limit) (wait time.Duration, ok bool) {
	cost = min(max(cost, 1), largest)
	micros, ok := r.run(ctx, takeScript, key, l.each.Microseconds(), l.slack.Microseconds(), cost, l.horizon().Microseconds())
	return time.Duration(micros) * time.Microsecond, ok
}

// Here notes that a member of a group has a page open on some instance. It
// holds for 90 s.
func (r *Redis) Here(ctx context.Context, group, member string, _ time.Time) {
	r.run(ctx, hereScript, r.name("here", group), r.name("member", member), presenceLasts.Milliseconds())
}

// settles is how long all pages need to tell again that they are open, after
// Redis may have forgotten.
const settles = 30 * time.Second

// Present counts the members of a group that are here, on any instance. It is
// not known while Redis is away, and for half a minute after.
func (r *Redis) Present(ctx context.Context, group string, now time.Time) (members int, known bool) {
	n, ok := r.run(ctx, presentScript, r.name("here", group), presenceLasts.Milliseconds())
	return int(n), ok && now.Sub(time.Unix(0, r.since.Load())) >= settles
}

// run runs a script on one key, unless Redis is away. ok is false when the
// answer must come from elsewhere.
func (r *Redis) run(ctx context.Context, script *redis.Script, key string, args ...any) (n int64, ok bool) {
	if !r.up.Load() {
		r.counts.Failures.Add(1)
		return 0, false
	}
	calling, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	n, err := script.Run(calling, r.client, []string{key}, args...).Int64()
	r.judge(ctx, err)
	return n, err == nil
}

// enough is how many calls fail in a row before Redis counts as away.
const enough = 3

// judge notes how a call went. One that its caller gave up says nothing.
func (r *Redis) judge(ctx context.Context, err error) {
	switch {
	case err == nil:
		r.failures.Store(0)
		return
	case ctx.Err() != nil:
		return
	}
	r.counts.Failures.Add(1)
	if r.failures.Add(1) >= enough {
		r.up.Store(false)
		select {
		case r.lost <- struct{}{}:
		default:
		}
	}
}

// topic is the hidden name of a topic.
func (r *Redis) topic(topic string) (name [topicSize]byte) {
	copy(name[:], r.hide("topic", topic))
	return name
}

// name is the key of something in Redis.
func (r *Redis) name(kind, name string) string {
	return "relais:" + kind + ":" + base64.RawURLEncoding.EncodeToString(r.hide(kind, name)[:16])
}

func (r *Redis) hide(kind, name string) []byte {
	mac := r.macs.Get().(hash.Hash)
	defer r.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write([]byte(name))
	return mac.Sum(nil)
}
