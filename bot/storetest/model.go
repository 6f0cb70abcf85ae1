package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"relais/bot"
)

func models(t *testing.T, s *suite) {
	s.check(t, "any sequence of turns and claims goes as in a model of a few lines", func(t *testing.T, h *house) {
		life := 0
		rapid.Check(t, func(rt *rapid.T) {
			life++ // people and jobs of their own: the database is shared
			m := newModel(context.WithoutCancel(t.Context()), h, life)
			defer m.clear(rt)
			rt.Repeat(m.actions())
		})
	})
}

func newModel(ctx context.Context, h *house, life int) *model {
	return &model{
		h: h, ctx: ctx, life: life, now: now,
		people: map[int]*person{}, jobs: map[string]*job{}, claimed: map[string]bot.Job{},
	}
}

// actions are what may happen; the one without a name is checked after each.
func (m *model) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":       m.agree,
		"turn":   m.turn,
		"stale":  m.stale,
		"repeat": m.repeat,
		"plan":   m.plan,
		"forget": m.forget,
		"claim":  m.claim,
		"finish": m.finish,
		"wait":   m.wait,
	}
}

// model is what a store ought to hold, in memory.
type model struct {
	h       *house
	ctx     context.Context
	life    int
	now     time.Time
	people  map[int]*person
	jobs    map[string]*job
	claimed map[string]bot.Job // what this worker believes it holds
	last    *bot.Commit        // the last turn that held
	dues    int                // due times given so far: no two are the same
}

type person struct{ version, n int64 }

type job struct {
	lane     bot.Lane
	due      time.Time
	revision int64
	lease    time.Time // zero: nobody has it
	token    int64
	changed  bool // planned again since it was claimed
	attempts int
}

func (m *model) address(k int) bot.Address {
	return bot.Address{Channel: bot.SMS, Value: fmt.Sprintf("+336%07d%d", m.life, k)}
}

func (m *model) wait(rt *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 15).Draw(rt, "seconds")) * time.Second)
}

// in is a due time so many seconds from now, and a little, so that it is the
// only one: which of two jobs that are due at one moment is first, nobody says.
func (m *model) in(seconds int) time.Time {
	m.dues++
	return m.now.Add(time.Duration(seconds)*time.Second + time.Duration(m.dues)*time.Microsecond)
}

func (m *model) load(rt *rapid.T, k int) bot.Loaded {
	l, err := m.h.Load(m.ctx, bot.Ref{Address: m.address(k)})
	if err != nil {
		rt.Fatalf("load: %v", err)
	}
	return l
}

func (m *model) commit(rt *rapid.T, turn *bot.Commit) error {
	outcomes, err := m.h.Commit(m.ctx, []*bot.Commit{turn}, nil)
	if err != nil {
		rt.Fatalf("commit: %v", err)
	}
	return outcomes[0]
}

// agree compares what is loaded with the model.
func (m *model) agree(rt *rapid.T) {
	for k := range 3 {
		l, want := m.load(rt, k), m.people[k]
		switch {
		case want == nil && l.Fresh == nil:
			rt.Fatalf("person %d is known", k)
		case want != nil && (l.Conversation.Version != want.version || l.Conversation.N != want.n):
			rt.Fatalf("person %d: version %d, %d lines; want %d and %d", k, l.Conversation.Version, l.Conversation.N, want.version, want.n)
		}
	}
}

func (m *model) next(rt *rapid.T, k int) *bot.Commit {
	if l := m.load(rt, k); l.Fresh == nil {
		return m.h.next(l)
	}
	return m.h.first(m.address(k))
}

func (m *model) turn(rt *rapid.T) {
	k := rapid.IntRange(0, 2).Draw(rt, "person")
	turn := m.next(rt, k)
	if err := m.commit(rt, turn); err != nil {
		rt.Fatalf("turn: %v", err)
	}
	if m.people[k] == nil {
		m.people[k] = &person{}
	}
	m.people[k].version++
	m.people[k].n = turn.Conversation.N
	m.last = turn
}

// stale commits the same decision twice, under two events.
func (m *model) stale(rt *rapid.T) {
	k := rapid.IntRange(0, 2).Draw(rt, "person")
	one, two := m.next(rt, k), m.next(rt, k)
	outcomes, err := m.h.Commit(m.ctx, []*bot.Commit{one, two}, nil)
	if err != nil || outcomes[0] != nil || !is(outcomes[1], bot.ErrConflict) {
		rt.Fatalf("two turns on one version: %v (%v)", outcomes, err)
	}
	if m.people[k] == nil {
		m.people[k] = &person{}
	}
	m.people[k].version++
	m.people[k].n = one.Conversation.N
	m.last = one
}

func (m *model) repeat(rt *rapid.T) {
	if m.last == nil {
		return
	}
	if err := m.commit(rt, m.last); !is(err, bot.ErrSeen) {
		rt.Fatalf("a repeated event: %v", err)
	}
}

func (m *model) key(rt *rapid.T) string {
	return fmt.Sprintf("%d/%d", m.life, rapid.IntRange(0, 3).Draw(rt, "job"))
}

func (m *model) plan(rt *rapid.T) {
	planned := bot.Job{
		Key: m.key(rt), Lane: bot.Lane(rapid.IntRange(0, 3).Draw(rt, "lane")), Revision: rapid.Int64Range(0, 9).Draw(rt, "revision"),
		Due: m.in(rapid.IntRange(-5, 20).Draw(rt, "in")),
	}
	m.bear(rt, &planned)
	if err := m.commit(rt, &bot.Commit{At: m.now, Schedule: []bot.Job{planned}}); err != nil {
		rt.Fatalf("plan: %v", err)
	}
	m.planned(planned)
}

