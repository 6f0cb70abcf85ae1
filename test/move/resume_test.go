package move

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"relais/bot"
	"relais/bot/postgres"
	"relais/test/pgtest"
	"relais/test/program"
)

// lately is when the people of most tests said what they said.
var lately = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// crowd stores people who said a lot at a time.
func crowd(t *testing.T, s store, people, lines int, at time.Time) {
	t.Helper()
	group := make([]*bot.Commit, 0, 32)
	for k := range people {
		id := func(kind byte) bot.ID { return bot.ID{1, byte(k >> 8), byte(k), 15: kind} }
		c := &bot.Conversation{ID: id(1), Person: id(2), Created: at, Heard: at, Owner: bot.Owner{Kind: bot.Assistant},
			Threads: []bot.Thread{{ID: id(3), Channel: bot.SMS, Seq: int64(lines)}}, N: int64(lines)}
		turn := &bot.Commit{Source: "test", Event: fmt.Sprint(k), At: at, Conversation: c,
			Addresses: map[bot.ID]bot.Address{id(3): {Channel: bot.SMS, Value: fmt.Sprintf("+336%08d", k)}},
			Schedule:  []bot.Job{{Key: fmt.Sprint("silence/", k), Due: at.AddDate(1, 0, 0), Conversation: id(1)}},
			Audit:     []bot.AuditEntry{{At: at, Actor: "person", Action: "said"}}}
		for n := range int64(lines) {
			turn.Lines = append(turn.Lines, bot.Line{Conversation: c.ID, N: n + 1, Seq: n + 1, Thread: id(3), At: at,
				From: bot.FromPerson, Audience: bot.ForAll, Text: "un texte de quelques mots", Class: "said"})
		}
		if group = append(group, turn); len(group) == cap(group) || k == people-1 {
			outcomes, err := s.Commit(t.Context(), group, nil)
			if err := errors.Join(append(outcomes, err)...); err != nil {
				t.Fatal(err)
			}
			group = group[:0]
		}
	}
}

func count(t *testing.T, url, table string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAMoveStoppedAnywhereIsResumed ends the command at each boundary of a
// batch, again and again, until it has moved everything.
func TestAMoveStoppedAnywhereIsResumed(t *testing.T) {
	const people, lines = 120, 50
	url := pgtest.Start(t)
	path, file := newFile(t)
	crowd(t, file, people, lines, lately)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for _, point := range []string{"save:before", "save:written@2", "save:after@3", "save:written@3", "save:after@2", "save:before@2"} {
		_, err := move(path, url, "RELAIS_TEST_CRASH="+point)
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != 137 {
			t.Fatalf("not stopped at %s: %v", point, err)
		}
		if _, err := postgres.Open(t.Context(), postgres.Config{URL: url, Keys: keyring(t)}); !errors.Is(err, postgres.ErrMoving) {
			t.Errorf("stopped at %s, a server opens it: %v", point, err)
		}
	}
	out, err := move(path, url)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?s)an earlier move is resumed.*line: goes on after [246]000 rows.*line +6000 +6000 .* same`).MatchString(out) {
		t.Errorf("the command said:\n%s", out)
	}
	if n := count(t, url, "line"); n != people*lines {
		t.Errorf("%d lines, want %d", n, people*lines)
	}
	if l, err := openServer(t, url).Load(t.Context(), bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: "+33600000007"}}); err != nil || l.Conversation.N != lines {
		t.Errorf("somebody has %d lines (%v)", l.Conversation.N, err)
	}
}

// TestAKilledMoveIsResumed ends the command while it copies lines, as a power cut
// would and with Ctrl-C.
func TestAKilledMoveIsResumed(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal os.Signal
		said   string
	}{
		{"kill", os.Kill, ""},
		{"interrupt", os.Interrupt, "relais: stopped: run the same command again to go on\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const people, lines = 400, 60
			url := pgtest.Start(t)
			path, file := newFile(t)
			crowd(t, file, people, lines, lately)
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			if said := stopInLines(t, path, url, c.signal); said != c.said {
				t.Errorf("it said %q, want %q", said, c.said)
			}
			t.Logf("stopped after %d of %d lines", count(t, url, "line"), people*lines)
			if out, err := move(path, url); err != nil || !strings.Contains(out, "an earlier move is resumed") {
				t.Errorf("the command said (%v):\n%s", err, out)
			}
			if n := count(t, url, "line"); n != people*lines {
				t.Errorf("%d lines, want %d", n, people*lines)
			}
		})
	}
}

// stopInLines runs the command until it has copied some lines, stops it, and
// returns what it complained about.
func stopInLines(t *testing.T, path, url string, signal os.Signal) string {
	t.Helper()
	binary, err := program.Path()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(binary, "move", "--from", "sqlite:"+path, "--to", url)
	cmd.Env, cmd.Stderr = []string{"RELAIS_SECRET=" + secret, "RELAIS_LOG=warn"}, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !anyLine(t, url) {
		select {
		case err := <-ended:
			t.Fatalf("the command ended: %v: %s", err, said.String())
		case <-time.After(time.Millisecond):
		}
	}
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Fatal("the command ended well")
	}
	return said.String()
}

// anyLine tells whether a line has arrived. The tables come with the first
// connection of the command, lines a moment later.
func anyLine(t *testing.T, url string) (some bool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	err = conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM line)`).Scan(&some)
	return err == nil && some
}

