package cluster

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/test/pgtest"
	"relais/test/program"
	"relais/test/redistest"
)

// TestMain runs several clusters at once: most of their time is spent waiting
// for leases to end.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	program.Main(m)
}

const deployed = "../../deploy"

// patience is how long anything may take on a machine with other work.
const patience = 60 * time.Second

// cluster is what compose.yaml describes, as processes of this machine.
type cluster struct {
	database *pgtest.Private
	redis    *redistest.Server
	proxy    *proxy
	operator *operator
	env      []string // of the instances and of commands beside them
	a, b     *instance
}

// instance is one place behind the proxy: its server comes and goes.
type instance struct {
	name, address string
	env           []string

	mu     sync.Mutex
	server *program.Server
	doubts int // of servers that are gone: texts sent again for want of a trace
}

// newCluster starts everything, empty. around is added to the database's
// environment.
func newCluster(t *testing.T, around ...string) *cluster {
	t.Helper()
	program.Whole(t)
	c := &cluster{database: pgtest.StartPrivate(t, around...), redis: redistest.Start(t)}
	c.a, c.b = &instance{name: "A", address: freeAddress(t)}, &instance{name: "B", address: freeAddress(t)}
	c.proxy = startProxy(t, c.a.address, c.b.address)
	c.operator = startOperator(t, c.proxy.url)
	c.env = append(c.operator.env(), c.settings(t)...)
	for _, i := range []*instance{c.a, c.b} {
		i.env = slices.Concat(c.env, []string{"RELAIS_LISTEN=" + i.address})
		i.start(t)
		t.Cleanup(func() { i.end(t) })
	}
	c.ready(t, patience)
	return c
}

// settings makes the secrets, the database and its schema as the README tells.
func (c *cluster) settings(t *testing.T) []string {
	t.Helper()
	secrets := filepath.Join(t.TempDir(), "secrets")
	shell(t, nil, deployed+"/secrets.sh", secrets, c.database.Host())
	socket, port := c.database.Socket()
	shell(t, []string{"SECRETS=" + secrets, "PGHOST=" + socket, "PGPORT=" + port}, deployed+"/postgres-init.sh")
	env := []string{
		"RELAIS_DATABASE_URL_FILE=" + filepath.Join(secrets, "database_url"),
		"RELAIS_SECRET_FILE=" + filepath.Join(secrets, "relais_secret"),
		"RELAIS_REDIS_URL=" + c.redis.URL(), "RELAIS_PUBLIC_URL=" + c.proxy.url, "RELAIS_MIGRATE=0",
	}
	owner := slices.Concat(c.operator.env(), env, []string{"RELAIS_DATABASE_OWNER_URL_FILE=" + filepath.Join(secrets, "database_owner_url")})
	if _, err := program.Run(owner, "migrate"); err != nil {
		t.Fatal(err)
	}
	return env
}

func shell(t *testing.T, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command("/bin/sh", args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", filepath.Base(args[0]), err, out)
	}
}

// start starts the instance's server.
func (i *instance) start(t *testing.T, more ...string) {
	t.Helper()
	server, err := program.Start(slices.Concat(i.env, more))
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.server != nil {
		i.check(t)
		i.doubts += doubtsIn(i.server.Log())
	}
	i.server = server
}

func (i *instance) running() *program.Server {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.server
}

// end ends the instance with its test.
func (i *instance) end(t *testing.T) {
	i.running().Kill()
	i.check(t)
	if t.Failed() {
		t.Logf("%s logged at its end:\n%s", i.name, tail(i.running().Log()))
	}
}

// inDoubt counts the texts of which nobody knew whether they had left, and no
// trace was found.
func (c *cluster) inDoubt() (n int) {
	for _, i := range []*instance{c.a, c.b} {
		n += i.doubts + doubtsIn(i.running().Log())
	}
	return n
}

func doubtsIn(log string) int { return strings.Count(log, `"msg":"no trace of a text`) }

// check looks for what must not be in a log.
func (i *instance) check(t *testing.T) {
	for _, secret := range i.server.Secrets(planted...) {
		t.Errorf("the log of %s says %q", i.name, secret)
	}
}

// tail is the last lines of a log that are not about turns and sends.
func tail(log string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(log, "\n"), func(line string) bool {
		return strings.Contains(line, `"msg":"turn"`) || strings.Contains(line, `"msg":"sent"`)
	})
	return strings.Join(lines[max(0, len(lines)-30):], "")
}

// isReady asks /readyz.
func (i *instance) isReady(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.address+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// ready waits until both instances could commit, and says how long it took.
func (c *cluster) ready(t *testing.T, within time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	await(t, within, "both instances are ready", func() bool { return c.a.isReady(t.Context()) && c.b.isReady(t.Context()) })
	return time.Since(began)
}

// await waits until something holds.
func await(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// pause lets time pass while people text: how long a fault lasts is the test's
// own choice, and nothing is waited for.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
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

// daemon starts a program that lives as long as the test, and returns it with
// what it says.
func daemon(t *testing.T, cmd *exec.Cmd) *bytes.Buffer {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	dieWithUs(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", filepath.Base(cmd.Path), err)
	}
	return &said
}

func listens(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// report prints a line of figures, kept in the output of a passing test too.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Logf("%s", fmt.Sprintf(format, args...))
}
