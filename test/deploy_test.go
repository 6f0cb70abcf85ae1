package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const deployed = "../deploy"

// TestDeployedSettingsExist looks every setting that a file of deploy names up
// in the program: a misspelt one stops its start.
func TestDeployedSettingsExist(t *testing.T) {
	known, secret := settings(t)
	named := regexp.MustCompile(`\b(?:RELAIS|TWILIO)_[A-Z_]+[A-Z]\b`)
	files, err := filepath.Glob(filepath.Join(deployed, "*"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files in %s: %v", len(files), deployed, err)
	}
	for _, file := range files {
		for _, name := range named.FindAllString(read(t, file), -1) {
			base, isFile := strings.CutSuffix(name, "_FILE")
			if isFile && !secret[base] || !isFile && !known[name] {
				t.Errorf("%s names %s, which the program does not know", filepath.Base(file), name)
			}
			if !isFile && secret[name] && filepath.Ext(file) != ".md" && strings.Contains(read(t, file), name+"=postgres") {
				t.Errorf("%s holds the value of %s", filepath.Base(file), name)
			}
		}
	}
}

// settings reads the names that the program knows out of its source, and which
// of them may be given as a file.
func settings(t *testing.T) (known, secret map[string]bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../cmd/relais/config.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	known, secret = map[string]bool{}, map[string]bool{}
	literals := func(in ast.Node, add map[string]bool) {
		ast.Inspect(in, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if name, err := strconv.Unquote(literal.Value); err == nil {
					add[name] = true
				}
			}
			return true
		})
	}
	literals(file, known)
	ast.Inspect(file, func(n ast.Node) bool {
		if names, ok := n.(*ast.ValueSpec); ok && names.Names[0].Name == "secretNames" {
			literals(names, secret)
		}
		return true
	})
	if len(secret) == 0 || !known["RELAIS_LISTEN"] {
		t.Fatal("config.go no longer names its settings as this test reads them")
	}
	return known, secret
}

// instruction is one line of a Dockerfile.
type instruction struct{ word, rest string }

// TestDockerfile holds the image to what the README says of it: the last stage
// takes the program and nothing else, and runs it without rights or a shell.
func TestDockerfile(t *testing.T) {
	var last []instruction
	for line := range strings.Lines(read(t, deployed+"/Dockerfile")) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "" || strings.HasPrefix(word, "#"):
			continue
		case word == "FROM":
			last = nil
		case word == "ADD":
			t.Error("ADD fetches and unpacks: COPY says what comes in")
		}
		last = append(last, instruction{word, rest})
	}
	one := func(word string) string {
		var found []string
		for _, in := range last {
			if in.word == word {
				found = append(found, in.rest)
			}
		}
		if len(found) != 1 {
			t.Errorf("the last stage has %d lines %s, want one", len(found), word)
			return ""
		}
		return found[0]
	}
	if got := one("COPY"); got != "--from=build /relais /relais" {
		t.Errorf("the last stage copies %q", got)
	}
	if user, _, _ := strings.Cut(one("USER"), ":"); user == "" || user == "0" || user == "root" {
		t.Errorf("the program runs as %q", user)
	}
	for _, word := range []string{"ENTRYPOINT", "CMD"} {
		if got := one(word); !strings.HasPrefix(got, "[") {
			t.Errorf("%s %s needs a shell", word, got)
		}
	}
	if got := one("HEALTHCHECK"); !strings.Contains(got, `CMD ["/relais", "health"]`) {
		t.Errorf("HEALTHCHECK %s", got)
	}
	for _, in := range last {
		if in.word == "RUN" {
			t.Errorf("the last stage runs %q: there is no shell", in.rest)
		}
	}
}

// composed is what the test reads of compose.yaml.
type composed struct {
	Services map[string]struct {
		Image       string
		Command     []string
		Environment map[string]string
		Secrets     []string
		Networks    any
		ReadOnly    bool   `yaml:"read_only"`
		Grace       string `yaml:"stop_grace_period"`
		Ports       []string
		Volumes     []string
	}
	Secrets map[string]struct{ File string }
	Volumes map[string]any
}

