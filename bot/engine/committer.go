package engine

import (
	"context"
	"time"

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
		if len(e.commits) >= e.Group {
			signal(e.crowded)
		}
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

// commitPatience is how long the store may take over one group. Only a network
// that swallows answers takes longer than the store's own limits.
const commitPatience = 40 * time.Second

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

// runSecondCommitter commits beside the first while full groups wait. It leaves
// the rest alone: two half-empty groups cost more than one.
func (e *Engine) runSecondCommitter(ctx context.Context) {
	for {
		select {
		case <-e.crowded:
		case <-ctx.Done():
			return
		}
		for len(e.commits) >= e.Group {
			if group := e.fill(nil); len(group) > 0 {
				e.commitGroup(group)
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
	ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
	defer cancel()
	outcomes, err := e.Store.Commit(ctx, turns)
	e.counts.Groups.Add(1)
	e.metrics.group.Observe(float64(len(group)))
	for i, p := range group {
		if err != nil {
			p.outcome <- err
			continue
		}
		p.outcome <- outcomes[i]
	}
}
