package operator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Kind is which operator runs.
type Kind string

const (
	Null      Kind = "null"
	Simulated Kind = "simulated"
)

// Command is the first argument with which this program starts itself again as
// an operator.
const Command = "operator"

// Account is the service's account at the operator.
type Account struct{ SID, Token, Number string }

// Process is an operator that runs beside us.
type Process struct {
	URL   string // of its API
	Tally *Tally
	cmd   *exec.Cmd
	alive io.Closer
}

// Start starts an operator that counts for people numbered below people. Stop
// it.
func Start(kind Kind, a Account, people int) (*Process, error) {
	tally, err := NewTally("", people)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start an operator: %w", err)
	}
	p := &Process{Tally: tally, cmd: exec.Command(self, Command, string(kind), tally.file)}
	p.cmd.Env = append(os.Environ(), "LOAD_ACCOUNT="+strings.Join([]string{a.SID, a.Token, a.Number}, " "))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start an operator: %w", err)
	}
	if p.alive, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start an operator: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		tally.Close()
		return nil, fmt.Errorf("start an operator: %w", err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.Stop()
		return nil, fmt.Errorf("start an operator: it did not say where it is: %w", err)
	}
	p.URL = "http://" + strings.TrimSpace(address)
	return p, nil
}

// PID is its process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Stop ends it.
func (p *Process) Stop() {
	_ = p.alive.Close()
	_ = p.cmd.Wait()
	p.Tally.Close()
}

// Main is the operator's process: it says where it listens, and ends when its
// standard input does, that is with whoever started it.
func Main(args []string) error {
	if len(args) != 2 {
		return errors.New("operator: want a kind and a tally")
	}
	tally, err := openTally(args[1])
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("operator: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
		_ = listener.Close()
	}()
	fmt.Println(listener.Addr())
	account := strings.Fields(os.Getenv("LOAD_ACCOUNT"))
	switch {
	case Kind(args[0]) == Null:
		runtime.GOMAXPROCS(1) // a second one would mostly look for work, on cores that are being measured
		return (&null{tally: tally}).serve(listener)
	case Kind(args[0]) == Simulated && len(account) == 3:
		return simulated(ctx, listener, tally, Account{account[0], account[1], account[2]})
	}
	return fmt.Errorf("operator: no kind %q", args[0])
}