func readCompose(t *testing.T) (c composed) {
	t.Helper()
	// A service overrides what it merges, which this reader takes for a mistake.
	err := yaml.UnmarshalWithOptions([]byte(read(t, deployed+"/compose.yaml")), &c, yaml.AllowDuplicateMapKey())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCompose reads compose.yaml as its program would, as far as our own
// mistakes go: names that nothing defines, files that are not there, instances
// that differ or that the proxy does not know.
func TestCompose(t *testing.T) {
	c := readCompose(t)
	for name, service := range c.Services {
		for _, secret := range service.Secrets {
			if _, ok := c.Secrets[secret]; !ok {
				t.Errorf("%s wants the secret %s, which is not defined", name, secret)
			}
		}
		for variable, value := range service.Environment {
			if path, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(service.Secrets, path) {
				t.Errorf("%s reads %s from a secret that it is not given", name, variable)
			}
		}
		for _, volume := range service.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			if _, named := c.Volumes[from]; named {
				continue
			}
			if _, err := os.Stat(filepath.Join(deployed, from)); err != nil {
				t.Errorf("%s mounts %s: %v", name, from, err)
			}
		}
		if len(service.Ports) > 0 && name != "proxy" {
			t.Errorf("%s is published: only the proxy is", name)
		}
	}
	for _, name := range []string{"relais-a", "relais-b"} {
		s := c.Services[name]
		if !s.ReadOnly || s.Grace != "20s" || s.Environment["RELAIS_MIGRATE"] != "0" {
			t.Errorf("%s: read-only %t, grace %q, migrates %q", name, s.ReadOnly, s.Grace, s.Environment["RELAIS_MIGRATE"])
		}
		network, _ := yaml.Marshal(s.Networks)
		address := regexp.MustCompile(`10\.[0-9.]+`).FindString(string(network))
		if address == "" || !strings.Contains(read(t, deployed+"/nginx.conf"), "server "+address+":8080 ") {
			t.Errorf("%s has the address %q, which the proxy does not know", name, address)
		}
	}
}

// TestSecretsAreMadeOnce makes the secrets that compose.yaml names, and again:
// nothing changes.
func TestSecretsAreMadeOnce(t *testing.T) {
	c := readCompose(t)
	dir := filepath.Join(t.TempDir(), "secrets")
	first := map[string]string{}
	for range 2 {
		if out, err := exec.Command("/bin/sh", deployed+"/secrets.sh", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for name, secret := range c.Secrets {
			made := read(t, filepath.Join(filepath.Dir(dir), secret.File))
			if before, ok := first[name]; ok && before != made {
				t.Errorf("the second run changed %s", name)
			}
			first[name] = made
		}
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}\n$`).MatchString(first["relais_secret"]) {
		t.Error("the master key is not 64 hexadecimal characters")
	}
	if url := "postgres://relais_app:" + strings.TrimSpace(first["app_password"]) + "@postgres:5432/relais\n"; first["database_url"] != url {
		t.Error("the address of the database is not the login's")
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may enter the directory of the secrets: %v", info.Mode())
	}
}

// TestProxySample lets nginx itself read the sample.
func TestProxySample(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx" // not on everybody's path
	}
	if _, err := os.Stat(nginx); err != nil {
		missing(t, "nginx")
	}
	dir := t.TempDir()
	sample := strings.ReplaceAll(read(t, deployed+"/nginx.conf"), "/var/log/nginx/", dir+"/")
	whole := "pid " + dir + "/pid;\nerror_log stderr;\nevents {}\nhttp {\n" + sample + "}\n"
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(nginx, "-t", "-q", "-p", dir, "-c", file).CombinedOutput(); err != nil {
		t.Errorf("nginx refuses the sample: %s", out)
	}
}

// TestUnit lets systemd itself read the unit, with a program that exists.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		missing(t, "systemd-analyze")
	}
	unit := strings.Replace(read(t, deployed+"/relais@.service"), "/usr/local/bin/relais ", os.Args[0]+" ", 1)
	file := filepath.Join(t.TempDir(), "relais@8081.service")
	if err := os.WriteFile(file, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd refuses the unit: %v\n%s", err, out)
	}
}

// missing fails the whole test for want of a program, and says that the quick
// part did without it.
func missing(t *testing.T, program string) {
	t.Helper()
	if os.Getenv("RELAIS_TEST_REQUIRE") == "1" && program == "nginx" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("NOT RUN: %s is not installed", program)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
