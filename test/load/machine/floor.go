package machine

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// What the machine takes by itself, whoever asks.

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

// message is about as long as a webhook's request.
const message = 1 << 10

// Echoes sends a message count times to another process and back, with a pause
// before each, and returns how long each took, sorted: what the machine takes to
// wake two processes, before anybody has done anything.
func Echoes(count int, pause time.Duration) (took []time.Duration, err error) {
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cat.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cat.Start(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close(), cat.Wait()) }()
	data := make([]byte, message)
	return timed(count, pause, func() error {
		if _, err := in.Write(data); err != nil {
			return err
		}
		_, err := io.ReadFull(out, data)
		return err
	})
}

// timed does something count times, with a pause before each, and returns how
// long each took, sorted.
func timed(count int, pause time.Duration, do func() error) ([]time.Duration, error) {
	took := make([]time.Duration, 0, count)
	for range count {
		time.Sleep(pause)
		began := time.Now()
		if err := do(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took, nil
}
