package texting

import (
	"errors"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Open is an open loop: texts come at a fixed rate, evenly spaced, and each
// delay is counted from the time the text was due, so that a service that
// stalls is not asked less.
type Open struct {
	Service     Service
	Crowd       *Crowd
	Connections int     // texts under way at once; one more waits, and its wait counts
	Rate        float64 // texts per second
	Warm, For   time.Duration
	Begin, End  func()
	Until       <-chan struct{} // when set, ends the run early as it closes
}

// lateness is how late a text may begin without being counted as late.
const lateness = 5 * time.Millisecond

// Run plays it.
func (l Open) Run() (Outcome, error) {
	start := time.Now()
	begin := start.Add(l.Warm)
	end := begin.Add(l.For)
	marks := callAt(begin, l.Begin, end, l.End)
	due := make(chan ticket, int(l.Rate*(l.Warm+l.For).Seconds())+1)
	var (
		mu  sync.Mutex
		all Outcome
		wg  sync.WaitGroup
	)
	wg.Go(func() { l.pace(start, end, due) })
	for range l.Connections {
		wg.Go(func() {
			part := l.answer(due, begin)
			mu.Lock()
			defer mu.Unlock()
			all.merge(part)
		})
	}
	wg.Wait()
	marks()
	all.For = min(l.For, time.Since(begin))
	all.sort()
	if len(all.Delays) == 0 {
		return all, errors.Join(ErrSilence, all.Fault)
	}
	return all, nil
}

// ticket is one text to send.
type ticket struct {
	person int
	at     time.Time
}

// pace hands out tickets at their time. It sleeps in the kernel, on a thread of
// its own: the runtime's timers may be a millisecond late, as much as what is
// measured.
func (l Open) pace(start, end time.Time, due chan<- ticket) {
	defer close(due)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	gap := time.Duration(float64(time.Second) / l.Rate)
	for n := 0; ; n++ {
		at := start.Add(time.Duration(n) * gap)
		if !at.Before(end) {
			return
		}
		for wait := time.Until(at); wait > 0; wait = time.Until(at) {
			rest := syscall.NsecToTimespec(int64(wait))
			_ = syscall.Nanosleep(&rest, nil) // the runtime's signals end it early
		}
		select {
		case <-l.Until: // nil: never
			return
		default:
		}
		due <- ticket{n % l.Crowd.Size(), at}
	}
}

// answer is the part of one connection.
func (l Open) answer(due <-chan ticket, begin time.Time) (out Outcome) {
	conn, err := dial(l.Service)
	if err != nil {
		out.fail(err)
		return out
	}
	defer conn.close()
	for t := range due {
		if out.Failures >= tooMany {
			out.fail(errors.New("given up after too many failures"))
			continue // the other tickets fail too, and say so
		}
		late := time.Since(t.at) > lateness
		err := conn.text(l.Crowd.phones[t.person], l.Crowd.next(t.person))
		switch {
		case err != nil:
			out.fail(err)
		case t.at.Before(begin):
		default:
			out.Delays = append(out.Delays, time.Since(t.at))
			if late {
				out.Late++
			}
		}
	}
	return out
}
