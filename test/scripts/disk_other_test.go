//go:build !linux

package scripts

import "github.com/rogpeppe/go-internal/testscript"

// disk is for Linux only, where another process's limits can be changed.
func disk(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("disk works on Linux only") }
