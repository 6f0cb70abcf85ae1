// Package operator is the other side of the service under test, in a process
// of its own so that its processor time is apart: a null operator that takes
// every text and forgets it, and the simulated one with its signed status
// callbacks. What arrived is told through a page of memory that both processes
// share, which costs neither of them a system call.
package operator

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Tally counts what arrived. It lives in a file that is mapped by whoever
// counts and whoever reads.
type Tally struct {
	page []byte
	head *head
	rows []row
	file string
}

// head is about all people.
type head struct {
	messages   atomic.Int64 // texts taken
	reports    atomic.Int64 // status callbacks answered 2xx
	refused    atomic.Int64 // status callbacks answered otherwise, or not at all
	misordered atomic.Int64 // numbered texts that came before an earlier one, or twice
	latest     atomic.Int64 // time of the latest arrival, Unix nanoseconds
}

// row is about one person.
type row struct {
	messages atomic.Int64
	at       atomic.Int64 // of the latest, Unix nanoseconds
}

// NewTally makes the page for so many people, in a temporary directory.
func NewTally(dir string, people int) (*Tally, error) {
	f, err := os.CreateTemp(dir, "tally")
	if err != nil {
		return nil, fmt.Errorf("make the tally: %w", err)
	}
	defer f.Close()
	size := int64(unsafe.Sizeof(head{})) + int64(people)*int64(unsafe.Sizeof(row{}))
	if err := f.Truncate(size); err != nil {
		return nil, fmt.Errorf("make the tally: %w", err)
	}
	return openTally(f.Name())
}

// openTally maps a page that another process made.
func openTally(path string) (*Tally, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the tally: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the tally: %w", err)
	}
	page, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the tally: %w", err)
	}
	rows := (len(page) - int(unsafe.Sizeof(head{}))) / int(unsafe.Sizeof(row{}))
	t := &Tally{page: page, file: path, head: (*head)(unsafe.Pointer(&page[0]))}
	if rows > 0 {
		t.rows = unsafe.Slice((*row)(unsafe.Pointer(&page[unsafe.Sizeof(head{})])), rows)
	}
	return t, nil
}

// Close gives the page back and removes its file.
func (t *Tally) Close() {
	_ = syscall.Munmap(t.page)
	_ = os.Remove(t.file)
}

// Arrived tells how many texts reached a person, and when the latest did.
func (t *Tally) Arrived(person int) (messages int, at time.Time) {
	r := &t.rows[person]
	messages = int(r.messages.Load())
	return messages, time.Unix(0, r.at.Load())
}

// Reached is how many texts arrived for people first to first+count-1.
func (t *Tally) Reached(first, count int) (messages int) {
	for i := range t.rows[first : first+count] {
		messages += int(t.rows[first+i].messages.Load())
	}
	return messages
}

// Messages is how many texts arrived in all.
func (t *Tally) Messages() int { return int(t.head.messages.Load()) }

// Reports is how many status callbacks were answered 2xx, and how many were
// not.
func (t *Tally) Reports() (answered, refused int) {
	return int(t.head.reports.Load()), int(t.head.refused.Load())
}

// Misordered is how many numbered texts came out of their order.
func (t *Tally) Misordered() int { return int(t.head.misordered.Load()) }

// Latest is when the latest text or report came.
func (t *Tally) Latest() time.Time { return time.Unix(0, t.head.latest.Load()) }

// arrive counts a text for a person; number is its place in the person's
// thread, from 1, or 0 when it says none.
func (t *Tally) arrive(person, number int, now time.Time) {
	t.head.messages.Add(1)
	t.head.latest.Store(now.UnixNano())
	if person < 0 || person >= len(t.rows) {
		return
	}
	r := &t.rows[person]
	r.at.Store(now.UnixNano()) // before the count: a reader that sees the count sees a time that is not older
	if had := r.messages.Add(1); number != 0 && int64(number) != had {
		t.head.misordered.Add(1)
	}
}
