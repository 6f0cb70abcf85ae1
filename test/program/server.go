package program

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long a server may take to listen, or to stop when asked to:
// far more than it needs, since the tests may share their machine.
const patience = 60 * time.Second

// ErrEnded tells that a server ended before it listened.
var ErrEnded = errors.New("the server ended before it listened")

// Server is one running server.
type Server struct {
	cmd   *exec.Cmd
	url   string
	ended chan struct{} // closed when the process is gone and its output was read

	mu       sync.Mutex
	log, out strings.Builder
}

// listening finds the address that a server says it listens on: in its log, or
// in what the demonstration prints, which has ended with farewell.
var listening = regexp.MustCompile(`"msg":"listening","url":"(http://[^"]+)"|^ *Chat +(http://[^/]+)/`)

const farewell = "Ctrl+C to stop."

// Start runs a server with env on top of the test's environment, and waits
// until it listens: on a free port of the loopback unless env names another.
// When the server ends first the error is ErrEnded, with its log.
func Start(env []string) (*Server, error) { return StartIn("", env) }

// StartIn is Start in a directory.
func StartIn(dir string, env []string) (*Server, error) {
	path, err := Path()
	if err != nil {
		return nil, err
	}
	s := &Server{cmd: exec.Command(path, "serve"), ended: make(chan struct{})}
	s.cmd.Env = append(append(surroundings(), "RELAIS_LISTEN=127.0.0.1:0"), env...)
	s.cmd.Dir = dir
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a server: %w", err)
	}
	urls := make(chan string, 2)
	go s.follow(stdout, stderr, urls)
	select {
	case s.url = <-urls:
		return s, nil
	case <-s.ended:
		return nil, fmt.Errorf("%w:\n%s", ErrEnded, s.Log())
	case <-time.After(patience):
		s.Kill()
		return nil, fmt.Errorf("the server did not listen within %s:\n%s", patience, s.Log())
	}
}

// follow keeps what the server says until it has ended.
func (s *Server) follow(stdout, stderr io.Reader, urls chan<- string) {
	var reading sync.WaitGroup
	reading.Go(func() { s.keep(&s.out, stdout, urls) })
	reading.Go(func() { s.keep(&s.log, stderr, urls) })
	reading.Wait()
	_ = s.cmd.Wait() // how it ended is asked for by Stop
	close(s.ended)
}

func (s *Server) keep(to *strings.Builder, from io.Reader, urls chan<- string) {
	url := ""
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		s.mu.Lock()
		to.WriteString(line + "\n")
		s.mu.Unlock()
		if found := listening.FindStringSubmatch(line); found != nil && url == "" {
			url = found[1] + found[2]
		}
		if strings.Contains(line, `"listening"`) || line == farewell {
			urls <- url
		}
	}
	_, _ = io.Copy(io.Discard, from) // never leave the server blocked on a pipe
}

// URL is the server's public address, without a slash at its end.
func (s *Server) URL() string { return s.url }

// Log is what the server has written on standard error, Out on standard output.
func (s *Server) Log() string { return s.read(&s.log) }

// Out is what the server has printed.
func (s *Server) Out() string { return s.read(&s.out) }

func (s *Server) read(b *strings.Builder) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return b.String()
}

// PID is the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Ended is closed once the server is gone, however that came.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Kill ends the server as a power cut would. One that has ended is left alone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// Signal sends a signal to the server.
func (s *Server) Signal(signal syscall.Signal) error { return s.cmd.Process.Signal(signal) }

// Stop asks the server to stop, and waits. The error tells that it did not, or
// not well: a status other than 0, or a signal.
func (s *Server) Stop() error {
	if err := s.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	return s.Wait()
}

// Wait waits until the server has ended by itself; the error is as for Stop.
func (s *Server) Wait() error {
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.Kill()
		return fmt.Errorf("the server did not stop within %s", patience)
	}
	if state := s.cmd.ProcessState; !state.Success() {
		return fmt.Errorf("the server ended with %s", state)
	}
	return nil
}

// Secrets lists what must never be logged and yet stands in the server's log.
func (s *Server) Secrets(planted ...string) []string {
	log := s.Log()
	return slices.DeleteFunc(slices.Clone(planted), func(secret string) bool { return !strings.Contains(log, secret) })
}
