package bus

import (
	"encoding/binary"
	"sync"

	"relais/bot"
)

const (
	outboxSize = 4096 // topics whose hint waits to leave
	batchSize  = 256  // hints in one message
)

// hint is a hint about a hidden topic.
type hint struct {
	topic [topicSize]byte
	bot.Hint
}

// outbox holds hints on their way to the other instances, one for each topic:
// a later one replaces an earlier one in its place. What cannot be kept is owed:
// the others are told afterwards to look at everything.
type outbox struct {
	wake chan struct{} // something waits

	mu      sync.Mutex
	waiting map[[topicSize]byte]bot.Hint
	order   [][topicSize]byte
	owed    bool
}

// add keeps a hint, and returns how many older ones were dropped for it.
func (o *outbox) add(h hint) (dropped int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == nil {
		o.waiting = map[[topicSize]byte]bot.Hint{}
	}
	if _, waits := o.waiting[h.topic]; !waits {
		if len(o.order) >= outboxSize {
			delete(o.waiting, o.order[0])
			o.order, o.owed, dropped = o.order[1:], true, 1
		}
		o.order = append(o.order, h.topic)
	}
	o.waiting[h.topic] = h.Hint
	o.poke()
	return dropped
}

// skip notes that a hint did not even wait.
func (o *outbox) skip() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.owed = true
}

// drop empties the outbox of what cannot leave any more, and returns how much.
func (o *outbox) drop() (dropped int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	dropped = int64(len(o.order))
	o.owed = o.owed || dropped > 0
	o.waiting, o.order = nil, nil
	return dropped
}

// take returns the oldest hints. With none left it tells, once, whether the
// others must look at everything.
func (o *outbox) take() (batch []hint, everything bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(len(o.order), batchSize)
	if n == 0 {
		everything, o.owed = o.owed, false
		return nil, everything
	}
	batch = make([]hint, 0, n)
	for _, topic := range o.order[:n] {
		batch = append(batch, hint{topic, o.waiting[topic]})
		delete(o.waiting, topic)
	}
	if o.order = o.order[n:]; len(o.order) == 0 {
		o.order = nil
	}
	return batch, false
}

func (o *outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// A message is a version, who sent it, and any number of hints: the hidden
// topic, the conversation's id, its last line. One without hints is about
// everything. There is no text in it, no number and no name.
const (
	messageVersion = 1
	selfSize       = 8
	topicSize      = 16
	headSize       = 1 + selfSize
	hintSize       = topicSize + len(bot.ID{}) + 8
)

func encode(self [selfSize]byte, batch []hint) []byte {
	data := make([]byte, 0, headSize+len(batch)*hintSize)
	data = append(data, messageVersion)
	data = append(data, self[:]...)
	for _, h := range batch {
		data = append(data, h.topic[:]...)
		data = append(data, h.Conversation[:]...)
		data = binary.BigEndian.AppendUint64(data, uint64(h.N))
	}
	return data
}

// decode reads a message; ok is false for anything else.
func decode(data []byte) (from [selfSize]byte, batch []hint, ok bool) {
	if len(data) < headSize || data[0] != messageVersion || (len(data)-headSize)%hintSize != 0 {
		return from, nil, false
	}
	copy(from[:], data[1:])
	for data = data[headSize:]; len(data) > 0; data = data[hintSize:] {
		var h hint
		copy(h.topic[:], data)
		copy(h.Conversation[:], data[topicSize:])
		h.N = int64(binary.BigEndian.Uint64(data[hintSize-8:]))
		batch = append(batch, h)
	}
	return from, batch, true
}
