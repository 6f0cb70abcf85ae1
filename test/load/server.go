package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// server is what is measured: a process of ours, or one that runs already.
type server struct {
	address string // host:port
	public  string // as the operator calls it
	process *exec.Cmd
	dir     string
	null    *http.Server
	before  atomic.Int64 // CPU at the end of the warm-up, ns
}

// target starts the server under test on an empty store, with everything at
// its default but the operator.
func target(o options) (*server, error) {
	if o.url != "" {
		address := strings.TrimPrefix(strings.TrimPrefix(o.url, "http://"), "https://")
		return &server{address: address, public: o.url}, nil
	}
	dir, err := os.MkdirTemp("", "relais-load")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	operator, err := s.startNull()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if s.address, err = freePort(); err != nil {
		return nil, err
	}
	s.public = "http://" + s.address
	rate := "0"
	if !o.deliver {
		rate = "0.0001"
	}
	database := os.Getenv("RELAIS_DATABASE_URL")
	if database == "" {
		database = "sqlite:" + dir + "/relais.db"
	}
	s.process = exec.Command(o.binary, "serve")
	s.process.Env = append(os.Environ(), "RELAIS_LISTEN="+s.address, "RELAIS_DATABASE_URL="+database, "RELAIS_SMS_RATE="+rate,
		"TWILIO_ACCOUNT_SID="+o.account, "TWILIO_AUTH_TOKEN="+o.token, "TWILIO_FROM="+o.number, "TWILIO_API_URL="+operator, "RELAIS_LOG=warn")
	s.process.Stderr = os.Stderr
	if err := s.process.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, s.waitReady()
}

// startNull answers the operator's API: it takes every text and forgets it.
func (s *server) startNull() (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	var n atomic.Int64
	s.null = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"sid": fmt.Sprintf("SM%032x", n.Add(1)), "status": "queued", "num_segments": "1"})
	})}
	go func() { _ = s.null.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (s *server) waitReady() error {
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(time.Millisecond) {
		response, err := http.Get(s.public + "/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
	}
	s.stop()
	return errors.New("the server did not get ready")
}

func (s *server) stop() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
	_ = s.null.Close()
	_ = os.RemoveAll(s.dir)
}

// markCPU remembers what the server had used before counting began.
func (s *server) markCPU() { s.before.Store(int64(s.used())) }

// cpu is what the server has used since.
func (s *server) cpu() time.Duration { return s.used() - time.Duration(s.before.Load()) }

// used reads the process's CPU time from the kernel, in ticks of 10 ms.
func (s *server) used() time.Duration {
	if s.process == nil {
		return 0
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
