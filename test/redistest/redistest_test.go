package redistest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"relais/test/redistest"
)

func TestKillFreezeFlush(t *testing.T) {
	s := redistest.Start(t)
	ctx := t.Context()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: strings.TrimPrefix(s.URL(), "unix://"), MaxRetries: -1, DialerRetries: 1, ReadTimeout: 50 * time.Millisecond, Protocol: 2})
	defer c.Close()
	set := func() error { return c.Set(ctx, "a", 1, 0).Err() }
	if err := set(); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	if err := c.Get(ctx, "a").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("after a flush: %v", err)
	}
	s.Freeze()
	if set() == nil {
		t.Error("a frozen server answers")
	}
	s.Thaw()
	if err := set(); err != nil {
		t.Errorf("after a thaw: %v", err)
	}
	s.Kill()
	if set() == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	if err := c.Get(ctx, "a").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("after a restart: %v", err)
	}
}

// The server must not survive its test process, even one that is killed while
// the server is frozen. The test runs itself as that process.
func TestTheServerEndsWithAKilledTest(t *testing.T) {
	if os.Getenv("REDISTEST_VICTIM") == "1" {
		s := redistest.Start(t)
		s.Freeze()
		fmt.Println(s.URL())
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	redistest.Start(t) // says so when there is no Redis
	victim := exec.CommandContext(context.Background(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	victim.Env = append(os.Environ(), "REDISTEST_VICTIM=1")
	left, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer left.Close()
	victim.ExtraFiles = []*os.File{held} // whatever the victim starts holds it too, to its end
	out, err := victim.Output()
	held.Close()
	if err == nil {
		t.Fatal("the victim lived")
	}
	line, _, _ := strings.Cut(string(out), "\n")
	socket, named := strings.CutPrefix(line, "unix://")
	if !named {
		t.Fatalf("the victim named no server: %q", out)
	}
	if err := left.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, left); err != nil {
		t.Fatalf("something that the victim started still runs: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(socket)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server's directory is still there: %v", err)
	}
}
