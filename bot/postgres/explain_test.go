package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"relais/bot/postgres"
	"relais/test/pgtest"
)

// still are the tables that do not grow with the people served.
var still = []string{"setting", "current", "version", "adviser", "goose_db_version"}

// whole are the statements that read a table or an index as a whole all the
// same, each by words of its own, and why.
var whole = map[string]string{
	`SELECT step, count(*) FROM conversation`: "who waits where is counted at a publication only; an index would cost every turn",
	`count(*), min(since) FROM conversation`:  "along an index that holds only who waits for a team",
	`DELETE FROM tombstone WHERE until <=`:    "a day's erasures, at an erasure",
}

// remember keeps the text of every statement that a store's connections have
// prepared.
func remember(t *testing.T, s *postgres.Store, statements map[string]bool) {
	ctx := context.Background() // the test's own has ended
	for _, conn := range postgres.PoolOf(s).AcquireAllIdle(ctx) {
		rows, _ := conn.Query(ctx, `SELECT statement FROM pg_prepared_statements`, pgx.QueryExecModeSimpleProtocol)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Errorf("list the prepared statements: %v", err)
		}
		for _, statement := range list {
			statements[statement] = true
		}
		conn.Release()
	}
}

// explain fails for each statement whose plan, made once and for any
// parameters while all tables are empty and were never analysed, reads a whole
// table or a whole index that grows. The store's connections keep such a plan
// for as long as they live.
func explain(t *testing.T, statements map[string]bool) {
	e := newExplainer(t)
	if bad := e.plan(t, `SELECT body FROM line WHERE class = $1`).reads(e.leads); len(bad) == 0 {
		t.Fatal("a plan that reads all lines is not found out")
	}
	if bad := e.plan(t, `SELECT n FROM line WHERE n > $1 ORDER BY conversation, n`).reads(e.leads); len(bad) == 0 {
		t.Fatal("a plan that walks along all lines is not found out")
	}
	explained, shown, excused := 0, 0, map[string]bool{}
	for _, sql := range slices.Sorted(maps.Keys(statements)) {
		if !planned(sql) {
			continue
		}
		explained++
		bad := e.plan(t, sql).reads(e.leads)
		if desk := e.deskPlan(t, sql); desk != nil {
			shown++
			for _, read := range desk.reads(e.leads) {
				bad = append(bad, read+", for an adviser")
			}
		}
		if part := excuse(sql); part != "" && len(bad) > 0 {
			excused[part] = true
			continue
		}
		for _, read := range bad {
			t.Errorf("%s:\n%s", read, sql)
		}
	}
	if explained < 60 || shown < 7 {
		t.Errorf("only %d statements were remembered, %d for advisers", explained, shown)
	}
	for part := range whole {
		if !excused[part] {
			t.Errorf("no statement needs to be excused for %q any more", part)
		}
	}
	t.Logf("%d statements explained, %d of them for advisers too, %d kinds excused", explained, shown, len(excused))
}

// planned tells whether a statement has a plan.
func planned(sql string) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	verb, _, _ = strings.Cut(verb, "\n")
	return slices.Contains([]string{"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"}, strings.ToUpper(verb))
}

// excuse is the part of whole that a statement holds.
func excuse(sql string) string {
	words := strings.Join(strings.Fields(sql), " ")
	for part := range whole {
		if strings.Contains(words, part) {
			return part
		}
	}
	return ""
}

// explainer has a connection of a store on an empty database, set up as all
// its connections are.
type explainer struct {
	conn  *pgx.Conn
	leads map[string]string // index → its first column
	made  int
}

func newExplainer(t *testing.T) *explainer {
	s := open(t, postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), Pool: 1})
	conn, err := postgres.PoolOf(s).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Release)
	e := &explainer{conn: conn.Conn(), leads: map[string]string{}}
	var mode string
	if err := e.conn.QueryRow(t.Context(), `SHOW plan_cache_mode`).Scan(&mode); err != nil || mode != "force_generic_plan" {
		t.Fatalf("plans are made %s (%v), want once", mode, err)
	}
	rows, _ := e.conn.Query(t.Context(), `
		SELECT indexrelid::regclass::text, attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]`)
	var index, column string
	if _, err := pgx.ForEachRow(rows, []any{&index, &column}, func() error { e.leads[index] = column; return nil }); err != nil {
		t.Fatal(err)
	}
	return e
}

