package postgres_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/postgres"
	kept "relais/bot/tables" // roles_test.go has another word "tables"
	"relais/test/pgtest"
)

// full stores something in every table.
func full(t *testing.T, s *postgres.Store) {
	t.Helper()
	at := time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)
	newcomer := func(n byte, phone string) *bot.Commit {
		c := &bot.Conversation{
			ID: bot.ID{1, n, 1}, Person: bot.ID{1, n, 2}, Created: at, Heard: at, N: 2,
			Owner: bot.Owner{Kind: bot.Assistant}, Threads: []bot.Thread{{ID: bot.ID{1, n, 3}, Channel: bot.SMS, Seq: 2}},
		}
		turn := &bot.Commit{At: at, Conversation: c, Addresses: map[bot.ID]bot.Address{c.Threads[0].ID: {Channel: bot.SMS, Value: phone}}}
		for k := range int64(2) {
			turn.Lines = append(turn.Lines, bot.Line{Conversation: c.ID, N: k + 1, Seq: k + 1, Thread: c.Threads[0].ID, At: at, Audience: bot.ForAll, Text: "texte"})
		}
		return turn
	}
	turn, erased := newcomer(1, "+33639980001"), newcomer(2, "+33639980002")
	id := turn.Conversation.ID
	turn.Source, turn.Event = "test", "e"
	turn.Answers = []bot.Answer{{Key: "needs", Codes: []string{"a", "b"}, At: at}, {Key: "none", At: at}, {Key: "Accentué", At: at}, {Key: "éa", At: at}}
	turn.HandOffs = []bot.Hand{{HandOff: bot.HandOff{ID: bot.ID{8}, Organisation: "b", Since: at}, Ended: at},
		{HandOff: bot.HandOff{ID: bot.ID{7}, Organisation: "a", Since: at.Add(time.Hour)}, Ended: at}}
	turn.Items = []bot.Item{{ID: bot.ID{8}, Organisation: "a", Text: "texte", At: at}}
	turn.Booked = []appointments.Appointment{{Key: appointments.Key{Source: "csv", ExternalID: "1"}, Start: at, Duration: time.Hour}}
	turn.Schedule = []bot.Job{{Key: "silence", Conversation: id, Due: at}, {Key: "Éa", Due: at}, {Key: "b", Due: at}}
	turn.OptOuts = []bot.OptOut{{Thread: turn.Conversation.Threads[0].ID, At: at, Proof: "STOP"}}
	turn.Audit = []bot.AuditEntry{{At: at, Actor: "person", Action: "said"}}
	outcomes, err := s.Commit(t.Context(), []*bot.Commit{turn, erased}, nil)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Fatal(err)
	}
	_, _, claimed := s.Due(t.Context(), at, 1, time.Minute)
	_, gone := s.Erase(t.Context(), bot.Ref{Conversation: erased.Conversation.ID}, at)
	account := bot.Account{ID: "0123456789abcdef0123456789abcdef", Email: "samira@example.org", Created: at}
	_, published := s.Publish(t.Context(), []bot.Version{{Name: "welcome", Hash: "h", Files: map[string][]byte{"a": []byte("b")}, At: at}})
	_, saved := s.SaveTerritory(t.Context(), []byte("name: Doubs"))
	if err := errors.Join(claimed, gone, published, saved, s.SaveAdviser(t.Context(), account),
		s.OpenSession(t.Context(), bot.SignIn{TokenHash: [32]byte{1}, Adviser: account.ID, Until: at, Latest: at})); err != nil {
		t.Fatal(err)
	}
}

// rows reads a whole table.
func rows(t *testing.T, s *postgres.Store, table kept.Table) (all []kept.Row, sum string) {
	t.Helper()
	digest := kept.NewDigest()
	for row, err := range s.Rows(t.Context(), table) {
		if err != nil {
			t.Fatal(err)
		}
		digest.Add(row)
		all = append(all, row)
	}
	n, err := s.Count(t.Context(), table)
	if err != nil || n != int64(len(all)) {
		t.Errorf("%s: %d rows read, %d counted (%v)", table.Name, len(all), n, err)
	}
	return all, digest.Sum()
}

