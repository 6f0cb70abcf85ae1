package webchat

import (
	"context"
	"time"
)

// Somebody in danger must not wait for a repair: whatever they write while
// nothing can be kept is read, and answered with what to do.

// regret tells that the service is not available. What was said is read for
// signs of danger all the same.
func (t *talk) regret(in received, retry time.Duration) {
	f := t.failure(unavailable, in.ID, retry)
	if in.Text != "" {
		if urgent := t.server.config.Danger(in.Text, t.words.lang); urgent != "" {
			f.Text, f.Urgent = urgent, true
		}
	}
	t.client.emit(f)
}

// heed reads for signs of danger what waits behind a message that could not be
// kept. Nothing is kept of it and it needs no session, so that whatever happens
// meanwhile the person's lines keep their order: each is received by its say.
func (t *talk) heed(ctx context.Context, in received) {
	answer := heeded{Type: "heeded", ID: in.ID}
	if wait := t.server.mayAsk(ctx, t.place); wait > 0 {
		answer.Retry = wait.Milliseconds()
	} else {
		answer.Text = t.server.config.Danger(in.Text, wordsIn(in.Lang).lang)
	}
	t.client.emit(answer)
}
