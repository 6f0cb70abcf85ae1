package texting

import (
	"errors"
	"sync"
	"time"
)

// Closed is a closed loop: so many connections, each texting for one person
// after the other and waiting for the answer in between.
type Closed struct {
	Service     Service
	Crowd       *Crowd
	Connections int
	Warm, For   time.Duration // Warm is not counted
	Begin, End  func()        // called when counting begins and ends; may be nil

	// Watcher, when set, tells whose reply arrived. No more than Ahead turns
	// then wait for their reply at once: texts come no faster than replies
	// leave.
	Watcher Watcher
	Ahead   int
}

// ErrSilence is returned when nothing was answered.
var ErrSilence = errors.New("no text was answered")

// tooMany failures end a connection's part of a run.
const tooMany = 100

// Run plays it. Its error is one that spoils the whole run; texts that failed
// are counted in the outcome.
func (l Closed) Run() (Outcome, error) {
	l.Connections = min(l.Connections, l.Crowd.Size())
	var (
		mu    sync.Mutex
		all   Outcome
		wg    sync.WaitGroup
		begin = time.Now().Add(l.Warm)
		end   = begin.Add(l.For)
	)
	marks := callAt(begin, l.Begin, end, l.End)
	for i := range l.Connections {
		wg.Go(func() {
			part := l.play(i, begin, end)
			mu.Lock()
			defer mu.Unlock()
			all.merge(part)
		})
	}
	wg.Wait()
	marks()
	all.For = l.For
	all.sort()
	if len(all.Delays) == 0 {
		return all, errors.Join(ErrSilence, all.Fault)
	}
	return all, nil
}

// callAt calls two functions at their times, and returns how to wait for both.
func callAt(begin time.Time, first func(), end time.Time, last func()) (wait func()) {
	var calls sync.WaitGroup
	at := func(when time.Time, what func()) {
		if what == nil {
			return
		}
		calls.Go(func() { time.Sleep(time.Until(when)); what() })
	}
	at(begin, first)
	at(end, last)
	return calls.Wait
}

// play is the part of one connection: people i, i+c, i+2c… of the crowd.
func (l Closed) play(i int, begin, end time.Time) (out Outcome) {
	conn, err := dial(l.Service)
	if err != nil {
		out.fail(err)
		return out
	}
	defer conn.close()
	var w *waiting
	if l.Watcher != nil {
		w = &waiting{watcher: l.Watcher, limit: max(1, l.Ahead/l.Connections), begin: begin, end: end}
	}
	for person := i; out.Failures < tooMany; person += l.Connections {
		if person >= l.Crowd.Size() {
			person = i
		}
		if w != nil {
			w.makeRoom(l.Crowd.first+person, &out)
			w.add(l.Crowd.first + person)
		}
		began := time.Now()
		if !began.Before(end) {
			w.cancelLast()
			break
		}
		err := conn.text(l.Crowd.phones[person], l.Crowd.next(person))
		now := time.Now()
		switch {
		case err != nil:
			out.fail(err)
			w.cancelLast()
		case !now.Before(begin) && now.Before(end):
			out.Delays = append(out.Delays, now.Sub(began))
		}
	}
	w.drain(&out)
	return out
}

// Meet brings every person of a crowd to the first question, as fast as answers
// come.
func Meet(s Service, crowd *Crowd, connections int) error {
	connections = min(connections, crowd.Size())
	faults := make([]error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			conn, err := dial(s)
			if err != nil {
				faults[i] = err
				return
			}
			defer conn.close()
			for range opening {
				for person := i; person < crowd.Size(); person += connections {
					if err := conn.text(crowd.phones[person], crowd.next(person)); err != nil {
						faults[i] = err
						return
					}
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}
