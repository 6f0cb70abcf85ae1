package appointments_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"relais/bot/appointments"
)

const header = "external_id,phone,first_name,start,duration_min,place,address,organisation,motive,status,adviser,lang\n"

// read gives the rows of a file and its faults as "line: column : problem".
func read(t testing.TB, file string) (rows []appointments.Row, faults []string) {
	t.Helper()
	table, err := appointments.ReadCSV(strings.NewReader(file), loadParis(t))
	if err != nil {
		t.Fatal(err)
	}
	for row, found := range table.Rows() {
		for _, f := range found {
			faults = append(faults, fmt.Sprintf("%d: %s", row.Line, f))
		}
		if len(found) == 0 {
			rows = append(rows, row)
		}
	}
	if err := table.Err(); err != nil {
		t.Fatal(err)
	}
	return rows, faults
}

func TestReadCSV(t *testing.T) {
	full := appointments.Row{
		Line: 2, Phone: "+33612345678", FirstName: "Samia",
		Appointment: appointments.Appointment{
			Key:   appointments.Key{ExternalID: "rdv-1"},
			Start: time.Date(2026, 11, 24, 13, 30, 0, 0, time.UTC), Duration: 45 * time.Minute, Status: appointments.Cancelled,
			Place: "CMS", Address: "12 rue Exemple, BESANÇON", Organisation: "Département", Motive: `Point "emploi"`, Adviser: "Lou", Lang: "en",
		},
	}
	bare := appointments.Row{
		Line: 2, Phone: "+33612345678",
		Appointment: appointments.Appointment{
			Key:   appointments.Key{ExternalID: "rdv-1"},
			Start: time.Date(2026, 11, 24, 13, 30, 0, 0, time.UTC), Duration: 30 * time.Minute, Status: appointments.Planned, Lang: "fr",
		},
	}
	later := bare
	later.Line = 4
	for _, tc := range []struct {
		name, file string
		want       appointments.Row
	}{
		{"every column", header + `rdv-1,06 12 34 56 78,Samia,2026-11-24 14:30,45,CMS,"12 rue Exemple, BESANÇON",Département,"Point ""emploi""",cancelled,Lou,en` + "\n", full},
		{"semicolons, Windows, byte order mark, capitals", "\ufeff" + strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(header), ",", ";")) + "\r\n" +
			`rdv-1;06 12 34 56 78;Samia;2026-11-24 14:30;45;CMS;12 rue Exemple, BESANÇON;Département;Point "emploi";CANCELLED;Lou;EN` + "\r\n", full},
		{"every cell quoted, spaces around", `"external_id";"phone";"first_name";"start";"duration_min";"place";"address";"organisation";"motive";"status";"adviser";"lang"` + "\n" +
			`" rdv-1 ";"0612345678";"Samia";"2026-11-24T14:30:00+01:00";"45";"CMS";"12 rue  Exemple, BESANÇON";"Département";"Point ""emploi""";"cancelled";"Lou";"en"`, full},
		{"an address on two lines", header + "rdv-1,0612345678,Samia,2026-11-24T13:30:00Z,45,CMS,\"12 rue Exemple,\r\nBESANÇON\",Département,\"Point \"\"emploi\"\"\",cancelled,Lou,en\n", full},
		{"only what is needed, in another order", "start;external_id;phone\n2026-11-24 14:30;rdv-1;0612345678", bare},
		{"empty cells have their defaults", header + "rdv-1,0612345678,,2026-11-24 14:30,,,,,,,,\n", bare},
		{"blank lines", "\n external_id,phone,start,,\n\nrdv-1,0612345678,2026-11-24 14:30,,\n\n \n", later},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows, faults := read(t, tc.file)
			if diff := cmp.Diff([]appointments.Row{tc.want}, rows); diff != "" || faults != nil {
				t.Errorf("faults %q, rows (-want +got):\n%s", faults, diff)
			}
		})
	}
}

