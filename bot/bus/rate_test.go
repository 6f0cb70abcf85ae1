package bus

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"relais/test/redistest"
)

// Over any stretch of time no more than rate × time + burst passes, plus what
// the last cost was above one; and whoever waits as told gets through.
func TestNoMoreThanTheRateAndTheBurst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.01, 500).Draw(t, "rate")
		burst := rapid.IntRange(1, 50).Draw(t, "burst")
		l := limitOf(rate, burst)
		now := time.Unix(1_800_000_000, 0)
		var full time.Time
		type passed struct {
			at   time.Time
			cost int
		}
		var all []passed
		for range rapid.IntRange(1, 200).Draw(t, "asks") {
			cost := rapid.IntRange(1, 10).Draw(t, "cost")
			next, wait := l.take(full, now, cost)
			if wait > 0 {
				if _, again := l.take(full, now.Add(wait), cost); again != 0 {
					t.Fatalf("after the wait of %v there is another of %v", wait, again)
				}
				if _, early := l.take(full, now.Add(wait-time.Microsecond), cost); early == 0 {
					t.Fatalf("%v is longer than it takes", wait)
				}
			} else {
				full, all = next, append(all, passed{now, cost})
			}
			now = now.Add(time.Duration(rapid.IntRange(0, int(3*l.each/time.Microsecond)).Draw(t, "later")) * time.Microsecond)
		}
		for i := range all {
			sum := 0
			for _, p := range all[i:] {
				sum += p.cost
				most := rate*p.at.Sub(all[i].at).Seconds() + float64(burst+p.cost-1)
				if float64(sum) > most+1e-6 {
					t.Fatalf("%d in %v at %g a second and a burst of %d", sum, p.at.Sub(all[i].at), rate, burst)
				}
			}
		}
	})
}

func TestPaces(t *testing.T) {
	for _, c := range []struct {
		rate float64
		want limit
	}{
		{0, limit{}},
		{-1, limit{}},
		{0.5, limit{each: 2 * time.Second}},
		{1, limit{each: time.Second}},
		{10, limit{each: 100 * time.Millisecond, slack: 900 * time.Millisecond}},
		{1e-12, limit{each: slowest}},
	} {
		if got := paceOf(c.rate); got != c.want {
			t.Errorf("pace of %g a second = %+v, want %+v", c.rate, got, c.want)
		}
	}
}

func TestAClockPutBackOwesNothing(t *testing.T) {
	l := limitOf(1, 5)
	now := time.Unix(1_800_000_000, 0)
	full, _ := l.take(time.Time{}, now, 5)
	if _, wait := l.take(full, now.Add(-time.Hour), 1); wait != 0 {
		t.Errorf("waits %v after the clock was put back an hour", wait)
	}
}

func TestKeysAreForgotten(t *testing.T) {
	var b buckets
	now := time.Unix(1_800_000_000, 0)
	for i := range 100_000 {
		b.take(string(rune(i)), 1, limitOf(2, 20), now)
		now = now.Add(10 * time.Millisecond)
	}
	if n := len(b.full); n > 4096 {
		t.Errorf("%d keys are remembered", n)
	}
}

func TestPresenceEnds(t *testing.T) {
	var p presence
	now := time.Unix(1_800_000_000, 0)
	p.note("ccas", "samira", now)
	p.note("ccas", "paul", now.Add(time.Minute))
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 2}, {presenceLasts - 1, 2}, {presenceLasts, 1}, {time.Minute + presenceLasts, 0}} {
		if got := p.count("ccas", now.Add(c.after)); got != c.want {
			t.Errorf("%v later %d are here, want %d", c.after, got, c.want)
		}
	}
	if len(p.groups) != 0 {
		t.Error("an empty group is remembered")
	}
}

// The script in Redis and the code here decide alike.
func TestTheScriptDecidesAsTheCode(t *testing.T) {
	client := redistest.Start(t).Client()
	script := redis.NewScript("local now = tonumber(ARGV[5])\n" + take)
	rapid.Check(t, func(t *rapid.T) {
		// Slow enough that no key expires while the test runs.
		l := limitOf(rapid.Float64Range(0.0005, 0.01).Draw(t, "rate"), rapid.IntRange(1, 20).Draw(t, "burst"))
		if err := client.Del(t.Context(), "key").Err(); err != nil {
			t.Fatal(err)
		}
		now := time.UnixMicro(1_800_000_000_123_456)
		var full time.Time
		for range rapid.IntRange(1, 40).Draw(t, "asks") {
			cost := rapid.IntRange(1, 30).Draw(t, "cost")
			next, wait := l.take(full, now, cost)
			got, err := script.Run(t.Context(), client, []string{"key"}, l.each.Microseconds(), l.slack.Microseconds(), cost, l.horizon().Microseconds(), now.UnixMicro()).Int64()
			if err != nil {
				t.Fatal(err)
			}
			if got != wait.Microseconds() {
				t.Fatalf("the script says %d µs, the code %d µs", got, wait.Microseconds())
			}
			full = next
			now = now.Add(time.Duration(rapid.Int64Range(-int64(l.each), 3*int64(l.each)).Draw(t, "later")).Truncate(time.Microsecond))
		}
	})
}

// Members are forgotten after a while on Redis too.
func TestTheScriptForgetsMembers(t *testing.T) {
	client := redistest.Start(t).Client()
	at := func(script string, now time.Time, args ...any) int64 {
		t.Helper()
		n, err := client.Eval(t.Context(), "local now = tonumber(ARGV[#ARGV])\n"+script, []string{"group"}, append(args, now.UnixMicro())...).Int64()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	now, lasts := time.UnixMicro(1_800_000_000_123_456), presenceLasts.Milliseconds()
	at(here, now, "samira", lasts)
	at(here, now.Add(time.Minute), "paul", lasts)
	for _, c := range []struct {
		after time.Duration
		want  int64
	}{{time.Minute, 2}, {presenceLasts - time.Millisecond, 2}, {presenceLasts, 1}, {time.Minute + presenceLasts, 0}} {
		if got := at(present, now.Add(c.after), lasts); got != c.want {
			t.Errorf("%v later %d are here, want %d", c.after, got, c.want)
		}
	}
	at(here, now.Add(2*presenceLasts), "léa", lasts)
	if n, err := client.ZCard(t.Context(), "group").Result(); err != nil || n != 1 {
		t.Errorf("%d members are remembered (%v), want 1", n, err)
	}
	if ttl, err := client.PTTL(t.Context(), "group").Result(); err != nil || ttl <= 0 || ttl > presenceLasts {
		t.Errorf("the group ends in %v (%v)", ttl, err)
	}
}
