package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"relais/test/pgtest"
	"relais/test/program"
)

// What people read while the database is away, and what becomes of what they
// wrote.
func TestDatabaseAway(t *testing.T) {
	program.Whole(t)
	kit := requireKit(t)
	database := pgtest.StartPrivate(t)
	play(t, kit, scene{
		script: "away.mjs",
		program: []string{
			"RELAIS_DEMO=1", "RELAIS_DATABASE_URL=" + database.URL("postgres"), "RELAIS_SECRET=" + strings.Repeat("5a", 32),
		},
		stage: []string{"RELAIS_TEST_DATABASE=" + remote(t, database)},
	})
}

// remote lets a script stop the database and start it: it returns the address
// to ask, by POST, for /stop or /start.
func remote(t *testing.T, database *pgtest.Private) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, act := range map[string]func() error{"POST /stop": database.Stop, "POST /start": database.Start} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if err := act(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// What people read while no instance answers behind the proxy.
func TestNobodyBehindTheProxy(t *testing.T) {
	program.Whole(t)
	play(t, requireKit(t), scene{script: "proxy.mjs"})
}
