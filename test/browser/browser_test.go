// Package browser plays the whole story in a real browser, against the real
// program: somebody chats, somebody else texts, advisers answer both.
//
// The story itself is JavaScript (story.mjs) driven by Playwright in the
// machine's own Chromium; test/setup.sh fetches what it needs. Where that is
// missing the test says so and is skipped, unless RELAIS_TEST_REQUIRE=1.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"relais/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

func TestStory(t *testing.T) {
	program.Whole(t)
	server := play(t, requireKit(t), scene{script: "story.mjs"})
	told := server.Secrets("33639980001", "06 39 98", "mirabelle", "besanson", "jeudi", "Samira", "demo.relais.example")
	if len(told) > 0 {
		t.Errorf("the log holds %q:\n%s", told, server.Log())
	}
}

// What an adviser waits for appears at once, however busy the service is.
func TestLive(t *testing.T) {
	program.Whole(t)
	play(t, requireKit(t), scene{script: "live.mjs"})
}

// RELAIS_PICTURES=1 takes the pictures of the README anew.
func TestPictures(t *testing.T) {
	if os.Getenv("RELAIS_PICTURES") != "1" {
		return // a chore with the same needs, not a test of anything
	}
	play(t, requireKit(t), scene{script: "pictures.mjs"})
	for _, name := range []string{"chat", "phone", "console-list", "console-conversation"} {
		file := filepath.Join("pictures", name+".png")
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 150<<10 {
			t.Errorf("%s: %d bytes are too many for a README", file, info.Size())
		}
	}
}

// kit is what the machine must have beside Go.
type kit struct {
	node, chromium string
}

// requireKit finds the kit, or ends the test aloud.
func requireKit(t *testing.T) kit {
	t.Helper()
	var missing []string
	find := func(what string, candidates ...string) string {
		for _, name := range candidates {
			if path, err := exec.LookPath(name); err == nil {
				return path
			}
		}
		missing = append(missing, what)
		return ""
	}
	k := kit{
		node:     find("Node.js", "node"),
		chromium: find("Chromium", os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"),
	}
	for _, name := range []string{"playwright-core", "axe-core"} {
		if _, err := os.Stat(filepath.Join("node_modules", name)); err != nil {
			missing = append(missing, "the npm package "+name)
		}
	}
	if len(missing) == 0 {
		return k
	}
	needs := "the browser test needs " + strings.Join(missing, ", ") + "; `make setup` installs what it may"
	if os.Getenv("RELAIS_TEST_REQUIRE") == "1" {
		t.Fatal(needs)
	}
	t.Skip("NOT RUN: " + needs)
	return kit{}
}

// storyTime is far more than a story takes on a busy machine.
const storyTime = 6 * time.Minute

// scene is a script, and what the environment of the program and its own have
// besides (NAME=value).
type scene struct {
	script         string
	program, stage []string
}

// play runs one script against a demonstration of its own, with an empty store,
// and stops the program well. What a failed scene says is in the test's log.
func play(t *testing.T, k kit, s scene) *program.Server {
	t.Helper()
	server, err := program.StartIn(t.TempDir(), s.program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	accounts, err := demoAccounts(server.Out())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), storyTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.node, s.script)
	cmd.Env = append(os.Environ(), "CHROMIUM="+k.chromium, "RELAIS_TEST_URL="+server.URL(), "RELAIS_TEST_ACCOUNTS="+accounts)
	cmd.Env = append(cmd.Env, s.stage...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // the browser goes with it
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	t.Logf("%s\n%s", s.script, out)
	if err != nil {
		t.Fatalf("%s: %v\nlog of the program:\n%s", s.script, err, server.Log())
	}
	if err := server.Stop(); err != nil {
		t.Errorf("%v\n%s", err, server.Log())
	}
	return server
}

// demoAccounts reads the accounts in what the program printed when it started,
// and gives them as the scripts want them: a JSON array, in the order Samira,
// Paul, Léa.
func demoAccounts(printed string) (string, error) {
	type account struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Name     string `json:"name"`
	}
	names := []string{"Samira", "Paul", "Léa"}
	var accounts []account
	for line := range strings.Lines(printed) {
		fields := strings.Fields(line)
		if len(fields) != 2 || !strings.Contains(fields[0], "@") {
			continue
		}
		if len(accounts) == len(names) {
			return "", fmt.Errorf("more than %d accounts: there is %q", len(names), line)
		}
		accounts = append(accounts, account{Email: fields[0], Password: fields[1], Name: names[len(accounts)]})
	}
	if len(accounts) < len(names) {
		return "", fmt.Errorf("%d accounts wanted, %d were printed", len(names), len(accounts))
	}
	data, err := json.Marshal(accounts)
	return string(data), err
}
