package engine

import (
	"context"
	"sync"
	"time"

	"relais/bot"
)

// commit is one turn on its way to the store.
type commit struct {
	*bot.Commit
	outcome chan error
}

// commit makes one turn durable, and sees to it that the jobs it leaves are
// done in time.
func (e *Engine) commit(ctx context.Context, c *bot.Commit) error {
	if err := e.handOver(ctx, c); err != nil {
		return err
	}
	e.foresee(c)
	return nil
}

// handOver gives one turn to the committer and waits for its outcome. Once it
// was handed over it is waited for whatever happens to ctx: the store will
// have it, and the caller must not say otherwise.
func (e *Engine) handOver(ctx context.Context, c *bot.Commit) error {
	e.Store.Seal(c)
	p := &commit{Commit: c, outcome: make(chan error, 1)}
	queue := e.turns
	if c.Conversation == nil {
		queue = e.notes
	}
	select {
	case queue <- p:
		if e.crowd() {
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
	case <-e.closed: // the committer emptied its queues, then ended
		select {
		case err := <-p.outcome:
			return err
		default:
			return ErrStopped
		}
	}
}

// crowd tells whether more notes wait than half a group holds.
func (e *Engine) crowd() bool { return 2*len(e.notes) > e.Group }

// commitPatience is how long the store may take over one group. Only a network
// that swallows answers takes longer than the store's own limits.
const commitPatience = 40 * time.Second

// company is how long a note waits for a turn to be committed with. No person
// waits for a note: a delivery does, or the operator's callback.
const company = time.Millisecond

// runCommitter commits group after group until ctx has ended and nobody is left.
//
// Those of a group are told once the store has been given the next one: they run
// on while it works, and not while it waits for us. Nobody is left untold while
// we wait for company, who may be waiting for them.
func (e *Engine) runCommitter(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	tell := func() {}
	for {
		group := e.ready()
		if len(group) == 0 {
			tell()
			tell = func() {}
			group = e.next(ctx, timer)
		}
		if len(group) == 0 {
			return
		}
		tell = e.commitGroup(group, tell)
	}
}

// ready takes whatever waits into a group, if a turn does, and waits for nobody.
func (e *Engine) ready() []*commit {
	select {
	case p := <-e.turns:
		return e.fill([]*commit{p})
	default:
		return nil
	}
}

// next waits for somebody to commit, then takes whatever waits into a group. A
// turn goes at once, and before the notes: what became of texts and jobs. After
// ctx has ended it takes what is left.
func (e *Engine) next(ctx context.Context, timer *time.Timer) (group []*commit) {
	select {
	case p := <-e.turns:
		return e.fill([]*commit{p})
	case p := <-e.notes:
		group = append(group, p)
	case <-ctx.Done():
	}
	if len(group) == 0 || e.crowd() {
		return e.fill(group)
	}
	timer.Reset(company)
	select {
	case p := <-e.turns:
		group = append(group, p)
	case <-timer.C:
	case <-ctx.Done():
	}
	return e.fill(group)
}

// runSecondCommitter commits beside the first while many notes wait, as they do
// when a wave of jobs is under way. It leaves the turns alone: in two groups they
// cost more than in one.
func (e *Engine) runSecondCommitter(ctx context.Context) {
	for {
		select {
		case <-e.crowded:
		case <-ctx.Done():
			return
		}
		for e.crowd() {
			if group := take(nil, e.notes, e.Group); len(group) > 0 {
				e.commitGroup(group, func() {})()
			}
		}
	}
}

// fill takes what waits into a group: turns first, but for a quarter of the
// places when notes wait, which would never have their turn otherwise.
func (e *Engine) fill(group []*commit) []*commit {
	kept := min(len(e.notes), e.Group/4)
	group = take(group, e.turns, e.Group-kept)
	group = take(group, e.notes, e.Group)
	return take(group, e.turns, e.Group)
}

// take moves what waits in a queue to a group, until that has a size.
func take(group []*commit, queue chan *commit, size int) []*commit {
	for len(group) < size {
		select {
		case p := <-queue:
			group = append(group, p)
		default:
			return group
		}
	}
	return group
}

// commitGroup commits a group and returns how to tell those in it. tellLast tells
// those of the group before.
func (e *Engine) commitGroup(group []*commit, tellLast func()) (tell func()) {
	turns := make([]*bot.Commit, len(group))
	for i, p := range group {
		turns[i] = p.Commit
	}
	// Not the callers' contexts: a group must not fail because one of them
	// hung up.
	ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
	defer cancel()
	tellLast = sync.OnceFunc(tellLast)
	late := time.AfterFunc(company, tellLast) // a store that does not even take the group
	outcomes, err := e.Store.Commit(ctx, turns, tellLast)
	late.Stop()
	tellLast()
	e.counts.Groups.Add(1)
	e.metrics.group.Observe(float64(len(group)))
	return func() {
		for i, p := range group {
			if err != nil {
				p.outcome <- err
				continue
			}
			p.outcome <- outcomes[i]
		}
	}
}