// TestAStoreUsedMeanwhileIsNotMoved lets somebody write to the old store
// between two runs of the command: what was copied is not what is there.
func TestAStoreUsedMeanwhileIsNotMoved(t *testing.T) {
	url := pgtest.Start(t)
	path, file := newFile(t)
	crowd(t, file, 100, 50, lately)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := move(path, url, "RELAIS_TEST_CRASH=save:after@9"); err == nil {
		t.Fatal("not stopped")
	}
	file = openFile(t, path)
	l, err := file.Load(t.Context(), bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: "+33600000003"}})
	if err != nil {
		t.Fatal(err)
	}
	l.Conversation.Lang = "en"
	outcomes, err := file.Commit(t.Context(), []*bot.Commit{{Conversation: &l.Conversation}}, nil)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := move(path, url)
	if err == nil || !strings.Contains(err.Error(), "not moved: conversation differ") || !strings.Contains(out, "DIFFERS") {
		t.Errorf("the command said (%v):\n%s", err, out)
	}
	server, err := program.Start([]string{"RELAIS_SECRET=" + secret, "RELAIS_DATABASE_URL=" + url})
	if err == nil {
		server.Kill()
		t.Error("a server starts on what is not whole")
	} else if !strings.Contains(err.Error(), "run relais move again") {
		t.Errorf("the server said %v", err)
	}
}

// TestMovesThatAreRefused says why in one line, and changes nothing.
func TestMovesThatAreRefused(t *testing.T) {
	url := pgtest.Start(t)
	path := filepath.Join(t.TempDir(), "relais.db")
	env := []string{"RELAIS_SECRET=" + secret, "RELAIS_DATABASE_URL=sqlite:" + path, "RELAIS_DEMO=0"}
	server, err := program.Start(env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	refused := func(why, from, to, master string) {
		t.Helper()
		_, err := program.Run([]string{"RELAIS_SECRET=" + master, "RELAIS_LOG=error"}, "move", "--from", from, "--to", to)
		if err == nil || !strings.Contains(err.Error(), why) || strings.Count(strings.TrimSpace(err.Error()), "\n") != 1 {
			t.Errorf("want %q in one line, got %v", why, err)
		}
	}
	foreign := strings.Repeat("08", 32)
	refused("a server or a command has the database open: stop it first", "sqlite:"+path, url, secret)
	refused("no such file", "sqlite:"+path+"x", url, secret)
	refused("--from: want sqlite:path", path, url, secret)
	refused("--to: want postgres://", "sqlite:"+path, "sqlite:"+path, secret)
	server.Kill() // as a power cut would: its last writes are in the log beside the file
	refused("sealed under another master key", "sqlite:"+path, url, foreign)
	if out, err := move(path, url); err != nil || !regexp.MustCompile(`setting +2 +2 `).MatchString(out) {
		t.Errorf("the command said (%v):\n%s", err, out)
	}
	other, file := newFile(t)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	refused("the database is not empty: it took in a store (the move began on 20", "sqlite:"+other, url, secret)
}
