// Package crash kills the real program and looks at what is left.
package crash

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relais-crash")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "relais")
	build := exec.Command("go", "build", "-o", path, "relais/cmd/relais")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building relais: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// relais is one running server.
type relais struct {
	t      *testing.T
	env    []string
	listen string
	cmd    *exec.Cmd
	log    *bytes.Buffer
	logged chan struct{}
}

// start runs the server and waits until it listens, which it logs.
func start(t *testing.T, env []string, listen string) *relais {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	r := &relais{t: t, env: env, listen: listen, log: &bytes.Buffer{}, logged: make(chan struct{})}
	r.cmd = exec.Command(path, "serve")
	r.cmd.Env = append(append(os.Environ(), env...), "RELAIS_LISTEN="+listen)
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan struct{})
	go r.read(stderr, listening)
	select {
	case <-listening:
	case <-r.logged:
		t.Fatalf("the server ended before it listened:\n%s", r.log)
	case <-time.After(30 * time.Second):
		t.Fatalf("the server did not listen:\n%s", r.log)
	}
	t.Cleanup(r.kill)
	return r
}

// read keeps the log, and tells when the server listens.
func (r *relais) read(stderr io.Reader, listening chan struct{}) {
	defer close(r.logged)
	once := sync.OnceFunc(func() { close(listening) })
	for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
		r.log.Write(append(scanner.Bytes(), '\n'))
		if strings.Contains(scanner.Text(), `"listening"`) {
			once()
		}
	}
}

// kill ends the server as a power cut would.
func (r *relais) kill() {
	_ = r.cmd.Process.Kill()
	<-r.logged
	_ = r.cmd.Wait()
}

// message is one message of an export.
type message struct {
	Seq    int    `json:"seq"`
	From   string `json:"from"`
	Text   string `json:"text"`
	Status string `json:"status"`
}

// export asks a command beside the server what is kept about a number.
func export(t *testing.T, env []string, phone string) []message {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "export", "--address", "sms:"+phone)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("export: %v", err)
	}
	var dossier struct {
		Messages []message `json:"messages"`
	}
	if err := json.Unmarshal(out, &dossier); err != nil {
		t.Fatal(err)
	}
	return dossier.Messages
}

// freeAddress finds a port that nobody uses.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
