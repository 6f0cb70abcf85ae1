package transcripts

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what the transcripts expect, from the pure turn")

// Each transcript says the same on the pure turn and on the engine with
// SQLite.
func TestTranscripts(t *testing.T) {
	setting, err := NewSetting()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := read(t, file)
			if *update {
				want = play(t, want, setting, onPure(setting))
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, stage := range []struct {
				name string
				open func(at time.Time) (Stage, error)
			}{
				{"pure", onPure(setting)},
				{"sqlite", onSQLite(t, setting)},
			} {
				if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(play(t, want, setting, stage.open), "\n")); diff != "" {
					t.Errorf("%s says otherwise (-want +got):\n%s", stage.name, diff)
				}
			}
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func play(t *testing.T, text string, s *Setting, open func(time.Time) (Stage, error)) string {
	t.Helper()
	got, err := Play(t.Context(), text, s, open)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func onPure(s *Setting) func(time.Time) (Stage, error) {
	return func(at time.Time) (Stage, error) { return NewPure(s, at), nil }
}

func onSQLite(t *testing.T, s *Setting) func(time.Time) (Stage, error) {
	return func(at time.Time) (Stage, error) {
		live, err := OpenLive(t.Context(), s, at, t.TempDir())
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() {
			if err := live.Close(); err != nil {
				t.Error(err)
			}
		})
		return live, nil
	}
}
