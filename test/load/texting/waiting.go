package texting

import (
	"slices"
	"time"
)

// Watcher tells what reached the operator for a person: how many messages, and
// when the latest did.
type Watcher interface {
	Arrived(person int) (messages int, at time.Time)
}

const (
	// look is how often a connection that has to wait looks for replies.
	look = 5 * time.Millisecond
	// silence is how long a reply may take before the turn counts as one
	// without a reply.
	silence = 20 * time.Second
)

// waiting are the turns of one connection whose reply has not arrived, oldest
// first. A nil one watches nothing.
type waiting struct {
	watcher    Watcher
	limit      int
	begin, end time.Time
	turns      []turn
}

// turn waits for its reply: one message more than were there before.
type turn struct {
	person, before int
	sent           time.Time
}

func (w *waiting) add(person int) {
	before, _ := w.watcher.Arrived(person)
	w.turns = append(w.turns, turn{person, before, time.Now()})
}

func (w *waiting) cancelLast() {
	if w != nil {
		w.turns = w.turns[:len(w.turns)-1]
	}
}

// makeRoom settles the turns whose reply is there, and waits until fewer than
// limit are left and none of them is the person's who texts next.
func (w *waiting) makeRoom(person int, out *Outcome) {
	for w.settle(out); w.full(person) && time.Now().Before(w.end); w.settle(out) {
		time.Sleep(look)
	}
}

func (w *waiting) full(person int) bool {
	return len(w.turns) >= w.limit || slices.ContainsFunc(w.turns, func(t turn) bool { return t.person == person })
}

// drain waits for all.
func (w *waiting) drain(out *Outcome) {
	if w == nil {
		return
	}
	for w.settle(out); len(w.turns) > 0; w.settle(out) {
		time.Sleep(look)
	}
}

// settle counts what arrived, and gives up on what waited too long.
func (w *waiting) settle(out *Outcome) {
	kept := w.turns[:0]
	for _, t := range w.turns {
		messages, at := w.watcher.Arrived(t.person)
		switch {
		case messages > t.before:
			out.Drain = max(out.Drain, at.Sub(w.end))
			if !at.Before(w.begin) && at.Before(w.end) {
				out.Arrived++
				out.Replies = append(out.Replies, at.Sub(t.sent))
			}
		case time.Since(t.sent) > silence:
			out.Silent++
		default:
			kept = append(kept, t)
		}
	}
	w.turns = kept
}
