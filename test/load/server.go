package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"relais/test/load/machine"
)

// secret is the master key of every store that runs make.
var secret = strings.Repeat("5e", 32)

// startTime is how long the server may take to get ready. It migrates a new
// store first, and a store with millions of rows takes a while to open.
const startTime = 60 * time.Second

// server is the program under test, in a process of its own.
type server struct {
	address string // host:port
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process is gone
	ready   time.Duration // from start to ready
}

// startServer starts it on a store, with an environment of its own besides what
// it inherits. Stop it.
func startServer(ctx context.Context, o *options, database, operatorURL string, more ...string) (*server, error) {
	address, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{address: address, cmd: exec.Command(o.binary, "serve"), ended: make(chan struct{})}
	s.cmd.Env = append(inherited(), "RELAIS_LISTEN="+address, "RELAIS_DATABASE_URL="+database, "RELAIS_SECRET="+secret,
		"RELAIS_SMS_RATE=0", "RELAIS_LOG=error", "TWILIO_ACCOUNT_SID="+o.account.SID, "TWILIO_AUTH_TOKEN="+o.account.Token,
		"TWILIO_FROM="+o.account.Number, "TWILIO_API_URL="+operatorURL)
	s.cmd.Env = append(s.cmd.Env, more...)
	s.cmd.Stderr = os.Stderr
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	if err := s.awaitReady(ctx); err != nil {
		s.stop()
		return nil, err
	}
	s.ready = time.Since(began)
	return s, nil
}

// inherited is our environment without the settings of another server.
func inherited() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "RELAIS_") && !strings.HasPrefix(entry, "TWILIO_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (s *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		select {
		case <-s.ended:
			return errors.New("the server ended before it was ready")
		case <-ctx.Done():
			return errors.New("the server did not get ready")
		case <-time.After(time.Millisecond):
		}
		response, err := http.Get("http://" + s.address + "/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
	}
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) cpu() time.Duration { return machine.Tree(s.pid()) }

// patience is how long a stop may take before it is cut short.
const patience = 20 * time.Second

// stop ends it as a deploy does, and waits.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}
