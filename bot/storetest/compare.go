package storetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"relais/bot"
)

// Compare plays random sequences on two stores at once. After each step what
// was told and all that can be read must be the same on both. The sequences are
// those of the model that Run compares each store with, and more: turns with
// things of all kinds, in groups where some do not hold, deliveries, advisers at
// work, erasures, purges.
//
// open gives two empty stores; Compare closes them. It is called again after a
// difference, since the stores are then not the same any more.
func Compare(t *testing.T, open func(t *testing.T) (one, two Store)) {
	var w *twins
	end := func() {
		if w != nil {
			w.one.Close()
			w.two.Close()
		}
		w = nil
	}
	defer func() { end() }()
	lives, steps := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if w == nil {
			w = newTwins(open(t))
		}
		same := false
		defer func() {
			if !same {
				end()
			}
		}()
		lives++
		w.differ = rt.Fatalf
		p := newPlay(context.WithoutCancel(t.Context()), w, lives)
		for _, a := range staff() {
			p.check(rt, "save an adviser", p.h.SaveAdviser(p.ctx, a))
		}
		rt.Repeat(p.actions(&steps))
		p.end(rt)
		same = true
	})
	fmt.Printf("storetest: two stores compared: %d sequences, %d steps\n", lives, steps)
}

// play is one sequence on two stores. The people of the model text; 3 and 4 are
// on the page; 5 was last heard years ago.
type play struct {
	*model
	pages         map[int]bot.Address // second addresses that people gave
	conversations []bot.ID            // of this life, the erased too
	threads       map[bot.ID]bot.ID   // → its conversation
	items         []bot.ID
	events        []string
}

const (
	crowd   = 6
	veteran = crowd - 1
)

// organisations are those that people are handed to.
var organisations = []string{"a", "b"}

func newPlay(ctx context.Context, w *twins, life int) *play {
	h := &house{Store: w, ids: uint64(life) << 32, events: life << 20}
	return &play{model: newModel(ctx, h, life), pages: map[int]bot.Address{}, threads: map[bot.ID]bot.ID{}}
}

func (p *play) actions(steps *int) map[string]func(*rapid.T) {
	all := p.model.actions()
	agree := all[""]
	maps.Copy(all, map[string]func(*rapid.T){
		"": func(rt *rapid.T) {
			*steps++
			agree(rt)
			p.readAll(rt)
		},
		"group":    p.group,
		"veteran":  p.welcomeVeteran,
		"deliver":  p.deliver,
		"renew":    p.renew,
		"erase":    p.erase,
		"purge":    p.purge,
		"sign in":  p.signIn,
		"publish":  p.publish,
		"document": p.document,
	})
	return all
}

// who is the address of the k-th of the crowd.
func (p *play) who(k int) bot.Address {
	if k == 3 || k == 4 {
		return bot.Address{Channel: bot.Web, Value: fmt.Sprintf("session-%d-%d", p.life, k)}
	}
	return p.address(k)
}

// whoever loads one of the crowd.
func (p *play) whoever(rt *rapid.T, k int) bot.Loaded {
	l, err := p.h.Load(p.ctx, bot.Ref{Address: p.who(k)})
	p.check(rt, "load", err)
	return l
}

// check fails on an error that no store should have.
func (p *play) check(rt *rapid.T, what string, err error) {
	if err != nil {
		rt.Fatalf("%s: %v", what, err)
	}
}

// group commits up to five turns together. Each is of somebody as they were
// when the group began: of two turns of one person the second does not hold,
// unless it counts on the first. It never does after one that brings an address:
// a store may want to find that person before the group, and reads their
// addresses where it likes: none is to be in the table and not in the state.
func (p *play) group(rt *rapid.T) {
	var group []*bot.Commit
	last, moved := map[int]*bot.Commit{}, map[int]bool{}
	for range rapid.IntRange(1, 5).Draw(rt, "turns") {
		k := rapid.IntRange(0, crowd-2).Draw(rt, "person")
		var turn *bot.Commit
		switch l, before := p.whoever(rt, k), last[k]; {
		case before != nil && !moved[k] && rapid.Bool().Draw(rt, "counts on the turn before"):
			l.Conversation = *before.Conversation
			l.Conversation.Version++
			turn = p.h.next(l)
		case l.Fresh == nil:
			turn = p.h.next(l)
		default:
			turn = p.h.first(p.who(k))
		}
		p.date(turn)
		p.fill(rt, k, turn)
		last[k], moved[k] = turn, moved[k] || len(turn.Addresses) > 0
		switch flaw := rapid.IntRange(0, 9).Draw(rt, "flaw"); {
		case flaw == 0:
			turn.Conversation.Version += rapid.Int64Range(-1, 1).Draw(rt, "off by")
		case flaw == 1:
			if len(p.events) > 0 {
				turn.Event = rapid.SampledFrom(p.events).Draw(rt, "event")
			}
		}
		group = append(group, turn)
		p.remember(turn)
	}
	outcomes, err := p.h.Commit(p.ctx, group, nil)
	p.check(rt, "commit", err)
	for i, err := range outcomes {
		if err == nil {
			p.held(group[i])
		}
	}
	p.sync(rt)
}

