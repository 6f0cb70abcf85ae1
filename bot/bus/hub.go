package bus

import (
	"sync"

	"relais/bot"
)

// hub knows who watches what in this process. Its zero value is ready.
type hub struct {
	mu     sync.Mutex
	topics map[string]map[*watcher]struct{}
}

type watcher struct{ notify func(bot.Hint) }

// publish tells everybody who watches the topic.
func (h *hub) publish(topic string, hint bot.Hint) {
	for _, w := range h.watching(topic) {
		w.notify(hint)
	}
}

// publishAll tells everybody, whatever they watch.
func (h *hub) publishAll() {
	h.mu.Lock()
	var all []*watcher
	for _, watchers := range h.topics {
		for w := range watchers {
			all = append(all, w)
		}
	}
	h.mu.Unlock()
	for _, w := range all {
		w.notify(bot.Hint{})
	}
}

// watching copies the list, so that a watcher may leave while it is told.
func (h *hub) watching(topic string) []*watcher {
	h.mu.Lock()
	defer h.mu.Unlock()
	watchers := h.topics[topic]
	if len(watchers) == 0 {
		return nil
	}
	list := make([]*watcher, 0, len(watchers))
	for w := range watchers {
		list = append(list, w)
	}
	return list
}

func (h *hub) subscribe(topic string, notify func(bot.Hint)) (cancel func()) {
	w := &watcher{notify: notify}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics == nil {
		h.topics = map[string]map[*watcher]struct{}{}
	}
	if h.topics[topic] == nil {
		h.topics[topic] = map[*watcher]struct{}{}
	}
	h.topics[topic][w] = struct{}{}
	return sync.OnceFunc(func() { h.leave(topic, w) })
}

func (h *hub) leave(topic string, w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.topics[topic], w)
	if len(h.topics[topic]) == 0 {
		delete(h.topics, topic)
	}
}
