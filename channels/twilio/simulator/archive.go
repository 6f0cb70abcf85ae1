package simulator

import (
	"context"
	"slices"
	"sync"
	"time"
)

// perPhone bounds what one phone shows.
const perPhone = 500

// archive is what the operator and the phones remember: the last messages, in
// order of acceptance, found by id and by phone.
type archive struct {
	max int

	mu     sync.Mutex
	rev    uint64    // of the last change, whichever phone it was on
	order  []*record // oldest first
	bySID  map[string]*record
	phones map[string]*phone
}

// phone is the thread of one handset.
type phone struct {
	records []*record // oldest first
	rev     uint64    // of the last change on this phone
	waiters int
	changed chan struct{} // closed at the next change
}

func newArchive(limit int) *archive {
	return &archive{max: limit, bySID: make(map[string]*record), phones: make(map[string]*phone)}
}

// add remembers a message at the end of its phone's thread, and forgets the
// oldest of all when there are too many.
func (a *archive) add(r record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	rec := &r
	a.order = append(a.order, rec)
	a.bySID[rec.SID] = rec
	p := a.phone(rec.phone())
	p.records = append(p.records, rec)
	if len(p.records) > perPhone {
		p.records = slices.Delete(p.records, 0, 1)
	}
	a.touch(p, rec)
	if len(a.order) > a.max {
		a.forgetOldest()
	}
}

func (a *archive) forgetOldest() {
	oldest := a.order[0]
	a.order[0] = nil
	a.order = a.order[1:]
	delete(a.bySID, oldest.SID)
	p := a.phones[oldest.phone()]
	if len(p.records) > 0 && p.records[0] == oldest {
		p.records = slices.Delete(p.records, 0, 1)
	}
	a.drop(oldest.phone())
}

// drop forgets a phone that holds nothing and that nobody watches.
func (a *archive) drop(number string) {
	if p := a.phones[number]; p != nil && p.waiters == 0 && len(p.records) == 0 {
		delete(a.phones, number)
	}
}

func (a *archive) phone(number string) *phone {
	p := a.phones[number]
	if p == nil {
		p = &phone{changed: make(chan struct{})}
		a.phones[number] = p
	}
	return p
}

// touch marks a change and wakes whoever watches the phone.
func (a *archive) touch(p *phone, rec *record) {
	a.rev++
	p.rev, rec.rev = a.rev, a.rev
	close(p.changed)
	p.changed = make(chan struct{})
}

// update changes the message sid, when it is still known, and wakes who watches
// its phone. It gives back the message as it is now.
func (a *archive) update(sid string, now time.Time, change func(*record)) (record, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	rec := a.bySID[sid]
	if rec == nil {
		return record{}, false
	}
	change(rec)
	rec.Updated = now
	a.touch(a.phone(rec.phone()), rec)
	return *rec, true
}

func (a *archive) find(sid string) (record, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	rec := a.bySID[sid]
	if rec == nil {
		return record{}, false
	}
	return *rec, true
}

// list gives the messages that match, newest first.
func (a *archive) list(match func(*record) bool) []record {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []record
	for _, rec := range slices.Backward(a.order) {
		if match(rec) {
			found = append(found, *rec)
		}
	}
	return found
}

// thread gives the messages of a phone changed after rev, oldest first, and the
// phone's rev.
func (a *archive) thread(number string, after uint64) ([]Message, uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.phones[number]
	if p == nil {
		return nil, 0
	}
	return p.after(after), p.rev
}

func (p *phone) after(rev uint64) []Message {
	var messages []Message
	for _, rec := range p.records {
		if rec.rev > rev {
			messages = append(messages, rec.Message)
		}
	}
	return messages
}

// wait returns when ok says so of a phone's whole thread, or with ctx's error
// and the thread as it was then.
func (a *archive) wait(ctx context.Context, number string, ok func(thread []Message, rev uint64) bool) ([]Message, error) {
	a.mu.Lock()
	p := a.phone(number)
	p.waiters++
	defer func() {
		p.waiters--
		a.drop(number)
		a.mu.Unlock()
	}()
	for {
		thread := p.after(0)
		if ok(thread, p.rev) {
			return thread, nil
		}
		changed := p.changed
		a.mu.Unlock()
		var err error
		select {
		case <-changed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		a.mu.Lock()
		if err != nil {
			return p.after(0), err
		}
	}
}