// date lets a turn take place now: those of the model all do at one moment.
func (p *play) date(turn *bot.Commit) {
	turn.At, turn.Conversation.Heard = p.now, p.now
	for i := range turn.Lines {
		turn.Lines[i].At = p.now
	}
}

// remember keeps the names a turn gives, so that all they stand for is read.
func (p *play) remember(turn *bot.Commit) {
	c := turn.Conversation
	if !slices.Contains(p.conversations, c.ID) {
		p.conversations = append(p.conversations, c.ID)
	}
	for _, th := range c.Threads {
		p.threads[th.ID] = c.ID
	}
	p.events = append(p.events, turn.Event)
}

// held tells the model of the jobs of a turn that held.
func (p *play) held(turn *bot.Commit) {
	for _, key := range turn.Forget {
		delete(p.jobs, key)
	}
	for _, j := range turn.Schedule {
		p.planned(j)
	}
}

// sync tells the model where its people are after something it has no rule for.
// The jobs of whoever is gone went with them.
func (p *play) sync(rt *rapid.T) {
	for k := range veteran {
		l := p.whoever(rt, k)
		if l.Fresh != nil {
			delete(p.people, k)
			delete(p.jobs, p.delivery(k))
			continue
		}
		if k < 3 {
			p.people[k] = &person{version: l.Conversation.Version, n: l.Conversation.N}
		}
	}
}

// delivery is the key of the job that sends what waits for somebody.
func (p *play) delivery(k int) string { return fmt.Sprintf("%d/deliver/%d", p.life, k) }

func (p *play) welcomeVeteran(rt *rapid.T) {
	if p.whoever(rt, veteran).Fresh == nil {
		return
	}
	turn := p.h.past(p.who(veteran), p.now.AddDate(-rapid.IntRange(1, 3).Draw(rt, "years"), 0, 0))
	turn.Conversation.Created = turn.At
	p.remember(turn)
	p.check(rt, "commit", p.commit(rt, turn))
}

// deliver begins what waits on a thread, at times under a lease, marks what was
// begun before, and may end the job.
func (p *play) deliver(rt *rapid.T) {
	if len(p.threads) == 0 {
		return
	}
	thread := rapid.SampledFrom(slices.SortedFunc(maps.Keys(p.threads), inOrder)).Draw(rt, "thread")
	turn := &bot.Commit{At: p.now, Begin: &bot.Begin{Thread: thread}}
	if len(p.claimed) > 0 && rapid.Bool().Draw(rt, "under a lease") {
		job := p.claimed[rapid.SampledFrom(slices.Sorted(maps.Keys(p.claimed))).Draw(rt, "claimed")]
		turn.Under = &job
	}
	for range rapid.IntRange(0, 2).Draw(rt, "marks") {
		turn.Marks = append(turn.Marks, p.mark(rt, rapid.SampledFrom(p.conversations).Draw(rt, "conversation")))
	}
	_ = p.commit(rt, turn) // whatever becomes of it, on both
}

func inOrder(a, b bot.ID) int { return bytes.Compare(a[:], b[:]) }

// renew keeps some of the jobs this worker believes it has.
func (p *play) renew(rt *rapid.T) {
	var mine []bot.Job
	for _, key := range slices.Sorted(maps.Keys(p.claimed)) {
		if rapid.Bool().Draw(rt, key) {
			mine = append(mine, p.claimed[key])
		}
	}
	until := p.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * time.Second)
	kept, err := p.h.Renew(p.ctx, mine, until)
	p.check(rt, "renew", err)
	for _, j := range kept {
		p.jobs[j.Key].lease = until
	}
}

func (p *play) erase(rt *rapid.T) {
	ref := bot.Ref{Address: p.who(rapid.IntRange(0, crowd-1).Draw(rt, "person"))}
	if len(p.conversations) > 0 && rapid.Bool().Draw(rt, "by conversation") {
		ref = bot.Ref{Conversation: rapid.SampledFrom(p.conversations).Draw(rt, "conversation")}
	}
	_, err := p.h.Erase(p.ctx, ref, p.now)
	p.check(rt, "erase", err)
	p.sync(rt)
}

// purge counts what would go, lets it go, and finds nothing left.
func (p *play) purge(rt *rapid.T) {
	q := bot.Purge{
		Class:  rapid.SampledFrom(bot.Retention()).Draw(rt, "class").Class,
		Before: p.now.Add(-rapid.SampledFrom([]time.Duration{0, 5 * time.Second, 400 * 24 * time.Hour, 800 * 24 * time.Hour}).Draw(rt, "ago")),
	}
	var gone []int
	for _, q.Count = range []bool{true, false, true} {
		purged, err := p.h.Purge(p.ctx, q)
		p.check(rt, "purge", err)
		gone = append(gone, purged.Gone)
	}
	if gone[0] != gone[1] || gone[2] != 0 {
		rt.Fatalf("purge %s: counted %d, gone %d, left %d", q.Class, gone[0], gone[1], gone[2])
	}
	if q.Class == bot.PurgeSeen {
		p.last = nil // it may be forgotten
	}
	p.sync(rt)
}

// end leaves nobody and no job behind for the next life.
func (p *play) end(rt *rapid.T) {
	for k := range crowd {
		_, err := p.h.Erase(p.ctx, bot.Ref{Address: p.who(k)}, p.now)
		p.check(rt, "erase", err)
	}
	p.clear(rt)
	p.readAll(rt)
}
