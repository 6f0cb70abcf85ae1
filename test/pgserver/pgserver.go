// Package pgserver starts a Postgres of one's own from the programs found on
// the machine, for tests and measurements.
//
// The server lives in a temporary directory, listens on a socket there, trusts
// whoever can open it, and writes to disk as a real one does (fsync on). It
// runs as an unprivileged user when the program runs as root, and ends with the
// program however that ends, its directory removed.
package pgserver

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Config says what a server is like, besides what all are. Its zero value is a
// server that listens on its socket only.
type Config struct {
	// Port is one of the loopback's, where the server listens too and asks for
	// passwords. Defaults to none.
	Port string
	// Settings are the server's own, as name=value. One that is given twice
	// counts as given last, and so do those every server has.
	Settings []string
	// Env is added to the server's environment, as NAME=value.
	Env []string
}

// Server is a Postgres that its owner may stop and crash. Its superuser is
// postgres. It is not safe for use by several goroutines, and ends when nobody
// refers to it any more.
type Server struct {
	dir, port string
	guard     *exec.Cmd
	commands  io.WriteCloser
	answers   *bufio.Scanner
}

// guardian runs the server and outlives the program by a moment: its standard
// input is a pipe that only the program holds, so that it ends when the program
// does, a panic or kill -9 included. Until then it does what it is told there,
// one word a line, and answers each with a line.
//
// All that the server starts holds the pipe it logs to: when nobody does any
// more, a killed server's children have let go of its memory too, and it can be
// started again. So what reads the pipe must not end before them: tee goes on
// without the log when that is on a disk that is full. A program that is gone
// must not end the guardian by a signal: nobody would stop the server.
const guardian = `
trap '' HUP PIPE
dir=$1
shift
mkfifo "$dir/says"
start() {
	wait
	"$@" </dev/null >"$dir/says" 2>&1 &
	server=$!
	exec 8<"$dir/says"
	answer=failed
	while [ $answer = failed ] && read -r line <&8; do
		printf '%s\n' "$line" >>"$dir/log"
		case $line in *'database system is ready to accept connections') answer=done ;; esac
	done
	tee -a "$dir/log" <&8 >/dev/null &
	exec 8<&-
	echo $answer
}
while read -r word; do
	case $word in
	start) start "$@" ;;
	kill) kill -KILL $server; wait $server; echo done ;;
	stop) kill -INT $server; wait $server; echo done ;;
	esac
done
kill -QUIT $server
wait
rm -rf "$dir"
`

// Start makes a cluster and starts a server on it. Close it. It returns
// ErrMissing when the machine has no Postgres; ctx counts until it returns.
func Start(ctx context.Context, c Config) (*Server, error) {
	bin, err := Programs()
	if err != nil {
		return nil, err
	}
	as, err := runAs()
	if err != nil {
		return nil, err
	}
	dir, err := makeDirectory(as)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, port: cmp.Or(c.Port, "5432")}
	if err := s.make(ctx, bin, as); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.watch(c.command(bin, dir), as); err != nil {
		return nil, errors.Join(fmt.Errorf("watch the server: %w", err), os.RemoveAll(dir))
	}
	if err := s.Start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// make makes the cluster.
func (s *Server) make(ctx context.Context, bin string, as *syscall.Credential) error {
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(s.dir, "data"), "-U", "postgres",
		"--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// command is what starts the server. The guardian knows by the log that it is
// ready, so that has to be in English.
func (c Config) command(bin, dir string) []string {
	command := append([]string{"env", "LC_ALL=C"}, c.Env...)
	command = append(command, filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-k", dir)
	listen := "listen_addresses="
	if c.Port != "" {
		listen += "127.0.0.1"
		command = append(command, "-p", c.Port)
	}
	for _, setting := range append([]string{listen, "fsync=on", "max_connections=200", "log_min_messages=warning"}, c.Settings...) {
		command = append(command, "-c", setting)
	}
	return command
}

// watch starts the guardian. A group of its own keeps the terminal's Ctrl-C
// from ending it before it has cleaned up.
func (s *Server) watch(command []string, as *syscall.Credential) error {
	s.guard = exec.Command("/bin/sh", append([]string{"-c", guardian, "guardian", s.dir}, command...)...)
	s.guard.Dir, s.guard.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: as, Setpgid: true}
	commands, err := s.guard.StdinPipe()
	if err != nil {
		return err
	}
	answers, err := s.guard.StdoutPipe()
	if err != nil {
		return err
	}
	s.commands, s.answers = commands, bufio.NewScanner(answers)
	return s.guard.Start()
}

// URL is the superuser's address of a database, by the socket.
func (s *Server) URL(database string) *url.URL {
	return &url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database,
		RawQuery: url.Values{"host": {s.dir}, "port": {s.port}}.Encode()}
}

// Socket is the directory of the server's socket, and the number of its port,
// for PGHOST and PGPORT.
func (s *Server) Socket() (dir, port string) { return s.dir, s.port }

// Start starts the server again after Kill or Stop, and returns once it takes
// connections.
func (s *Server) Start() error {
	if err := s.tell("start"); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("%w: %s", err, log)
	}
	return nil
}

// Kill ends the server's main process with SIGKILL; the others notice and go.
func (s *Server) Kill() error { return s.tell("kill") }

// Stop stops the server as its service manager would: connections are cut,
// what was committed is there when it starts again.
func (s *Server) Stop() error { return s.tell("stop") }

func (s *Server) tell(word string) error {
	if _, err := io.WriteString(s.commands, word+"\n"); err != nil {
		return fmt.Errorf("tell the server to %s: %w", word, err)
	}
	if !s.answers.Scan() {
		return errors.Join(fmt.Errorf("tell the server to %s: its guardian is gone", word), s.answers.Err())
	}
	if answer := s.answers.Text(); answer != "done" {
		return fmt.Errorf("tell the server to %s: %s", word, answer)
	}
	return nil
}

// Close ends the server at once and removes its directory.
func (s *Server) Close() error {
	s.commands.Close()
	if err := s.guard.Wait(); err != nil {
		return fmt.Errorf("end the server: %w", err)
	}
	return nil
}
