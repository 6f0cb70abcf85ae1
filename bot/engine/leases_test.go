package engine

import (
	"context"
	"testing"
	"time"

	"relais/bot"
)

// A delivery ends its job in the commit that says so, and may be asked for again
// before the first one has let go.
func TestLettingGoOfALeaseKeepsTheNextOne(t *testing.T) {
	var l leases
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	first, second := bot.Job{Key: "k", Token: 1}, bot.Job{Key: "k", Token: 2}
	_, release := l.hold(context.Background(), first, now.Add(time.Second))
	_, releaseNext := l.hold(context.Background(), second, now.Add(time.Second))
	if l.over(first, now) {
		t.Error("the first lease is over before its time: the second one replaced it")
	}
	release()
	if l.over(second, now) {
		t.Error("the second lease went with the first")
	}
	releaseNext()
	if !l.over(second, now) || len(l.jobs()) != 0 {
		t.Error("a lease is still held after everybody let go")
	}
}

func TestALeaseIsOverAtItsEndUnlessRenewed(t *testing.T) {
	var l leases
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	job := bot.Job{Key: "k", Token: 1}
	ctx, release := l.hold(context.Background(), job, now.Add(time.Second))
	defer release()
	if l.over(job, now) || !l.over(job, now.Add(time.Second)) {
		t.Error("the lease does not end when it should")
	}
	l.renewed(l.jobs(), l.jobs(), now.Add(time.Minute))
	if l.over(job, now.Add(time.Second)) {
		t.Error("a renewed lease is over")
	}
	l.renewed(l.jobs(), nil, now.Add(time.Hour))
	if ctx.Err() == nil {
		t.Error("the work goes on although the lease was not renewed")
	}
}
