package engine

import (
	"context"

	"relais/bot"
)

// commit is one turn on its way to the store.
type commit struct {
	*bot.Commit
	outcome chan error
}

// commit hands one turn to the committer and waits for its outcome. Once it
// was handed over it is waited for whatever happens to ctx: the store will
// have it, and the caller must not say otherwise.
func (e *Engine) commit(ctx context.Context, c *bot.Commit) error {
	p := &commit{Commit: c, outcome: make(chan error, 1)}
	select {
	case e.commits <- p:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.closing:
		return ErrStopped
	}
	select {
	case err := <-p.outcome:
		return err
	case <-e.closed: // the committer emptied its queue, then ended
		select {
		case err := <-p.outcome:
			return err
		default:
			return ErrStopped
		}
	}
}

// runCommitter takes one turn, then whatever waits, and commits them together.
// It never lingers: a single turn goes at once.
func (e *Engine) runCommitter(ctx context.Context) {
	group := make([]*commit, 0, e.Group)
	for {
		select {
		case p := <-e.commits:
			e.commitGroup(e.fill(append(group[:0], p)))
			continue
		default:
		}
		select {
		case p := <-e.commits:
			e.commitGroup(e.fill(append(group[:0], p)))
		case <-ctx.Done():
			if len(e.commits) == 0 {
				return
			}
		}
	}
}

func (e *Engine) fill(group []*commit) []*commit {
	for len(group) < e.Group {
		select {
		case p := <-e.commits:
			group = append(group, p)
		default:
			return group
		}
	}
	return group
}

func (e *Engine) commitGroup(group []*commit) {
	turns := make([]*bot.Commit, len(group))
	for i, p := range group {
		turns[i] = p.Commit
	}
	// Not the callers' contexts: a group must not fail because one of them
	// hung up.
	outcomes, err := e.Store.Commit(context.Background(), turns)
	e.counts.Groups.Add(1)
	for i, p := range group {
		if err != nil {
			p.outcome <- err
			continue
		}
		p.outcome <- outcomes[i]
	}
}
