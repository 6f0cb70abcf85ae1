package machine

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// block is about what a group of turns leaves in a log.
const block = 16 << 10

// Syncs writes a block count times in a file of its own, as the log of a
// database does, with a pause before each, and returns how long each took to be
// durable, sorted: what no store on this disk can be faster than.
func Syncs(count int, pause time.Duration) (took []time.Duration, err error) {
	f, err := os.CreateTemp("", "relais-load-disk")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	const blocks = 256 // of a file that is there already, as logs are
	data := make([]byte, block)
	at := 0
	sync := func() error {
		_, err := f.WriteAt(data, int64(at%blocks)*block)
		at++
		return errors.Join(err, syscall.Fdatasync(int(f.Fd())))
	}
	for range blocks {
		if err := sync(); err != nil {
			return nil, err
		}
	}
	return timed(count, pause, sync)
}
