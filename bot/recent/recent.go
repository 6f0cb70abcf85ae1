// Package recent remembers what was used lately: a map bounded in number and
// in age, for what can be read again at any time.
package recent

import (
	"sync"
	"time"
)

// Cache gives back the values used last, at least half its size of them and at
// most its size, and none that was not used for twice its age. It is safe for use
// by several goroutines.
//
// It holds two generations. What is used moves to the young one; when that is
// half the size, or old enough, it becomes the old one and what was left there
// is forgotten. So nothing has to be ordered at each use.
type Cache[K comparable, V any] struct {
	half int
	age  time.Duration
	now  func() time.Time

	mu         sync.Mutex
	young, old map[K]V
	since      time.Time // of the young generation
}

// New returns an empty cache of at most size values; age is how long a
// generation lasts at most.
func New[K comparable, V any](size int, age time.Duration) *Cache[K, V] {
	return &Cache[K, V]{half: max(1, size/2), age: age, now: time.Now, since: time.Now()}
}

// Get returns what is remembered of a key.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn()
	if v, ok := c.young[key]; ok {
		return v, true
	}
	v, ok := c.old[key]
	if ok {
		delete(c.old, key)
		c.put(key, v)
	}
	return v, ok
}

// Put remembers a value.
func (c *Cache[K, V]) Put(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn()
	delete(c.old, key)
	c.put(key, v)
}

// Drop forgets a key.
func (c *Cache[K, V]) Drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, key)
	delete(c.old, key)
}

// Len is how many values are remembered.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.old)
}

func (c *Cache[K, V]) put(key K, v V) {
	if c.young == nil {
		c.young = map[K]V{}
	}
	c.young[key] = v
}

// turn begins another generation when the young one is full or old. Nothing
// does it in between: what is too old goes at the next use.
func (c *Cache[K, V]) turn() {
	lasted := c.now().Sub(c.since)
	if len(c.young) < c.half && lasted < c.age {
		return
	}
	c.old, c.young, c.since = c.young, nil, c.now()
	if lasted >= 2*c.age {
		c.old = nil
	}
}
