package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// README.md has a row for every migration of both stores, which says what the
// first line of its file says, and none for a file that is gone.
func TestTheReadmeTellsEveryMigration(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "\n## Migrations\n")
	if !found {
		t.Fatal("README.md has no section Migrations")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	files, err := filepath.Glob("../bot/*/migrations/*.sql")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d migrations found (%v)", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		does, isComment := strings.CutPrefix(first, "-- ")
		if !isComment || !strings.HasSuffix(does, ".") {
			t.Errorf("%s does not begin with a line that says what it does", file)
		}
		row := fmt.Sprintf("| `%s` | %s |", strings.TrimPrefix(filepath.ToSlash(file), "../"), does)
		if !strings.Contains(section, row+"\n") {
			t.Errorf("README.md, Migrations, lacks the row\n%s", row)
		}
	}
	if rows := strings.Count(section, "\n| `bot/"); rows != len(files) {
		t.Errorf("README.md, Migrations, has %d rows for %d files", rows, len(files))
	}
}
