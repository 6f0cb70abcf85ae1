package tables_test

import (
	"testing"
	"time"

	"relais/bot/tables"
)

func sum(rows ...tables.Row) string {
	d := tables.NewDigest()
	for _, row := range rows {
		d.Add(row)
	}
	return d.Sum()
}

// at is a moment; elsewhere is the same one, told in another zone.
var (
	at        = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)
	elsewhere = at.In(time.FixedZone("", 3600))
)

func TestTheSameRowsHaveTheSameDigest(t *testing.T) {
	one := sum(tables.Row{[]byte("a"), "b", int64(-1), true, at, time.Minute, []string{"x", "y"}})
	two := sum(tables.Row{[]byte("a"), "b", int64(-1), true, elsewhere, time.Minute, []string{"x", "y"}})
	if one != two || len(one) != 64 {
		t.Errorf("%s and %s", one, two)
	}
	if sum(tables.Row{[]string(nil)}) != sum(tables.Row{[]string{}}) {
		t.Error("a list that is missing and one that is empty differ")
	}
}

func TestOtherRowsHaveAnotherDigest(t *testing.T) {
	seen := map[string]int{}
	for i, rows := range [][]tables.Row{
		nil,
		{{}},
		{{}, {}},
		{{"ab", "c"}},
		{{"a", "bc"}},
		{{"abc"}},
		{{"a"}, {"bc"}},
		{{[]byte("abc")}},
		{{[]byte(nil)}},
		{{[]byte{}}},
		{{""}},
		{{int64(0)}},
		{{int64(1)}},
		{{true}},
		{{false}},
		{{time.Time{}, ""}},
		{{time.Unix(0, 0)}},
		{{at}},
		{{at.Add(time.Microsecond)}},
		{{time.Duration(0)}},
		{{[]string{}}},
		{{[]string{""}}},
		{{[]string{"a", "b"}}},
		{{[]string{"a"}, []string{"b"}}},
	} {
		s := sum(rows...)
		if before, ok := seen[s]; ok {
			t.Errorf("rows %d and %d have one digest", before, i)
		}
		seen[s] = i
	}
}

func TestKeysComeFirstAndNamesAreUnique(t *testing.T) {
	for _, table := range tables.All() {
		if table.Key < 1 || table.Key > len(table.Columns) {
			t.Errorf("%s: a key of %d columns", table.Name, table.Key)
		}
		seen := map[string]bool{}
		for _, c := range table.Columns {
			if seen[c.Name] {
				t.Errorf("%s: two columns are called %s", table.Name, c.Name)
			}
			seen[c.Name] = true
		}
	}
}