func TestAMoveGoesOnWhereItWas(t *testing.T) {
	keys := keyring(t, 1)
	old := open(t, postgres.Config{URL: pgtest.Start(t), Keys: keys})
	full(t, old)
	config := postgres.Config{URL: pgtest.Start(t), Keys: keys, Log: slog.New(slog.DiscardHandler)}
	begun, err := postgres.OpenTarget(t.Context(), config)
	if err != nil || begun.Resumed {
		t.Fatalf("resumed: %v (%v)", begun != nil && begun.Resumed, err)
	}
	at := time.Date(2026, 3, 2, 10, 0, 0, 123456789, time.UTC)
	if err := begun.Begin(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	all := kept.All()
	for _, table := range all[:5] {
		some, _ := rows(t, old, table)
		if err := begun.Write(t.Context(), table, some); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := postgres.Open(t.Context(), config); !errors.Is(err, postgres.ErrMoving) {
		t.Errorf("a server opens what is not whole: %v", err)
	}
	if err := begun.Close(); err != nil {
		t.Fatal(err)
	}

	again, err := postgres.OpenTarget(t.Context(), config)
	if err != nil || !again.Resumed || !again.Began.Equal(bot.Microseconds(at)) {
		t.Fatalf("not resumed (%v): %+v", err, again)
	}
	if err := again.Begin(t.Context(), at.Add(time.Hour)); err != nil || !again.Began.Equal(bot.Microseconds(at)) {
		t.Errorf("a resumed move began on %v, want %v (%v)", again.Began, at, err)
	}
	for _, table := range all {
		some, sum := rows(t, old, table)
		if len(some) == 0 {
			t.Errorf("nothing in %s", table.Name)
		}
		if there, _ := rows(t, again.Store, table); len(there) == 0 || table.Name == "setting" {
			if err := again.Write(t.Context(), table, some); err != nil {
				t.Fatal(err)
			}
		}
		if _, arrived := rows(t, again.Store, table); arrived != sum {
			t.Errorf("%s arrived otherwise than it left", table.Name)
		}
	}
	if err := errors.Join(again.End(t.Context()), again.Close()); err != nil {
		t.Fatal(err)
	}

	s := open(t, config)
	outcomes, err := s.Commit(t.Context(), []*bot.Commit{{At: at, Audit: []bot.AuditEntry{{At: at, Actor: "person", Action: "said"}}}}, nil)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Fatalf("the journal does not go on: %v", err)
	}
	journal, _ := rows(t, s, all[len(all)-2])
	if len(journal) != 2 || journal[1][0].(int64) <= journal[0][0].(int64) {
		t.Errorf("the journal: %v", journal)
	}
	var filled *postgres.FilledError
	_, err = postgres.OpenTarget(t.Context(), config)
	if !errors.As(err, &filled) || !filled.Began.Equal(bot.Microseconds(at)) || !errors.Is(err, postgres.ErrNotEmpty) {
		t.Errorf("a second move into it: %v", err)
	}
}

// A move that an older program began, which noted no time, goes on: it began now.
func TestAMoveWithoutATimeGoesOn(t *testing.T) {
	config := postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), Log: slog.New(slog.DiscardHandler)}
	open(t, config)
	execute(t, config.URL, `INSERT INTO setting (key) VALUES ('moving')`)
	target, err := postgres.OpenTarget(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if !target.Resumed || !target.Began.IsZero() {
		t.Errorf("resumed: %v, begun on %v", target.Resumed, target.Began)
	}
	now := time.Date(2026, 3, 2, 10, 0, 0, 123456000, time.UTC)
	if err := target.Begin(t.Context(), now); err != nil || !target.Began.Equal(now) {
		t.Errorf("it began on %v, want now (%v)", target.Began, err)
	}
}

func TestABatchArrivesWholeOrNotAtAll(t *testing.T) {
	target, err := postgres.OpenTarget(t.Context(), postgres.Config{URL: pgtest.Start(t), Keys: keyring(t, 1), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	table := kept.All()[4]
	person := func(n byte) kept.Row { id := bot.ID{n}; return kept.Row{id[:], []byte("k"), time.Time{}} }
	if err := target.Write(t.Context(), table, []kept.Row{person(1), person(2), person(1)}); err == nil {
		t.Error("a person arrived twice")
	}
	if n, err := target.Count(t.Context(), table); err != nil || n != 0 {
		t.Errorf("%d people arrived (%v)", n, err)
	}
}

// A column that a migration adds has to travel too.
func TestTablesAreAllThereIs(t *testing.T) {
	url := pgtest.Start(t)
	open(t, postgres.Config{URL: url, Keys: keyring(t, 1)})
	listed := map[string]bool{}
	for _, table := range kept.All() {
		for _, c := range table.Columns {
			listed[table.Name+"."+c.Name] = true
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	found, _ := conn.Query(t.Context(), `
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`)
	columns, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil || len(columns) < 100 {
		t.Fatalf("%d columns (%v)", len(columns), err)
	}
	for _, column := range columns {
		if !listed[column] {
			t.Errorf("%s is not in package tables", column)
		}
		delete(listed, column)
	}
	for column := range listed {
		t.Errorf("%s is in package tables only", column)
	}
}
