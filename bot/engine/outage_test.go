package engine

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestAnOutageIsToldOnceAtEachEnd(t *testing.T) {
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	away := errors.Join(errors.New("no route to one"), errors.New("nor to the other"))
	var store outage
	for i, err := range []error{nil, away, away, away, nil, nil, away} {
		store.note(log, now.Add(time.Duration(i)*time.Second), err)
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	want := []string{`error="no route to one nor to the other"`, "away=3s", "does not answer"}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), said.String())
	}
	for i, part := range want {
		if !strings.Contains(lines[i], part) {
			t.Errorf("line %d is %q, want it to say %q", i+1, lines[i], part)
		}
	}
}
