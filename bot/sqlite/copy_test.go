package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/tables"
)

// full stores something in every table.
func full(t *testing.T, s *Store) *bot.Commit {
	t.Helper()
	at := time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)
	turn := newcomer(1)
	id, thread := turn.Conversation.ID, turn.Conversation.Threads[0].ID
	turn.Source, turn.Event, turn.At = "test", "e", at
	turn.Answers = []bot.Answer{{Key: "needs", Codes: []string{"a", "b"}, At: at}, {Key: "none", At: at}}
	turn.HandOffs = []bot.Hand{{HandOff: bot.HandOff{ID: bot.ID{7}, Organisation: "a", Since: at}, Ended: at}}
	turn.Items = []bot.Item{{ID: bot.ID{8}, Organisation: "a", Text: "texte", At: at}}
	turn.Booked = []appointments.Appointment{{Key: appointments.Key{Source: "csv", ExternalID: "1"}, Start: at, Duration: time.Hour}}
	turn.Schedule = []bot.Job{{Key: "silence", Conversation: id, Due: at}}
	turn.OptOuts = []bot.OptOut{{Thread: thread, At: at, Proof: "STOP"}}
	turn.Audit = []bot.AuditEntry{{At: at, Actor: "person", Action: "said"}}
	outcomes, err := s.Commit(t.Context(), []*bot.Commit{turn, newcomer(2)}, nil)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(t.Context(), bot.Ref{Address: address(2)}, at); err != nil {
		t.Fatal(err)
	}
	account := bot.Account{ID: "0123456789abcdef0123456789abcdef", Email: "samira@example.org", Created: at}
	_, published := s.Publish(t.Context(), []bot.Version{{Name: "welcome", Hash: "h", Files: map[string][]byte{"a": []byte("b")}, At: at}})
	_, saved := s.SaveTerritory(t.Context(), []byte("name: Doubs"))
	if err := errors.Join(published, saved, s.SaveAdviser(t.Context(), account),
		s.OpenSession(t.Context(), bot.SignIn{TokenHash: [32]byte{1}, Adviser: account.ID, Until: at, Latest: at})); err != nil {
		t.Fatal(err)
	}
	return turn
}

func TestASourceReadsEveryTableOut(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "relais.db"), keyring(t, 1)
	s, err := Open(t.Context(), Config{Path: path, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	full(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	source, err := OpenSource(t.Context(), path, keys)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	read := map[string][]tables.Row{}
	for _, table := range tables.All() {
		for row, err := range source.Rows(t.Context(), table) {
			if err != nil {
				t.Fatal(err)
			}
			tables.NewDigest().Add(row) // panics at a value that is of no kind
			read[table.Name] = append(read[table.Name], row)
		}
		n, err := source.Count(t.Context(), table)
		if err != nil || n != int64(len(read[table.Name])) || n == 0 {
			t.Errorf("%s: %d rows read, %d counted (%v)", table.Name, len(read[table.Name]), n, err)
		}
	}
	for what, ok := range map[string]bool{
		"lines in order":             read["line"][0][1] == int64(1) && read["line"][1][1] == int64(2),
		"the last organisation":      read["conversation"][0][10] == "a",
		"codes":                      slices.Equal(read["answer"][0][3].([]string), []string{"a", "b"}),
		"an hour":                    read["appointment"][0][4] == time.Hour,
		"a token left behind":        read["job"][0][9] == int64(0),
		"the generation as a number": read["setting"][0][1].(int64) > 0 && read["setting"][0][2].([]byte) == nil,
		"the territory as bytes":     string(read["setting"][1][2].([]byte)) == "name: Doubs",
	} {
		if !ok {
			t.Errorf("%s: not as expected", what)
		}
	}
}

func TestASourceIsAlone(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "relais.db"), keyring(t, 1)
	s := open(t, Config{Path: path, Keys: keys})
	if _, err := OpenSource(t.Context(), path, keys); !errors.Is(err, ErrInUse) {
		t.Errorf("beside an idle store: %v", err)
	}
	if _, err := s.Commit(t.Context(), []*bot.Commit{newcomer(1)}, nil); err != nil {
		t.Errorf("the store after it was refused: %v", err)
	}
}

func TestNobodyOpensADatabaseThatIsReadOut(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "relais.db"), keyring(t, 1)
	s, err := Open(t.Context(), Config{Path: path, Keys: keys})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	source, err := OpenSource(t.Context(), path, keys)
	if err != nil {
		t.Fatal(err)
	}
	other, err := connect(path, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := schemaOf(t.Context(), other); !busy(err) {
		t.Errorf("another reads meanwhile: %v", err)
	}
	if err := errors.Join(other.Close(), source.Close()); err != nil {
		t.Fatal(err)
	}
	open(t, Config{Path: path, Keys: keys})
}

func TestASourceIsRefused(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "relais.db"), keyring(t, 1)
	s, err := Open(t.Context(), Config{Path: path, Keys: keys})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSource(t.Context(), path, keyring(t, 2)); !errors.Is(err, ErrMasterKey) {
		t.Errorf("another master key: %v", err)
	}
	if _, err := OpenSource(t.Context(), path+"x", keys); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := os.Stat(path + "x"); err == nil {
		t.Error("a file was made")
	}
	if _, _, err := Migrate(t.Context(), Config{Path: path}, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSource(t.Context(), path, keys); !errors.Is(err, ErrBehind) {
		t.Errorf("an older schema: %v", err)
	}
}

// A column that a migration adds has to travel too.
func TestTablesAreAllThereIs(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "relais.db"), Keys: keyring(t, 1)})
	listed := map[string]bool{}
	for _, table := range tables.All() {
		for _, c := range table.Columns {
			listed[table.Name+"."+c.Name] = true
		}
	}
	rows, err := s.reader.db.Query(`
		SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := 0
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		if found++; !listed[table+"."+column] {
			t.Errorf("%s.%s is not in package tables", table, column)
		}
	}
	if err := rows.Err(); err != nil || found < 100 {
		t.Errorf("%d columns (%v)", found, err)
	}
}