// bear lets some jobs be born claimed, under a token no other lease has.
func (m *model) bear(rt *rapid.T, j *bot.Job) {
	if rapid.IntRange(0, 3).Draw(rt, "born claimed") == 0 {
		m.dues++
		j.Token, j.Lease = 1<<61|int64(m.life)<<24|int64(m.dues), m.now.Add(10*time.Second)
	}
}

// planned is what the model makes of a job that a turn planned.
func (m *model) planned(p bot.Job) {
	j := m.jobs[p.Key]
	if j == nil {
		j = &job{lane: p.Lane}
		m.jobs[p.Key] = j
		if !p.Lease.IsZero() {
			j.lease, j.token = p.Lease, p.Token
			p.Serial = 1
			m.claimed[p.Key] = p
		}
	} else {
		j.changed = true
	}
	j.lane, j.due, j.revision, j.attempts = min(j.lane, p.Lane), p.Due, p.Revision, 0
}

func (m *model) forget(rt *rapid.T) {
	key := m.key(rt)
	if err := m.commit(rt, &bot.Commit{At: m.now, Forget: []string{key}}); err != nil {
		rt.Fatalf("forget: %v", err)
	}
	delete(m.jobs, key)
}

func (m *model) claim(rt *rapid.T) {
	const lease = 10 * time.Second
	limit := rapid.SampledFrom([]int{100, 2, 1}).Draw(rt, "at most")
	got, next, err := m.h.Due(m.ctx, m.now, limit, lease)
	if err != nil {
		rt.Fatalf("claim: %v", err)
	}
	var keys []string
	want := m.ready()
	want = want[:min(limit, len(want))]
	for _, claimed := range got {
		keys = append(keys, claimed.Key)
		j := m.jobs[claimed.Key]
		if j == nil {
			continue // told below
		}
		if reclaimed := !j.lease.IsZero(); reclaimed != claimed.Reclaimed {
			rt.Fatalf("job %s reclaimed: %v, want %v", claimed.Key, claimed.Reclaimed, reclaimed)
		}
		if claimed.Reclaimed {
			j.attempts++
		}
		if claimed.Attempts != j.attempts || claimed.Revision != j.revision || !claimed.Due.Equal(j.due) {
			rt.Fatalf("job %s: %d attempts, revision %d, due %v; want %+v", claimed.Key, claimed.Attempts, claimed.Revision, claimed.Due, *j)
		}
		j.lease, j.token, j.changed = m.now.Add(lease), claimed.Token, false
		m.claimed[claimed.Key] = claimed
	}
	if !slices.Equal(keys, want) {
		rt.Fatalf("claimed %v, want %v", keys, want)
	}
	m.look(rt, next)
}

// look checks when the next job can be claimed. For a job that was planned for
// later while somebody has it, a store may say when it is due, which is early:
// whoever looks then looks once in vain.
func (m *model) look(rt *rapid.T, next time.Time) {
	var want time.Time
	early := false
	for _, j := range m.jobs {
		at := j.due
		if j.lease.After(at) {
			at = j.lease
		}
		if want.IsZero() || at.Before(want) {
			want = at
		}
		early = early || j.due.After(m.now) && j.lease.After(j.due) && j.due.Equal(next)
	}
	switch {
	case next.Equal(want), early:
	case !want.IsZero() && !want.After(m.now) && !next.IsZero() && !next.After(m.now): // at once
	default:
		rt.Fatalf("the next job is told for %v, want %v", next, want)
	}
}

// ready are the keys of the jobs that can be claimed now, in order.
func (m *model) ready() []string {
	var keys []string
	for key, j := range m.jobs {
		if !j.due.After(m.now) && !j.lease.After(m.now) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(m.jobs[a].lane, m.jobs[b].lane), m.jobs[a].due.Compare(m.jobs[b].due))
	})
	return keys
}

// finish ends a job the worker once claimed, or puts it off.
func (m *model) finish(rt *rapid.T) {
	if len(m.claimed) == 0 {
		return
	}
	key := rapid.SampledFrom(slices.Sorted(maps.Keys(m.claimed))).Draw(rt, "claimed")
	done := m.claimed[key]
	delete(m.claimed, key)
	done.Due = time.Time{}
	if rapid.Bool().Draw(rt, "put off") {
		done.Due = m.in(3)
	}
	err := m.commit(rt, &bot.Commit{At: m.now, Done: &done})
	j := m.jobs[key]
	if j == nil || j.lease.IsZero() || j.token != done.Token {
		if !is(err, bot.ErrLease) {
			rt.Fatalf("finish %s without its lease: %v", key, err)
		}
		return
	}
	if err != nil {
		rt.Fatalf("finish %s: %v", key, err)
	}
	j.lease = time.Time{}
	switch {
	case j.changed: // planned again: that plan holds
	case done.Due.IsZero():
		delete(m.jobs, key)
	default:
		j.due = done.Due
		j.attempts++
	}
}

// clear leaves no job behind for the next life.
func (m *model) clear(rt *rapid.T) {
	if err := m.commit(rt, &bot.Commit{At: m.now, Forget: slices.Collect(maps.Keys(m.jobs))}); err != nil {
		rt.Fatalf("clear: %v", err)
	}
}
