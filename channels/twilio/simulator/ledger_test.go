package simulator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"relais/channels/twilio/simulator"
)

func TestLedgerFileTellsWhatMemoryTells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w := newWorld(t, func(c *simulator.Config) { c.LedgerPath = path })
	w.mustSend(t, samira, "un, deux\n« trois »")
	w.mustText(t, samira, "bonjour") // received, not sent
	w.op.FailSends(1, simulator.AcceptReset)
	if _, _, err := w.post(soon(t)); err == nil {
		t.Fatal("the reset was answered")
	}
	written, err := simulator.ReadLedger(path) // before Close: each entry is there at once
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.op.Ledger(), written); diff != "" || len(written) != 2 {
		t.Errorf("%d entries; %s", len(written), diff)
	}
	if err := w.op.Close(); err != nil {
		t.Error(err)
	}
}

func TestLedgerSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w := newWorld(t, func(c *simulator.Config) { c.LedgerPath = path })
	w.mustSend(t, samira, "avant")
	w.op.Close()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"sid":"SM12","bo`); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if entries, err := simulator.ReadLedger(path); err != nil || len(entries) != 1 {
		t.Fatalf("with a torn line: %d entries, %v", len(entries), err)
	}
	w = newWorld(t, func(c *simulator.Config) { c.LedgerPath = path })
	w.mustSend(t, samira, "après")
	w.op.Close()
	entries, err := simulator.ReadLedger(path)
	if err != nil || len(entries) != 2 || entries[1].Body != "après" {
		t.Errorf("after the restart: %d entries, %v", len(entries), err)
	}
}

func TestLedgerThatCannotBeWrittenRefusesTheSend(t *testing.T) {
	w := newWorld(t, func(c *simulator.Config) { c.LedgerPath = t.TempDir() }) // a directory
	if _, err := w.send(t, samira, "Bonjour", nil); code(err) != 20500 {
		t.Errorf("code %d, want 20500", code(err))
	}
	if n := len(w.op.Phone(samira)); n != 0 {
		t.Errorf("%d messages on the phone", n)
	}
}

func TestReadLedgerWithoutAFile(t *testing.T) {
	entries, err := simulator.ReadLedger(filepath.Join(t.TempDir(), "none"))
	if entries != nil || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
}
