package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
)

// TestWhatIsSaidAtTheEnd joins errors as commands do: what was asked for (a
// stop) and what was said already is left out, and nothing else.
func TestWhatIsSaidAtTheEnd(t *testing.T) {
	running, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	ended, end := context.WithCancelCause(context.Background())
	cause := errors.New("interrupt signal received")
	end(cause)
	var (
		full   = errors.New("close the database: no space left")
		differ = errors.New("not moved: line differ")
		copied = fmt.Errorf("write 3 rows to line: %w", context.Canceled)
	)
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		err    error
		status int
		said   string
	}{
		{"well", running, nil, 0, ""},
		{"well, and told to stop", ended, nil, 0, ""},
		{"badly", running, full, 1, "close the database: no space left"},
		{"badly, and told to stop", ended, differ, 1, "not moved: line differ"},
		{"stopped", ended, copied, 1, "stopped"},
		{"stopped, with the cause", ended, fmt.Errorf("wait: %w", cause), 1, "stopped"},
		{"stopped twice", ended, errors.Join(copied, context.Canceled), 1, "stopped"},
		{"stopped, and trouble", ended, errors.Join(copied, full), 1, "stopped\nclose the database: no space left"},
		{"trouble below", ended, errors.Join(errors.Join(context.Canceled, full), differ), 1,
			"stopped\nclose the database: no space left\nnot moved: line differ"},
		{"trouble inside", ended, fmt.Errorf("open: %w", errors.Join(full, context.Canceled)), 1,
			"stopped\nopen: close the database: no space left\ncontext canceled"},
		{"a call that was given up", ended, errors.Join(&net.OpError{Op: "dial", Err: context.Canceled}, nil), 1, "stopped"},
		{"a connection closed under a copy", ended, fmt.Errorf("write 3 rows to line: %w", &net.OpError{Op: "read", Net: "unix", Err: net.ErrClosed}), 1, "stopped"},
		{"a connection closed by itself", running, &net.OpError{Op: "read", Net: "unix", Err: net.ErrClosed}, 1, "read unix: use of closed network connection"},
		{"said once", ended, stopped(ended, errors.Join(copied, full), "stopped: go on"), 1, "stopped: go on\nclose the database: no space left"},
		{"cancelled by itself", running, copied, 1, "write 3 rows to line: context canceled"},
		{"all was said", running, exitStatus(3), 3, ""},
		{"all was said, and trouble", running, errors.Join(exitStatus(3), full), 3, "close the database: no space left"},
	} {
		status, complaint := verdict(stopped(tt.ctx, tt.err, "stopped"))
		said := ""
		if complaint != nil {
			said = complaint.Error()
		}
		if status != tt.status || said != tt.said {
			t.Errorf("%s: status %d, said %q; want %d, %q", tt.name, status, said, tt.status, tt.said)
		}
	}
}
