package sqlite

import (
	"context"

	"relais/bot"
)

// ahead are outboxes that a group asks for, by thread, read before its turn to
// write has come: whoever writes keeps all others waiting, and what an outbox
// takes to be read is most of what a delivery costs.
//
// Lines are added, and people opt out, with a new version of their conversation.
// So an outbox is still the same when its conversation is at the version it was
// read at, and its first line still waits. The line after that may have been
// withdrawn: it is read again before it is begun.
type ahead map[bot.ID]outbox

// readAhead reads the outboxes whose first line is likely to be begun. What
// cannot be read here is read again where it is needed.
func (s *Store) readAhead(ctx context.Context, group []*bot.Commit) ahead {
	threads := begunAlone(group)
	if len(threads) == 0 {
		return nil
	}
	read := make(ahead, len(threads))
	err := s.reader.atOnce(ctx, func(from source) {
		for _, thread := range threads {
			if box, err := s.outbox(from, thread, 2); err == nil && leaves(box.Outbox) {
				read[thread] = box
			}
		}
	})
	if err != nil {
		return nil
	}
	return read
}

// begunAlone are the threads whose outbox will be the same by the time its first
// line is begun, for all that is known here.
func begunAlone(group []*bot.Commit) (threads []bot.ID) {
	for _, c := range group {
		if c.Begin != nil && c.Conversation == nil && len(c.Cancels) == 0 && len(c.Marks) == 0 {
			threads = append(threads, c.Begin.Thread)
		}
	}
	return threads
}

// beginAhead begins the first line of an outbox that was read ahead; false when
// that was not, or was read too early.
func (t *tx) beginAhead(b *bot.Begin) (done bool, err error) {
	box, ok := t.ahead[b.Thread]
	if !ok {
		return false, nil
	}
	if done, err = t.beginFirst(box); done {
		b.Outbox = box.Outbox
	}
	return done, err
}