// plan is how the engine's connections run a statement.
func (e *explainer) plan(t *testing.T, sql string) *node {
	t.Helper()
	p, err := e.explain(t, sql)
	if err != nil {
		t.Errorf("%v:\n%s", err, sql)
	}
	return p
}

// deskPlan is how a statement is run for an adviser, behind row-level security;
// nil for one that reads what advisers are not shown at all.
func (e *explainer) deskPlan(t *testing.T, sql string) *node {
	t.Helper()
	e.simply(t, `BEGIN; SELECT set_config('relais.organisation', 'a', true), set_config('role', 'relais_desk', true)`)
	defer e.simply(t, `ROLLBACK`)
	p, err := e.explain(t, sql)
	if err != nil {
		return nil
	}
	return p
}

func (e *explainer) simply(t *testing.T, sql string) []*pgconn.Result {
	t.Helper()
	results, err := e.conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return results
}

// explain prepares a statement as the store does, and asks for its plan.
func (e *explainer) explain(t *testing.T, sql string) (*node, error) {
	e.made++
	name := fmt.Sprint("explained_", e.made)
	prepared, err := e.conn.Prepare(t.Context(), name, sql)
	if err != nil {
		return nil, err
	}
	execute := `EXPLAIN (FORMAT JSON) EXECUTE ` + name
	if n := len(prepared.ParamOIDs); n > 0 {
		execute += `(` + strings.TrimSuffix(strings.Repeat("NULL, ", n), ", ") + `)`
	}
	results, err := e.conn.PgConn().Exec(t.Context(), execute).ReadAll()
	if err != nil {
		return nil, err
	}
	var plans []struct{ Plan *node }
	if err := json.Unmarshal(results[0].Rows[0][0], &plans); err != nil {
		return nil, err
	}
	return plans[0].Plan, nil
}

// node is a step of a plan.
type node struct {
	Type      string  `json:"Node Type"`
	Table     string  `json:"Relation Name"`
	Index     string  `json:"Index Name"`
	Condition string  `json:"Index Cond"`
	Filter    string  `json:"Filter"`
	Steps     []*node `json:"Plans"`
}

// reads lists the tables and indexes that a plan reads as a whole. An index
// looked into without a condition on its first column is one, unless only its
// first rows are asked for; leads tells which column that is.
func (n *node) reads(leads map[string]string) (list []string) {
	if n == nil {
		return nil
	}
	switch {
	case n.Type == "Seq Scan" && !slices.Contains(still, n.Table):
		list = append(list, "reads all of "+n.Table)
	case n.Index != "" && !strings.Contains(n.Condition, "("+leads[n.Index]+" ") && !n.ofStill():
		list = append(list, "reads along all of "+n.Index)
	}
	for _, step := range n.Steps {
		if n.Type == "Limit" && step.Index != "" && step.Filter == "" {
			continue
		}
		list = append(list, step.reads(leads)...)
	}
	return list
}

// ofStill tells whether an index is one of a table that stays small. A bitmap
// names no table.
func (n *node) ofStill() bool {
	return slices.ContainsFunc(still, func(table string) bool { return strings.HasPrefix(n.Index, table+"_") })
}

// What goes with a person, by their foreign keys, is found by an index too.
func TestWhatGoesAlongIsFoundByIndex(t *testing.T) {
	e := newExplainer(t)
	rows, _ := e.conn.Query(t.Context(), `
		SELECT conrelid::regclass::text, attname FROM pg_constraint
		JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
		WHERE contype = 'f' AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])`)
	var table, column string
	if _, err := pgx.ForEachRow(rows, []any{&table, &column}, func() error {
		if !slices.Contains(still, table) {
			t.Errorf("%s (%s) has no index", table, column)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
