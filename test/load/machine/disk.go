package machine

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// block is about what a group of turns leaves in a log.
const block = 16 << 10

// Syncs writes a block over and over in a file of its own, as the log of a
// database does, and returns how long each took to be durable: what no store on
// this disk can be faster than.
func Syncs(count int) (took []time.Duration, err error) {
	f, err := os.CreateTemp("", "relais-load-disk")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	const blocks = 256 // of a file that is there already, as logs are
	data := make([]byte, block)
	for i := range blocks + count {
		began := time.Now()
		if _, err := f.WriteAt(data, int64(i%blocks)*block); err != nil {
			return nil, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return nil, err
		}
		if i >= blocks {
			took = append(took, time.Since(began))
		}
	}
	return took, nil
}
