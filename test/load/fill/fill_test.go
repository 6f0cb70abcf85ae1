package fill

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/seal"
	sqlitestore "relais/bot/sqlite"
	"relais/test/load/texting"
	"relais/test/pgtest"

	postgresstore "relais/bot/postgres"
)

// stores opens both stores and gives each with the address that fills it. On
// Postgres only when the whole test runs.
func stores(t *testing.T, test func(t *testing.T, s bot.Store, dsn string)) {
	keys, err := seal.NewKeyring(make([]byte, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "relais.db")
		s, err := sqlitestore.Open(t.Context(), sqlitestore.Config{Path: path, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s, "sqlite:"+path)
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := pgtest.Start(t)
		s, err := postgresstore.Open(t.Context(), postgresstore.Config{URL: dsn, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s, dsn)
	})
}

// count counts the rows of a table beside the store.
func count(t *testing.T, dsn, table string) (rows int) {
	t.Helper()
	driver, name := "pgx", dsn
	if after, embedded := cutSQLite(dsn); embedded {
		driver, name = "sqlite", after
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func cutSQLite(dsn string) (string, bool) {
	const prefix = "sqlite:"
	if len(dsn) > len(prefix) && dsn[:len(prefix)] == prefix {
		return dsn[len(prefix):], true
	}
	return "", false
}

func TestBulkFitsTheSchema(t *testing.T) {
	stores(t, func(t *testing.T, s bot.Store, dsn string) {
		if err := Strangers(t.Context(), dsn, 400); err != nil {
			t.Fatal(err)
		}
		if err := Future(t.Context(), dsn, 50); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{"person": 20, "conversation": 20, "thread": 20, "line": 400, "seen": 200, "job": 50} {
			if got := count(t, dsn, table); got != want {
				t.Errorf("%s: %d rows, want %d", table, got, want)
			}
		}
		due, next, err := s.Due(t.Context(), time.Now(), 10, time.Second)
		if err != nil || len(due) != 0 || next.Before(time.Now().Add(23*time.Hour)) {
			t.Errorf("%d jobs are due already, the next at %v: %v", len(due), next, err)
		}
	})
}

func TestLettersWaitInTheirOutbox(t *testing.T) {
	stores(t, func(t *testing.T, s bot.Store, _ string) {
		due := time.Now().Add(time.Hour)
		texts, err := Letters(t.Context(), s, 100, 20, due)
		if err != nil {
			t.Fatal(err)
		}
		if texts != 20+2*(lines-1) { // persons 100 and 110 have more
			t.Errorf("%d texts", texts)
		}
		out := outbox(t, s, 110)
		if len(out.Lines) != lines || out.Lines[0].Text == out.Lines[1].Text || out.Address.Value != texting.Phone(110) {
			t.Errorf("person 110 waits for %d lines at %s", len(out.Lines), out.Address.Value)
		}
		jobs, _, err := s.Due(t.Context(), due.Add(time.Second), 100, time.Second)
		if err != nil || len(jobs) != 20 {
			t.Errorf("%d jobs are due at their time: %v", len(jobs), err)
		}
	})
}

func TestRemindersHaveTheirAppointment(t *testing.T) {
	stores(t, func(t *testing.T, s bot.Store, _ string) {
		due := time.Now().Add(time.Hour)
		if _, err := Reminders(t.Context(), s, 0, 3, due); err != nil {
			t.Fatal(err)
		}
		l, err := s.Load(t.Context(), bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: texting.Phone(2)}})
		if err != nil || len(l.Booked) != 1 || !l.Booked[0].Start.After(due.Add(24*time.Hour)) {
			t.Errorf("booked %v: %v", l.Booked, err)
		}
	})
}

func TestTalkersHaveAPast(t *testing.T) {
	stores(t, func(t *testing.T, s bot.Store, _ string) {
		if err := Talkers(t.Context(), s, 0, 2, 30); err != nil {
			t.Fatal(err)
		}
		l, err := s.Load(t.Context(), bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: texting.Phone(1)}})
		if err != nil || l.Conversation.N != 30 {
			t.Fatalf("%d lines: %v", l.Conversation.N, err)
		}
		past, err := s.History(t.Context(), bot.HistoryQuery{Conversation: l.Conversation.ID})
		if err != nil || len(past) != 30 {
			t.Errorf("%d lines read back: %v", len(past), err)
		}
		if out := outbox(t, s, 1); len(out.Lines) != 0 {
			t.Errorf("%d lines still wait to be sent", len(out.Lines))
		}
	})
}

func outbox(t *testing.T, s bot.Store, person int) bot.Outbox {
	t.Helper()
	ctx := context.Background()
	l, err := s.Load(ctx, bot.Ref{Address: bot.Address{Channel: bot.SMS, Value: texting.Phone(person)}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Outbox(ctx, l.Thread, 10)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
