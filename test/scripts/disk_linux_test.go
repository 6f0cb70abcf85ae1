package scripts

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// disk makes every write to a file fail, from now on, or work again:
//
//	disk full|free
//
// It lowers the server's own limit on the size of files, which needs no
// privilege and no other disk.
func disk(ts *testscript.TestScript, _ bool, args []string) {
	s := running(ts)
	var limit unix.Rlimit
	ts.Check(unix.Prlimit(s.server.PID(), unix.RLIMIT_FSIZE, nil, &limit))
	switch strings.Join(args, " ") {
	case "full":
		limit.Cur = 0
	case "free":
		limit.Cur = limit.Max
	default:
		ts.Fatalf("usage: disk full|free")
	}
	ts.Check(unix.Prlimit(s.server.PID(), unix.RLIMIT_FSIZE, &limit, nil))
}