func TestReadCSVFaults(t *testing.T) {
	const short = "external_id,phone,start,status\n"
	const good = "rdv-2,0612345678,2026-11-24 14:30,planned\n"
	for _, tc := range []struct {
		name, row string
		want      []string
	}{
		{"every fault of a row", ",0381123456,demain,venu\n", []string{
			"2: phone : numéro fixe : pas de SMS possible",
			"2: external_id : obligatoire",
			"2: start : date et heure attendues, comme 2026-11-24 14:30 ou 2026-11-24T14:30:00+01:00",
			"2: status : attendu : planned, cancelled, seen, excused ou noshow",
		}},
		{"nothing in it", ",,,\n", []string{"2: phone : obligatoire", "2: external_id : obligatoire", "2: start : obligatoire"}},
		{"skipped by the clocks", "rdv-1,0612345678,2027-03-28 02:30,\n", []string{"2: start : « 2027-03-28 02:30 » n'existe pas : les horloges avancent à ce moment-là"}},
		{"a day that does not exist", "rdv-1,0612345678,2026-02-30 10:00,\n", []string{"2: start : date et heure attendues, comme 2026-11-24 14:30 ou 2026-11-24T14:30:00+01:00"}},
		{"no zone in RFC 3339", "rdv-1,0612345678,2026-11-24T10:00:00,\n", []string{"2: start : date et heure attendues, comme 2026-11-24 14:30 ou 2026-11-24T14:30:00+01:00"}},
		{"a year too far", "rdv-1,0612345678,2206-11-24 10:00,\n", []string{"2: start : année attendue entre 2000 et 2100"}},
		{"too long", strings.Repeat("é", 201) + ",0612345678,2026-11-24 14:30,\n", []string{"2: external_id : 200 caractères au plus"}},
		{"a bell", "rdv\a1,0612345678,2026-11-24 14:30,\n", []string{"2: external_id : caractère de contrôle interdit"}},
		{"U+0000", "rdv\x001,0612345678,2026-11-24 14:30,\n", []string{"2: la ligne contient un caractère nul"}},
		{"Latin-1", "rdv-1,0612345678,2026-11-24 14:30,annul\xe9\n", []string{"2: texte illisible : enregistrez le fichier en UTF-8"}},
		{"too few cells", "rdv-1,0612345678\n", []string{"2: 4 colonnes dans l'en-tête, 2 sur cette ligne"}},
		{"too many cells", "rdv-1,0612345678,2026-11-24 14:30,planned,Lou\n", []string{"2: 4 colonnes dans l'en-tête, 5 sur cette ligne"}},
		{"a quote never closed", "\"rdv-1,0612345678,2026-11-24 14:30,planned\n", []string{"2: guillemet jamais refermé"}},
		{"a letter after a quote", "\"rdv-1\"x,0612345678,2026-11-24 14:30,planned\n", []string{"2: guillemet mal placé"}},
		{"a line without end", strings.Repeat("x", 200_000) + "\n", []string{"2: ligne de plus de 64 Kio"}},
		{"just over 64 KiB", strings.Repeat("x", 64<<10) + "\n", []string{"2: ligne de plus de 64 Kio"}},
		{"a quote closed too far away", "\"rdv" + strings.Repeat("\n", 20) + "\",0612345678,2026-11-24 14:30,planned\n", []string{"2: guillemet jamais refermé", "22: guillemet jamais refermé"}},
		{"a quote closed after 64 KiB", "\"rdv\n" + strings.Repeat("x", 40_000) + "\n" + strings.Repeat("x", 40_000) + "\",0612345678,2026-11-24 14:30,planned\n", []string{
			"2: guillemet jamais refermé",
			"3: 4 colonnes dans l'en-tête, 1 sur cette ligne",
			"4: external_id : 200 caractères au plus",
		}},
		{"a quote before a line without end", "\"rdv\n" + strings.Repeat("x", 200_000) + "\n", []string{"2: guillemet jamais refermé", "3: ligne de plus de 64 Kio"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows, faults := read(t, short+tc.row+good)
			if !slices.Equal(faults, tc.want) {
				t.Errorf("faults %q, want %q", faults, tc.want)
			}
			if len(rows) != 1 || rows[0].Appointment.ExternalID != "rdv-2" || rows[0].Line != 2+strings.Count(tc.row, "\n") {
				t.Errorf("the row after it was lost: %+v", rows)
			}
		})
	}
}

func TestCellFaults(t *testing.T) {
	for cells, want := range map[string]string{
		"duration_min,0":       "2: duration_min : nombre de minutes attendu, de 1 à 1440",
		"duration_min,1441":    "2: duration_min : nombre de minutes attendu, de 1 à 1440",
		"duration_min,une h":   "2: duration_min : nombre de minutes attendu, de 1 à 1440",
		"lang,français":        "2: lang : code de langue attendu, comme fr ou en",
		"lang,f":               "2: lang : code de langue attendu, comme fr ou en",
		"phone,06 12 34 56":    "2: phone : ce numéro de téléphone n'existe pas",
		"phone,Samia Martin":   "2: phone : numéro de téléphone illisible",
		"phone,09 49 12 34 56": "2: phone : ce n'est pas un numéro de mobile : pas de SMS possible",
	} {
		column, value, _ := strings.Cut(cells, ",")
		head, row := "external_id,start", "rdv-1,2026-11-24 14:30"
		if column != "phone" {
			head, row = head+",phone", row+",0612345678"
		}
		_, faults := read(t, head+","+column+"\n"+row+","+value+"\n")
		if !slices.Equal(faults, []string{want}) {
			t.Errorf("%s: faults %q, want %q", cells, faults, want)
		}
	}
}

