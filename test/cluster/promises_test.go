package cluster

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"relais/test/program"
)

// healed is how long everything may take to be as if nothing had happened.
const healed = 30 * time.Second

// What a reply may take once all is well again. When whoever was sending it died
// at the worst moment, it belongs to the other after 10 s, and the operator is
// asked for its trace for 20 s before it is sent again.
const (
	inDoubt   = 45 * time.Second
	undoubted = 10 * time.Second
)

// check waits for quiet, then compares what was said with what the phones hold
// and what the store keeps. Replies have to come within a time. doubled is how
// many may have come twice: those whose sender was asleep while another looked
// for their trace.
func (c *cluster) check(t *testing.T, w *crowd, seed uint64, within time.Duration, doubled int) {
	t.Helper()
	c.ready(t, healed)
	w.disperse(t, within)
	await(t, within, "no job is left due", func() bool { return c.dueJobs(t) == 0 })
	twice := 0
	for _, p := range w.people {
		got := c.operator.received(p.phone)
		for i := range got {
			got[i] = timeless(got[i])
		}
		extra := len(got) - len(w.expected.told)
		if extra > 0 {
			twice += extra
			got = slices.Compact(got)
		}
		if !slices.Equal(got, w.expected.told) {
			t.Errorf("%s received\n%q\nwant\n%q", p.phone, got, w.expected.told)
		}
	}
	if twice > doubled {
		t.Errorf("%d replies came twice, want %d at the most", twice, doubled)
	} else if twice > 0 {
		report(t, "%d replies came twice: their sender slept through its lease", twice)
	}
	c.checkExports(t, w, seed)
}

// checkExports compares the exports of some people with what they texted: the
// replies, which depend on all that was said before, stand for the others.
func (c *cluster) checkExports(t *testing.T, w *crowd, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	for _, i := range random.Perm(len(w.people))[:min(8, len(w.people))] {
		var said, told []string
		for _, m := range c.export(t, w.people[i].phone) {
			if m.From == "person" {
				said = append(said, m.Text)
			} else {
				told = append(told, timeless(m.Text))
			}
		}
		if !slices.Equal(said, program.Script) {
			t.Errorf("%s texted %q, the store has %q", w.people[i].phone, program.Script, said)
		}
		if !slices.Equal(told, w.expected.told) {
			t.Errorf("%s was told %q, the store has %q", w.people[i].phone, w.expected.told, told)
		}
	}
}

// dueJobs counts the jobs that should have been done.
func (c *cluster) dueJobs(t *testing.T) (n int) {
	t.Helper()
	c.query(t, `SELECT count(*) FROM job WHERE due < $1 OR lease_until IS NOT NULL`, []any{time.Now()}, &n)
	return n
}

// query reads one row with the superuser's eyes.
func (c *cluster) query(t *testing.T, query string, args []any, into ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.database.URL("relais"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, query, args...).Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// lease is a job that somebody is at.
type lease struct {
	key   string
	token int64
}

// leases lists the jobs that somebody is at.
func (c *cluster) leases(t *testing.T) []lease {
	t.Helper()
	var keys []string
	var tokens []int64
	c.query(t, `SELECT coalesce(array_agg(key), '{}'), coalesce(array_agg(token), '{}') FROM job WHERE lease_until IS NOT NULL`, nil, &keys, &tokens)
	list := make([]lease, len(keys))
	for i := range keys {
		list[i] = lease{keys[i], tokens[i]}
	}
	return list
}

// gone tells that nobody is at any of these jobs under the lease it had.
func (c *cluster) gone(t *testing.T, before []lease) bool {
	t.Helper()
	return !slices.ContainsFunc(c.leases(t), func(l lease) bool { return slices.Contains(before, l) })
}
