package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

const (
	probeEvery = time.Second // while Redis is away
	// pingEvery is how long the subscription may be silent before it is asked
	// whether it still lives; as long again without an answer, and it is lost.
	pingEvery = 500 * time.Millisecond
)

// Run carries hints between the instances until ctx ends. Redis may go and come
// back meanwhile. It returns nil.
func (r *Redis) Run(ctx context.Context) error {
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { r.send(running); return nil })
	group.Go(func() error { r.receive(running); return nil })
	err := group.Wait()
	r.up.Store(false)
	return errors.Join(err, r.client.Close())
}

// send gives waiting hints to Redis, as many at once as came while the last
// ones were on their way.
func (r *Redis) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.out.wake:
		}
		for r.sendOne(ctx) {
		}
	}
}

// sendOne sends one message, and tells whether there may be more to send.
func (r *Redis) sendOne(ctx context.Context) (more bool) {
	if !r.up.Load() {
		r.counts.Dropped.Add(r.out.drop())
		return false
	}
	batch, everything := r.out.take()
	if len(batch) == 0 && !everything {
		return false
	}
	calling, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := r.client.Publish(calling, r.channel(), encode(r.self, batch)).Err()
	r.judge(ctx, err)
	if err != nil {
		r.counts.Dropped.Add(int64(len(batch)))
		r.out.skip()
		r.out.poke()
		return true
	}
	r.counts.Sent.Add(int64(len(batch)))
	return true
}

// channel carries the hints of this deployment, whatever else uses this Redis.
// There is one for all topics: every instance has people on it, and a
// subscription for each socket would cost more than hearing of all turns.
func (r *Redis) channel() string { return r.name("hints", "") }

// receive listens to the other instances. When Redis goes away it looks for it
// each second.
func (r *Redis) receive(ctx context.Context) {
	away := false
	for {
		err := r.listen(ctx, func() {
			r.found(ctx, away)
			away = false
		})
		r.up.Store(false)
		if ctx.Err() != nil {
			return
		}
		if !away {
			away = true
			r.gone(ctx, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(probeEvery):
		}
	}
}

// found begins to work with Redis. Hints may have been missed on both sides:
// whoever watches here looks at everything, and the others are told to.
func (r *Redis) found(ctx context.Context, back bool) {
	if back {
		r.config.Log.LogAttrs(ctx, slog.LevelInfo, "redis is back")
	}
	r.failures.Store(0)
	r.since.Store(time.Now().UnixNano())
	r.up.Store(true)
	r.hub.publishAll()
	r.out.poke()
}

// gone notes that Redis went away. What was hinted at since it stopped working
// was missed: whoever watches here looks now, and the store is watched from now
// on.
func (r *Redis) gone(ctx context.Context, why error) {
	r.counts.Losses.Add(1)
	r.config.Log.LogAttrs(ctx, slog.LevelWarn, "redis is away: hints stay in this instance, texts leave more slowly", slog.Any("error", why))
	r.hub.publishAll()
}

// errFailing is why a subscription is given up although it lives.
var errFailing = errors.New("calls fail")

// listen passes on the hints of other instances until the subscription is lost
// or calls fail. found is called once it stands and a script could write.
func (r *Redis) listen(ctx context.Context, found func()) error {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	sub := r.client.Subscribe(ctx, r.channel())
	defer sub.Close()
	context.AfterFunc(ctx, func() { sub.Close() }) // wakes the reader
	if _, err := sub.ReceiveTimeout(ctx, dialTime); err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	if err := r.probe(ctx); err != nil {
		return fmt.Errorf("running a script: %w", err)
	}
	select { // of an earlier loss
	case <-r.lost:
	default:
	}
	found()
	go func() {
		select {
		case <-ctx.Done():
		case <-r.lost:
			giveUp(errFailing)
		}
	}()
	if err := r.hear(ctx, sub); context.Cause(ctx) == nil {
		return err
	}
	return context.Cause(ctx)
}

// probe finds out whether Redis takes writes and runs scripts.
func (r *Redis) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	return takeScript.Run(ctx, r.client, []string{r.name("probe", "")}, 1, 1, 1, 1).Err()
}

// hear reads a subscription until it is lost.
func (r *Redis) hear(ctx context.Context, sub *redis.PubSub) error {
	asked := false
	for {
		received, err := sub.ReceiveTimeout(ctx, pingEvery)
		if late := net.Error(nil); errors.As(err, &late) && late.Timeout() && !asked {
			if err := sub.Ping(ctx); err != nil {
				return fmt.Errorf("asking for a sign of life: %w", err)
			}
			asked = true
			continue
		}
		if err != nil {
			return fmt.Errorf("reading hints: %w", err)
		}
		asked = false
		if message, ok := received.(*redis.Message); ok {
			r.tell(message.Payload)
		}
	}
}

// tell passes on what another instance hinted at.
func (r *Redis) tell(message string) {
	from, batch, ok := decode([]byte(message))
	switch {
	case !ok || from == r.self:
		return
	case len(batch) == 0:
		r.hub.publishAll()
		return
	}
	r.counts.Received.Add(int64(len(batch)))
	for _, h := range batch {
		r.hub.publish(string(h.topic[:]), h.Hint)
	}
}
