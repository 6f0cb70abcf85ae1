// Package scripts tests the real binary with scripts that read like a session
// in a terminal: testdata/*.txtar, each in a directory of its own. Besides the
// usual commands (exec, stdin, stdout, grep, cmp…), see commands_test.go for
// those that text, listen and look at a phone.
package scripts

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"relais/test/program"
)

var update = flag.Bool("update", false, "rewrite the files that cmp compares with; the diff is the review")

func TestMain(m *testing.M) { program.Main(m) }

func TestScripts(t *testing.T) {
	flows, err := filepath.Abs("../../flows/builtin") // for scripts that change them
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("FLOWS", flows)
			return begin(env)
		},
		Cmds: commands,
	})
}

// begin gives a script its session, and looks through its logs at the end.
func begin(env *testscript.Env) error {
	s := newSession(env.WorkDir)
	env.Values[sessionKey{}] = s
	env.Defer(func() {
		s.close()
		if found := s.leaks(); len(found) > 0 {
			env.T().Fatal(fmt.Sprintf("the logs hold %q", found))
		}
	})
	return nil
}
