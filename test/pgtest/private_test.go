package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"relais/test/pgtest"
)

// TestAPrivateServerComesBack hurts a server in both ways: what was committed
// is there when it starts again.
func TestAPrivateServerComesBack(t *testing.T) {
	server := pgtest.StartPrivate(t)
	execute(t, server.URL("postgres"), "CREATE TABLE kept (n int)")
	for _, hurt := range []func() error{server.Kill, server.Stop, server.Kill} {
		execute(t, server.URL("postgres"), "INSERT INTO kept VALUES (1)")
		if err := hurt(); err != nil {
			t.Fatal(err)
		}
		if conn, err := pgx.Connect(t.Context(), server.URL("postgres")); err == nil {
			conn.Close(t.Context())
			t.Error("it still takes connections")
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var kept int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&kept); err != nil || kept != 3 {
		t.Errorf("%d rows kept (%v), want 3", kept, err)
	}
}
