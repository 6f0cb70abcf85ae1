package postgres

import (
	"bytes"
	"testing"
)

// TestColumnsAreWrittenOver: what was sent is room for the next rows, whatever
// their types, and leaves nothing in them.
func TestColumnsAreWrittenOver(t *testing.T) {
	var used spare
	if allocated := testing.AllocsPerRun(100, func() {
		r := used.rows()
		r.row().int4(7).text("a text that needs some room of its own").null8()
		r.sent()
	}); allocated > 3 {
		t.Errorf("%v allocations for rows like the last ones", allocated)
	}
	again := used.rows()
	again.row().int8(1).bool(true)
	var fresh spare
	want := fresh.rows()
	want.row().int8(1).bool(true)
	got := again.appendTo(nil)
	for i, column := range want.appendTo(nil) {
		if !bytes.Equal(got[i], column) {
			t.Errorf("column %d is % x, want % x", i, got[i], column)
		}
	}
	if len(got) != 2 {
		t.Errorf("%d columns, want 2", len(got))
	}
}
