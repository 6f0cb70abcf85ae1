package recent

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatIsUsedStays(t *testing.T) {
	c := New[int, string](4, time.Minute)
	c.Put(1, "one")
	for k := range 100 {
		c.Put(10+k, "other")
		if v, ok := c.Get(1); !ok || v != "one" {
			t.Fatalf("after %d others: %q %v", k+1, v, ok)
		}
	}
	if n := c.Len(); n > 4 {
		t.Errorf("%d values in a cache of 4", n)
	}
}

func TestWhatIsNotUsedGoes(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c := New[int, string](100, time.Minute)
	c.now, c.since = func() time.Time { return now }, now
	c.Put(1, "one")
	now = now.Add(59 * time.Second)
	if _, ok := c.Get(1); !ok {
		t.Error("gone within its generation")
	}
	now = now.Add(time.Minute)
	if _, ok := c.Get(1); !ok {
		t.Error("gone although it was used a minute ago")
	}
	now = now.Add(2 * time.Minute)
	if _, ok := c.Get(1); ok {
		t.Error("still there two ages after its last use")
	}
}

// Whatever happens, a value is the last one put, never one that was dropped,
// and there are never more than the size.
func TestCacheNeverLies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(2, 10).Draw(t, "size")
		c := New[int, int](size, time.Hour)
		last := map[int]int{}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, v := rapid.IntRange(0, 20).Draw(t, "key"), rapid.Int().Draw(t, "value")
				c.Put(k, v)
				last[k] = v
				if got, ok := c.Get(k); !ok || got != v {
					t.Fatalf("just put %d, got %d %v", v, got, ok)
				}
			},
			"get": func(t *rapid.T) {
				k := rapid.IntRange(0, 20).Draw(t, "key")
				want, known := last[k]
				if got, ok := c.Get(k); ok && (!known || got != want) {
					t.Fatalf("%d is %d, want %d (known: %v)", k, got, want, known)
				}
			},
			"drop": func(t *rapid.T) {
				k := rapid.IntRange(0, 20).Draw(t, "key")
				c.Drop(k)
				delete(last, k)
			},
			"": func(t *rapid.T) {
				if c.Len() > size {
					t.Fatalf("%d values in a cache of %d", c.Len(), size)
				}
			},
		})
	})
}
