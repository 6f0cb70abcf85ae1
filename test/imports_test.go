package test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// arrows is the drawing of STYLE and ARCHITECTURE as a table: what each package
// may import of this module. Packages end to end point one way, down.
var arrows = map[string][]string{
	"flows/segments":            {},
	"flows/understand":          {},
	"flows":                     {"flows/segments", "flows/understand"},
	"bot/calendar":              {},
	"bot/appointments":          {"bot/calendar"},
	"handoff":                   {"bot/calendar", "bot/appointments"},
	"bot":                       {"flows", "flows/segments", "flows/understand", "handoff", "bot/calendar", "bot/appointments"},
	"bot/seal":                  {"bot", "bot/appointments"},
	"bot/tables":                {},
	"bot/recent":                {},
	"bot/bus":                   {"bot"},
	"bot/engine":                {"bot", "bot/bus", "bot/recent", "flows", "flows/understand", "handoff"},
	"bot/sqlite":                {"bot", "bot/recent", "bot/seal", "bot/tables", "bot/appointments"},
	"bot/postgres":              {"bot", "bot/recent", "bot/seal", "bot/tables", "bot/appointments"},
	"channels/twilio":           {"flows/segments"},
	"channels/twilio/simulator": {},
	"channels/webchat":          {"bot", "bot/bus", "bot/engine", "bot/calendar"},
	"channels/terminal":         {"bot", "bot/engine", "flows", "handoff", "bot/calendar", "bot/appointments"},
	"handoff/console":           {"bot", "bot/bus", "bot/engine", "bot/calendar", "flows/segments", "handoff"},
}

// above may import anything: they join things together, or test.
func above(path string) bool {
	return path == "cmd/relais" || path == "test" || strings.HasPrefix(path, "test/") || path == "bot/storetest"
}

func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "relais/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(p.ImportPath, "relais/")
		if above(path) {
			continue
		}
		allowed, known := arrows[path]
		if !known {
			t.Errorf("%s is not on the drawing: give it a place in the table and in ARCHITECTURE.md", path)
			continue
		}
		seen++
		for _, imported := range p.Imports {
			if own, ours := strings.CutPrefix(imported, "relais/"); ours && !contains(allowed, own) {
				t.Errorf("%s imports %s: the arrow is not on the drawing", path, own)
			}
		}
	}
	if seen < len(arrows) {
		t.Errorf("saw %d packages of %d on the drawing: one is gone", seen, len(arrows))
	}
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}
