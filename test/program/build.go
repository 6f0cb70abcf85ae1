package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// built is the program under test, made once per test process.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relais-program-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "relais")
	build := exec.Command("go", "build", "-o", path, "relais/cmd/relais")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("building relais: %w\n%s", err, out), os.RemoveAll(dir))
	}
	return path, nil
})

// Main builds the program, runs the tests of a package, removes the program
// and exits. It is what a TestMain calls.
func Main(m *testing.M) {
	path, err := built()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(filepath.Dir(path))
	os.Exit(code)
}

// Path is where the program is, built when it was not yet.
func Path() (string, error) {
	watch()
	return built()
}

// watch opens the folders of the source. `go test` takes a result from its
// cache when nothing that the tests opened has changed, and knows nothing of
// what they build.
var watch = sync.OnceFunc(func() {
	for _, dir := range []string{"bot", "channels", "cmd", "flows", "handoff"} {
		open := func(string, fs.DirEntry, error) error { return nil }
		_ = filepath.WalkDir(filepath.Join("..", "..", dir), open) // the build tells what is wrong
	}
})

// Run runs one command to its end, with env on top of the environment of the
// test, and returns what it printed. The error holds what it complained about.
func Run(env []string, args ...string) (stdout string, err error) {
	path, err := Path()
	if err != nil {
		return "", err
	}
	var out, complaint strings.Builder
	cmd := exec.Command(path, args...)
	cmd.Env = append(surroundings(), env...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("relais %s: %w\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return out.String(), nil
}

// surroundings is the environment of the test without any setting of relais: a
// test says all of those itself.
func surroundings() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "RELAIS_") || strings.HasPrefix(entry, "TWILIO_")
	})
}
