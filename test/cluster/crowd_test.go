package cluster

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"relais/test/program"
)

// planted are what must never be in a log: the crowd's numbers in both forms, long
// enough not to stand in an id by chance, and words of theirs.
var planted = []string{"33639984", "06399840", "Besançon", "trouver un emploi"}

// crowd is people who text the whole questionnaire, one text after the other,
// newcomers taking the place of those who have finished. A text that is not
// acknowledged is delivered again until it is, as the operator does.
type crowd struct {
	t        *testing.T
	operator *operator
	expected script
	stop     context.CancelFunc // nobody begins any more
	playing  sync.WaitGroup

	mu       sync.Mutex
	people   []*person
	statuses map[int]int // of every answer of the webhook; 0 is none
	late     time.Duration
}

// person is one of the crowd. Fields are the crowd's, under its lock.
type person struct {
	phone string
	acked int // texts of theirs that were acknowledged
}

// script is what somebody whom nothing disturbs is told: replies[k] is how many
// texts they have received after k of theirs, told the texts.
type script struct {
	replies []int
	told    []string
}

// rehearse lets one person text while all is well, and returns what they were
// told. The numbers of the crowd follow theirs.
func (c *cluster) rehearse(t *testing.T) script {
	t.Helper()
	phone := phoneOf(0)
	for _, text := range program.Script {
		if _, status, err := c.operator.Text(t.Context(), phone, text); status/100 != 2 {
			t.Fatalf("a calm text was answered %d: %v", status, err)
		}
	}
	var s script
	var kept []program.Message
	await(t, patience, "the calm person has every reply", func() bool {
		kept = c.export(t, phone)
		return len(c.operator.received(phone)) == len(kept)-len(program.Script) && len(kept) > 2*len(program.Script)
	})
	for _, m := range kept {
		if m.From == "person" {
			s.replies = append(s.replies, len(s.told))
		} else {
			s.told = append(s.told, timeless(m.Text))
		}
	}
	s.replies = append(s.replies[1:], len(s.told)) // after a text, before the next
	s.replies = append([]int{0}, s.replies...)
	return s
}

func phoneOf(i int) string { return fmt.Sprintf("+33639984%03d", i) }

func (c *cluster) export(t *testing.T, phone string) []program.Message {
	t.Helper()
	messages, err := program.Export(c.env, phone)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// gather starts a crowd: so many at once, each waiting about think before the
// next text.
func (c *cluster) gather(t *testing.T, seed uint64, atOnce int, think time.Duration) *crowd {
	t.Helper()
	w := &crowd{t: t, operator: c.operator, expected: c.rehearse(t), statuses: map[int]int{}}
	begin, stop := context.WithCancel(t.Context())
	w.stop = stop
	for i := range atOnce {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		w.playing.Go(func() {
			for begin.Err() == nil {
				w.play(w.newcomer(), random, think)
			}
		})
	}
	t.Cleanup(func() { stop(); w.playing.Wait() })
	return w
}

func (w *crowd) newcomer() *person {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &person{phone: phoneOf(len(w.people) + 1)}
	w.people = append(w.people, p)
	return p
}

// play lets one person text the script.
func (w *crowd) play(p *person, random *rand.Rand, think time.Duration) {
	for _, text := range program.Script {
		hold(w.t.Context(), think/2+time.Duration(random.Int64N(int64(think))))
		began := time.Now()
		sid, status, _ := w.operator.Text(w.t.Context(), p.phone, text)
		for w.note(status); status/100 != 2; w.note(status) {
			hold(w.t.Context(), 100*time.Millisecond+time.Duration(random.Int64N(int64(400*time.Millisecond))))
			if time.Since(began) > patience {
				w.t.Errorf("a text of %s was never acknowledged: status %d", p.phone, status)
				return
			}
			status, _ = w.operator.Redeliver(w.t.Context(), sid)
		}
		w.acknowledged(p, time.Since(began))
	}
}

func (w *crowd) note(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses[status]++
}

func (w *crowd) acknowledged(p *person, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.acked++
	w.late = max(w.late, took)
}

// acked is how many texts were acknowledged so far.
func (w *crowd) acked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, p := range w.people {
		n += p.acked
	}
	return n
}

// more waits until n more texts were acknowledged.
func (w *crowd) more(t *testing.T, n int) {
	t.Helper()
	want := w.acked() + n
	await(t, patience, fmt.Sprintf("%d more texts are acknowledged", n), func() bool { return w.acked() >= want })
}

// owed is a promise to look at later: everybody who had texted that much is
// told what belongs to it.
func (w *crowd) owed() func() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	want := map[string]int{}
	for _, p := range w.people {
		want[p.phone] = w.expected.replies[p.acked]
	}
	return func() bool {
		for phone, n := range want {
			if len(w.operator.received(phone)) < n {
				return false
			}
			delete(want, phone)
		}
		return true
	}
}

// disperse lets those who text finish, and waits for all replies. All is well
// again.
func (w *crowd) disperse(t *testing.T, within time.Duration) {
	t.Helper()
	w.stop()
	w.playing.Wait()
	began, owed := time.Now(), w.owed()
	await(t, within, "everybody has every reply", owed)
	w.mu.Lock()
	defer w.mu.Unlock()
	report(t, "%d people, %d texts; the slowest acknowledgement took %s, the last reply came %s after the last text; answers %v",
		len(w.people), len(w.people)*len(program.Script), w.late.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), w.statuses)
	for _, status := range slices.Sorted(maps.Keys(w.statuses)) {
		if status/100 != 2 && status != 0 && status != http.StatusServiceUnavailable {
			t.Errorf("the webhook answered %d, %d times", status, w.statuses[status])
		}
	}
}
