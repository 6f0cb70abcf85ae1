package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// proxy is nginx with the sample of deploy.
type proxy struct{ url string }

// host is where the proxy listens.
func (p *proxy) host() string { return strings.TrimPrefix(p.url, "http://") }

// startProxy starts nginx in front of two addresses. Nothing of the sample is
// changed but addresses and where its logs go.
func startProxy(t *testing.T, a, b string) *proxy {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx" // not on everybody's path
	}
	if _, err := os.Stat(nginx); err != nil {
		t.Fatalf("nginx is not installed: %v", err)
	}
	sample, err := os.ReadFile(deployed + "/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	listen, dir := freeAddress(t), t.TempDir()
	text := string(sample)
	for old, now := range map[string]string{
		"10.25.0.11:8080": a, "10.25.0.12:8080": b, "listen 80;": "listen " + listen + ";", "/var/log/nginx/": dir + "/",
	} {
		if strings.Count(text, old) == 0 {
			t.Fatalf("the sample no longer says %q", old)
		}
		text = strings.ReplaceAll(text, old, now)
	}
	whole := "daemon off;\nworker_processes 1;\npid " + dir + "/pid;\nerror_log stderr crit;\nevents { worker_connections 1024; }\nhttp {\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		whole += kind + "_temp_path " + dir + "/" + kind + ";\n"
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(whole+text+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-p", dir, "-c", file)
	said := daemon(t, cmd)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		checkAccessLog(t, filepath.Join(dir, "access.log"))
		if t.Failed() && said.Len() > 0 {
			t.Logf("nginx said: %s", said)
		}
	})
	await(t, patience, "nginx listens", func() bool { return listens(listen) })
	return &proxy{url: "http://" + listen}
}

// checkAccessLog looks for what the sample promises to leave out.
func checkAccessLog(t *testing.T, path string) {
	log, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("the proxy's log: %v", err)
	}
	for _, secret := range append([]string{"?", "="}, planted...) {
		if strings.Contains(string(log), secret) {
			t.Errorf("the proxy's log says %q", secret)
		}
	}
	if !t.Failed() {
		return
	}
	troubles := slices.DeleteFunc(strings.SplitAfter(string(log), "\n"), func(line string) bool { return !serverError.MatchString(line) })
	t.Logf("what the proxy answered 5xx, the last ones:\n%s", strings.Join(troubles[max(0, len(troubles)-20):], ""))
}

// serverError finds the status in a line of the proxy's log.
var serverError = regexp.MustCompile(` 5\d\d \d+ `)