// A report may be pasted in an e-mail: it must not carry what a shifted row
// had in it.
func TestFaultsNeverRepeatACell(t *testing.T) {
	secret := "06 12 34 56 78"
	_, faults := read(t, header+strings.TrimSuffix(strings.Repeat(secret+",", 12), ",")+"\n")
	if len(faults) != 4 {
		t.Errorf("faults %q, want start, duration_min, status and lang", faults)
	}
	for _, f := range faults {
		if strings.Contains(f, "12 34") {
			t.Errorf("fault %q repeats the cell", f)
		}
	}
}

// One forgotten quote costs one row, not the rest of the file.
func TestForgottenQuote(t *testing.T) {
	var file strings.Builder
	file.WriteString("external_id,phone,start\n\"rdv-0,0612345678,2026-11-24 14:30\n")
	for i := range 500 {
		fmt.Fprintf(&file, "rdv-%d,0612345678,2026-11-24 14:30\n", i+1)
	}
	file.WriteString("salle \"B\",0612345678,2026-11-24 14:30\n") // its quotes could close the field
	file.WriteString("\"rdv-502,0612345678,2026-11-24 14:30")
	rows, faults := read(t, file.String())
	want := []string{"2: guillemet jamais refermé", "504: guillemet jamais refermé"}
	if len(rows) != 501 || !slices.Equal(faults, want) {
		t.Errorf("%d rows, faults %q, want 501 and %q", len(rows), faults, want)
	}
	for i, row := range rows {
		if row.Line != i+3 {
			t.Fatalf("row %d is on line %d", i, row.Line)
		}
	}
}

func TestTheHourThatComesTwiceIsTheFirst(t *testing.T) {
	rows, faults := read(t, "external_id,phone,start\nrdv-1,0612345678,2026-10-25 02:30\n")
	if want := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC); len(rows) != 1 || !rows[0].Appointment.Start.Equal(want) {
		t.Errorf("rows %+v, faults %q, want %s", rows, faults, want)
	}
}

func TestHeader(t *testing.T) {
	paris := loadParis(t)
	for _, tc := range []struct{ name, file, want string }{
		{"empty", "", "le fichier est vide"},
		{"blank", "\n  \r\n", "le fichier est vide"},
		{"no header", "rdv-1,0612345678,2026-11-24 14:30\n", "colonnes obligatoires absentes de la première ligne : external_id, phone, start"},
		{"one missing", "external_id;phone\n", "colonnes obligatoires absentes de la première ligne : start"},
		{"twice", "external_id,phone,start,Phone\n", "la colonne phone est deux fois dans la première ligne"},
		{"UTF-16", "\xff\xfee\x00x\x00t\x00", "texte illisible : enregistrez le fichier en UTF-8"},
		{"too long", strings.Repeat("x", 70_000), "ligne de plus de 64 Kio"},
		{"too many", strings.Repeat("x,", 100) + "\n", "101 colonnes, 100 au plus"},
		{"open quote", "\"external_id\n", "guillemet jamais refermé"},
	} {
		_, err := appointments.ReadCSV(strings.NewReader(tc.file), paris)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "612345678") {
			t.Errorf("%s: the error repeats a number: %v", tc.name, err)
		}
	}

	table, err := appointments.ReadCSV(strings.NewReader("external_id,phone,start,Salle, etage ,,\n"), paris)
	if err != nil || !slices.Equal(table.Unknown, []string{"Salle", " etage "}) {
		t.Errorf("unknown columns %q, %v", table.Unknown, err)
	}
}

