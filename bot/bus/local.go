// Package bus carries hints between whoever commits a turn and whoever watches
// a conversation. Local does it inside one process.
package bus

import (
	"sync"

	"relais/bot"
)

// Local is a bus within one process. Its zero value is ready.
type Local struct {
	mu     sync.Mutex
	topics map[string]map[*watcher]struct{}
}

type watcher struct{ notify func(bot.Hint) }

var _ bot.Bus = (*Local)(nil)

// Publish tells everybody who watches the topic.
func (l *Local) Publish(topic string, h bot.Hint) {
	for _, w := range l.watching(topic) {
		w.notify(h)
	}
}

// PublishAll tells everybody that something changed: another process wrote,
// and nobody knows what.
func (l *Local) PublishAll() {
	l.mu.Lock()
	var all []*watcher
	for _, watchers := range l.topics {
		for w := range watchers {
			all = append(all, w)
		}
	}
	l.mu.Unlock()
	for _, w := range all {
		w.notify(bot.Hint{})
	}
}

// watching copies the list, so that a watcher may leave while it is told.
func (l *Local) watching(topic string) []*watcher {
	l.mu.Lock()
	defer l.mu.Unlock()
	watchers := l.topics[topic]
	if len(watchers) == 0 {
		return nil
	}
	list := make([]*watcher, 0, len(watchers))
	for w := range watchers {
		list = append(list, w)
	}
	return list
}

// Subscribe watches a topic until the returned function is called.
func (l *Local) Subscribe(topic string, notify func(bot.Hint)) (cancel func()) {
	w := &watcher{notify: notify}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.topics == nil {
		l.topics = map[string]map[*watcher]struct{}{}
	}
	if l.topics[topic] == nil {
		l.topics[topic] = map[*watcher]struct{}{}
	}
	l.topics[topic][w] = struct{}{}
	return sync.OnceFunc(func() { l.leave(topic, w) })
}

func (l *Local) leave(topic string, w *watcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.topics[topic], w)
	if len(l.topics[topic]) == 0 {
		delete(l.topics, topic)
	}
}
