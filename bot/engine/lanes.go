package engine

import (
	"context"
	"errors"
	"sync"
)

// ErrBusy is returned when a conversation's queue is full, or when it changed
// under every try.
var ErrBusy = errors.New("conversation busy")

// queueLimit is how many events of one conversation may wait.
const queueLimit = 64

// lanes keeps the turns of one conversation in the order they came: a queue
// for each conversation that has something going on, and nothing for the rest.
type lanes struct {
	mu   sync.Mutex
	busy map[string][]chan struct{} // the first waiter's turn comes when its channel closes
}

// enter waits for the conversation's turn and returns how to leave.
func (l *lanes) enter(ctx context.Context, key string) (leave func(), err error) {
	turn := l.queue(key)
	switch {
	case turn == nil:
		return nil, ErrBusy
	case turn == free:
		return func() { l.leave(key) }, nil
	}
	select {
	case <-turn:
		return func() { l.leave(key) }, nil
	case <-ctx.Done():
		l.abandon(key, turn)
		return nil, ctx.Err()
	}
}

// free stands for a turn that nobody has to wait for.
var free = make(chan struct{})

// queue takes a place: free when there is nobody, nil when there are too many,
// else the channel that closes when the turn comes.
func (l *lanes) queue(key string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy == nil {
		l.busy = map[string][]chan struct{}{}
	}
	waiting, taken := l.busy[key]
	if !taken {
		l.busy[key] = nil
		return free
	}
	if len(waiting) >= queueLimit {
		return nil
	}
	turn := make(chan struct{})
	l.busy[key] = append(waiting, turn)
	return turn
}

func (l *lanes) leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.busy[key]
	if len(waiting) == 0 {
		delete(l.busy, key)
		return
	}
	l.busy[key] = waiting[1:]
	close(waiting[0])
}

// abandon leaves the queue, or passes the turn on when it has just come.
func (l *lanes) abandon(key string, turn chan struct{}) {
	l.mu.Lock()
	for i, w := range l.busy[key] {
		if w == turn {
			l.busy[key] = append(l.busy[key][:i:i], l.busy[key][i+1:]...)
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	l.leave(key)
}
