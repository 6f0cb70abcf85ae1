package move

import (
	"errors"
	"log/slog"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"relais/bot/postgres"
	"relais/bot/sqlite"
	"relais/test/pgtest"
	"relais/test/program"
)

// opened tells in which of its two places a store can be opened.
func opened(t *testing.T, path, url string) (file, database bool) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Keys: keyring(t)})
	if err == nil {
		err = s.Close()
		file = true
	}
	if err != nil && !errors.Is(err, sqlite.ErrMoved) {
		t.Fatal(err)
	}
	d, err := postgres.Open(t.Context(), postgres.Config{URL: url, Keys: keyring(t), Pool: 1, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = d.Close()
		database = true
	}
	if err != nil && !errors.Is(err, postgres.ErrMoving) {
		t.Fatal(err)
	}
	return file, database
}

// TestNoTwoServersOpenOneStore stops the command before and after each of its
// writes: from the first one on, the file and the database are never both open
// to servers. Once it has ended, the same command does nothing, and says when the
// move began.
func TestNoTwoServersOpenOneStore(t *testing.T) {
	url := pgtest.Start(t)
	path, file := newFile(t)
	crowd(t, file, 3, 2, lately)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	betweenBoth := false
	for step := 0; ; step++ {
		point := []string{"save:before", "save:after", "save:before@2", "save:after@2"}[step%4] // settings are written each time
		out, err := move(path, url, "RELAIS_TEST_CRASH="+point)
		if err == nil {
			if !regexp.MustCompile(`^moved already \(the move began on 20\d\d-[0-9-]+ [0-9:]+ UTC\): nothing was done\n$`).MatchString(out) {
				t.Errorf("the command said:\n%s", out)
			}
			break
		}
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != 137 || step > 60 {
			t.Fatalf("not stopped at %s, step %d: %v", point, step, err)
		}
		file, database := opened(t, path, url)
		if file && database {
			t.Errorf("stopped at %s, step %d: both can be opened", point, step)
		}
		betweenBoth = betweenBoth || !file && !database
	}
	if file, database := opened(t, path, url); file || !database {
		t.Errorf("moved: the file can be opened: %v, the database: %v", file, database)
	}
	if !betweenBoth {
		t.Error("it was never stopped between leaving the file and letting the database in")
	}
}

// TestAMoveElsewhereEndsTheFirst stops a move, moves the same file to another
// database, and runs the first command again: it must not fill its database too,
// from a file whose people are answered from the other one.
func TestAMoveElsewhereEndsTheFirst(t *testing.T) {
	first, second := pgtest.Start(t), pgtest.Start(t)
	path, file := newFile(t)
	crowd(t, file, 3, 2, lately)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	var ended *exec.ExitError
	if _, err := move(path, first, "RELAIS_TEST_CRASH=save:after@4"); !errors.As(err, &ended) || ended.ExitCode() != 137 {
		t.Fatalf("not stopped: %v", err)
	}
	if _, err := move(path, second); err != nil {
		t.Fatal(err)
	}
	refusal := regexp.MustCompile(`(?m)^relais: the file was moved to another database \(the move began on 20[0-9-]+ [0-9:]+ UTC\): nothing was done ` +
		`\(to move it again: first relais move --undo --from sqlite:` + regexp.QuoteMeta(path) + `\)$`)
	if out, err := move(path, first); err == nil || !refusal.MatchString(err.Error()) || out != "" {
		t.Errorf("the first command again said (%v):\n%s", err, out)
	}
	if file, database := opened(t, path, first); file || database {
		t.Errorf("can be opened: the file: %v, the first database: %v", file, database)
	}
	if file, database := opened(t, path, second); file || !database {
		t.Errorf("can be opened: the file: %v, the second database: %v", file, database)
	}
	if out, err := move(path, second); err != nil || !strings.HasPrefix(out, "moved already") {
		t.Errorf("the second command again said (%v):\n%s", err, out)
	}
}

// TestAFileThatWasMovedIsNotServed refuses the old file to servers, to commands
// and to another move, until somebody says that it is to be used again.
func TestAFileThatWasMovedIsNotServed(t *testing.T) {
	url := pgtest.Start(t)
	path, file := newFile(t)
	crowd(t, file, 1, 1, lately)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := move(path, url); err != nil {
		t.Fatal(err)
	}
	env := []string{"RELAIS_SECRET=" + secret, "RELAIS_DATABASE_URL=sqlite:" + path, "RELAIS_DEMO=0"}
	refusal := regexp.MustCompile(`relais: the store in this file was moved to Postgres \(the move began on 20[0-9-]+ [0-9:]+ UTC\): set RELAIS_DATABASE_URL to the new database ` +
		`\(to use the file again all the same: relais move --undo --from sqlite:` + regexp.QuoteMeta(path) + `\)\n`)
	server, err := program.Start(env)
	if err == nil {
		server.Kill()
		t.Fatal("a server uses the old file")
	}
	if !refusal.MatchString(err.Error()) {
		t.Errorf("the server said %v", err)
	}
	if _, err := program.Run(env, "advisers", "list"); err == nil || !refusal.MatchString(err.Error()) {
		t.Errorf("a command said %v", err)
	}
	elsewhere := pgtest.Start(t)
	if _, err := move(path, elsewhere); err == nil || !strings.Contains(err.Error(), "UTC): nothing was done (to move it again: first relais move --undo --from sqlite:") {
		t.Errorf("a move elsewhere: %v", err)
	}
	empty, err := postgres.Open(t.Context(), postgres.Config{URL: elsewhere, Keys: keyring(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Errorf("after that the other database cannot be opened: %v", err)
	} else if err := empty.Close(); err != nil {
		t.Error(err)
	}

	out, err := program.Run(env, "move", "--undo", "--from", "sqlite:"+path)
	if err != nil || !strings.HasPrefix(out, "the file can be used again; what happened in Postgres since the move, begun on 20") {
		t.Errorf("it said %q (%v)", out, err)
	}
	if server, err = program.Start(env); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := move(path, url); err == nil || !strings.Contains(err.Error(), "the database is not empty: it took in a store (the move began on 20") {
		t.Errorf("a second move of what was used since: %v", err)
	}
	if _, err := move(path, elsewhere); err != nil {
		t.Errorf("a move to an empty database: %v", err)
	}
}