func TestReadingFails(t *testing.T) {
	paris := loadParis(t)
	if _, err := appointments.ReadCSV(iotest.ErrReader(io.ErrUnexpectedEOF), paris); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("header: error %v", err)
	}
	for _, rows := range []string{"rdv-1,0612345678,2026-11-24 14:30\n", "rdv-1,0612345678,2026-11-24 14:30\n\"rdv-2\n"} {
		file := io.MultiReader(strings.NewReader("external_id,phone,start\n"+rows), iotest.ErrReader(io.ErrUnexpectedEOF))
		table, err := appointments.ReadCSV(iotest.OneByteReader(file), paris)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for range table.Rows() {
			count++
		}
		if count != 1 || !errors.Is(table.Err(), io.ErrUnexpectedEOF) {
			t.Errorf("%d rows, error %v", count, table.Err())
		}
	}
}

func TestTooManyRows(t *testing.T) {
	table, err := appointments.ReadCSV(io.MultiReader(
		strings.NewReader("external_id,phone,start\n"),
		strings.NewReader(strings.Repeat("x\n", 200_001)),
	), loadParis(t))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for range table.Rows() {
		count++
	}
	if count != 200_000 || table.Err() == nil {
		t.Errorf("%d rows, error %v", count, table.Err())
	}
}

// What a standard writer writes, quotes and line breaks included, is read as
// it was meant.
func TestReadsWhatAWriterWrites(t *testing.T) {
	cell := rapid.StringMatching(`[a-zéÇ0-9"';, \n-]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		comma := rapid.SampledFrom([]rune{',', ';'}).Draw(t, "comma")
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.Comma, w.UseCRLF = comma, rapid.Bool().Draw(t, "crlf")
		var places []string
		if err := w.Write([]string{"place", "external_id", "phone", "start"}); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			place := cell.Draw(t, "place")
			places = append(places, strings.Join(strings.Fields(place), " "))
			if err := w.Write([]string{place, "rdv", "0612345678", "2026-11-24 14:30"}); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()

		table, err := appointments.ReadCSV(&file, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for row, faults := range table.Rows() {
			if len(faults) > 0 {
				t.Errorf("line %d: %v", row.Line, faults)
			}
			got = append(got, row.Appointment.Place)
		}
		if !slices.Equal(got, places) {
			t.Errorf("places %q, want %q", got, places)
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(header + `rdv-1,06 12 34 56 78,Samia,2026-11-24 14:30,45,CMS,"12 rue ""Exemple""",o,m,planned,Lou,fr`))
	f.Add([]byte("\ufeffexternal_id;phone;start\r\nrdv-1;0381123456;2027-03-28 02:30\r\n"))
	f.Add([]byte("external_id,phone,start\n\"rdv-1\n\"\"\n\",+41791234567,2026-11-24T14:30:00Z\n\"\n"))
	paris := loadParis(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		table, err := appointments.ReadCSV(bytes.NewReader(file), paris)
		if err != nil {
			return
		}
		last := 0
		for row, faults := range table.Rows() {
			if row.Line <= last {
				t.Fatalf("line %d after line %d", row.Line, last)
			}
			last = row.Line
			a := row.Appointment
			if len(faults) == 0 && (a.ExternalID == "" || !strings.HasPrefix(row.Phone, "+") || a.Start.IsZero() || a.Duration <= 0 || a.Status == "" || a.Lang == "") {
				t.Errorf("line %d is neither whole nor at fault: %+v", row.Line, row)
			}
			if len(faults) > 0 && row != (appointments.Row{Line: row.Line}) {
				t.Errorf("line %d is at fault and told all the same", row.Line)
			}
		}
		if lines := bytes.Count(file, []byte("\n")) + 1; last > lines {
			t.Errorf("line %d of %d", last, lines)
		}
		if err := table.Err(); err != nil {
			t.Errorf("a file in memory failed: %v", err)
		}
	})
}

func BenchmarkReadCSV(b *testing.B) {
	const rows = 1000
	file := header + strings.Repeat(`rdv-1,06 12 34 56 78,Samia,2026-11-24 14:30,45,CMS,"12 rue Exemple, BESANÇON",Département,Point emploi,planned,Lou,fr`+"\n", rows)
	paris := loadParis(b)
	b.ReportAllocs()
	for b.Loop() {
		table, err := appointments.ReadCSV(strings.NewReader(file), paris)
		if err != nil {
			b.Fatal(err)
		}
		for row, faults := range table.Rows() {
			if len(faults) > 0 {
				b.Fatal(row.Line, faults)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}

func BenchmarkPlan(b *testing.B) {
	paris := loadParis(b)
	a := appointments.Appointment{Start: at(b, paris, "2026-11-24 14:30"), Status: appointments.Planned}
	rules, now := usual(paris), at(b, paris, "2026-11-16 09:00")
	b.ReportAllocs()
	for b.Loop() {
		appointments.Plan(a, rules, now)
	}
}
