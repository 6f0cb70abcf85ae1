package bus

import (
	"container/heap"
	"testing"
	"time"

	"relais/bot"
)

// text is one that waits for the pace, as a job does.
type text struct {
	due   time.Time
	lane  bot.Lane
	since time.Time
}

// jobs are texts that are due, the most pressing lane first, and those that
// will be.
type jobs []text

func (j jobs) Len() int { return len(j) }
func (j jobs) Less(a, b int) bool {
	return j[a].due.Before(j[b].due) || j[a].due.Equal(j[b].due) && j[a].lane < j[b].lane
}
func (j jobs) Swap(a, b int) { j[a], j[b] = j[b], j[a] }
func (j *jobs) Push(x any)   { *j = append(*j, x.(text)) }
func (j *jobs) Pop() any {
	last := (*j)[len(*j)-1]
	*j = (*j)[:len(*j)-1]
	return last
}

// A wave of reminders at one a second is not asked for over and over, uses the
// whole pace, and lets replies by: those that somebody waits for come one each
// ten seconds meanwhile.
func TestAWaveAtAPace(t *testing.T) {
	const wave, during = 20_000, 2 * time.Hour
	local := Local{Rate: 1}
	begun := time.Unix(1_800_000_000, 0)
	var waiting jobs
	for range wave {
		heap.Push(&waiting, text{due: begun, lane: bot.LaneBulk, since: begun})
	}
	for at := begun; at.Before(begun.Add(during)); at = at.Add(10*time.Second + 137*time.Millisecond) {
		heap.Push(&waiting, text{due: at, lane: bot.LaneReply, since: at})
	}
	asked, left := 0, 0
	slowest := time.Duration(0)
	for waiting[0].due.Before(begun.Add(during)) {
		next := heap.Pop(&waiting).(text)
		asked++
		wait := local.Take(t.Context(), "sender", next.lane, 1, next.due)
		if wait > 0 {
			next.due = next.due.Add(wait)
			heap.Push(&waiting, next)
			continue
		}
		left++
		if next.lane == bot.LaneReply {
			slowest = max(slowest, next.due.Sub(next.since))
		}
	}
	t.Logf("%d left, %d times asked, the slowest reply after %v", left, asked, slowest)
	if most := int(during.Seconds()); left < most*95/100 {
		t.Errorf("%d texts left in %v, want nearly %d", left, during, most)
	}
	if most := 50 * int(during.Seconds()); asked > most {
		t.Errorf("asked %d times in %v, want at most 50 a second", asked, during)
	}
	if slowest > 10*time.Second {
		t.Errorf("a reply waited %v", slowest)
	}
}

func TestPlacesAreApart(t *testing.T) {
	var p places
	now := time.Unix(1_800_000_000, 0)
	reply, bulk := queue{"a", bot.LaneReply}, queue{"a", bot.LaneBulk}
	for i := range 4 {
		want := 500*time.Millisecond + time.Duration(i)*time.Second
		if got := p.take(bulk, 500*time.Millisecond, time.Second, now); got != want {
			t.Errorf("place %d is in %v, want %v", i, got, want)
		}
	}
	for _, q := range []queue{reply, {"b", bot.LaneBulk}} {
		if got := p.take(q, 500*time.Millisecond, time.Second, now); got != 500*time.Millisecond {
			t.Errorf("the first place of %v is in %v", q, got)
		}
	}
	for range 1000 {
		if got := p.take(reply, time.Second, time.Second, now); got > latestReply {
			t.Fatalf("a reply is told %v", got)
		}
		if got := p.take(bulk, time.Second, time.Second, now); got > latest {
			t.Fatalf("a reminder is told %v", got)
		}
	}
	if got := p.take(reply, time.Minute, time.Second, now); got < time.Minute {
		t.Errorf("told %v although nothing passes for a minute", got)
	}
}
