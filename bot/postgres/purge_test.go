package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"relais/bot/postgres"
	"relais/bot/storetest"
	"relais/test/pgtest"
)

func TestPurgeBesideTurns(t *testing.T) {
	storetest.PurgeBesideTurns(t, func(t *testing.T) storetest.Opened {
		url, keys := pgtest.Start(t), keyring(t, 1)
		return storetest.Opened{Name: "postgres", Again: func(t *testing.T, crash func(string)) storetest.Store {
			return open(t, postgres.Config{URL: url, Keys: keys, Crash: crash})
		}}
	})
}

func TestTheJournalKeepsWhatJustHappened(t *testing.T) {
	url := pgtest.Start(t)
	full(t, open(t, postgres.Config{URL: url, Keys: keyring(t, 1)}))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{`DELETE FROM audit`, `SET ROLE relais_engine; DELETE FROM audit`, `SET ROLE relais_engine; TRUNCATE audit`} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s emptied the journal", statement)
		}
	}
}

// Whoever deletes a person, their answers go too: no foreign key says so.
func TestAnswersGoWithTheirConversation(t *testing.T) {
	for _, role := range []string{"relais_engine", "NONE"} {
		url := pgtest.Start(t)
		full(t, open(t, postgres.Config{URL: url, Keys: keyring(t, 1)}))
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		var before, after int
		for _, left := range []*int{&before, &after} {
			if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM answer`).Scan(left); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), `SET ROLE `+role+`; DELETE FROM person; RESET ROLE`); err != nil {
				t.Fatal(err)
			}
		}
		if before == 0 || after != 0 {
			t.Errorf("%s: %d answers before, %d after", role, before, after)
		}
	}
}
