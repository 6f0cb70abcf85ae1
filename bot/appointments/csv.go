package appointments

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxRows    = 200_000
	maxColumns = 100
)

// The columns of the file, and those without which a row means nothing.
var (
	columns = []string{"external_id", "phone", "first_name", "start", "duration_min", "place", "address",
		"organisation", "motive", "status", "adviser", "lang"}
	required = []string{"external_id", "phone", "start"}
)

// Row is one appointment of a file. Its Source and Participant are the
// caller's to fill: the file knows only the telephone.
type Row struct {
	Line        int    // where the row begins in the file, from 1
	Phone       string // E.164
	FirstName   string
	Appointment Appointment
}

// LogValue keeps the number and the name out of the logs.
func (r Row) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("line", r.Line), slog.Any("appointment", r.Appointment))
}

// Fault is one thing wrong with a row, told in French for the report of the
// import. It names the column and says what was expected, and never repeats
// what was found: a shifted column puts a telephone number anywhere.
type Fault struct {
	Column  string // empty when it is about the whole row
	Problem string
}

// String writes the fault as "start : date attendue…".
func (f Fault) String() string {
	if f.Column == "" {
		return f.Problem
	}
	return f.Column + " : " + f.Problem
}

// Table is a file of appointments whose header has been read.
type Table struct {
	Unknown []string // columns of the file that are ignored, as they are written

	records *records
	width   int
	places  map[string]int // of the known columns
	zone    *time.Location
	err     error
}

// ReadCSV reads the header of a file of appointments: UTF-8 with or without a
// byte order mark, columns separated by commas or by semicolons, in any order.
// external_id, phone and start must be there. zone is the territory's, for the
// times that name none.
//
// The error, in French, tells what to change in the file; one of reading r is
// wrapped.
func ReadCSV(r io.Reader, zone *time.Location) (*Table, error) {
	t := &Table{records: newRecords(r), zone: zone, places: make(map[string]int)}
	header, err := t.records.header()
	if err != nil {
		return nil, fmt.Errorf("lire la première ligne : %w", err)
	}
	if len(header) > maxColumns {
		return nil, fmt.Errorf("%d colonnes, %d au plus", len(header), maxColumns)
	}

	t.width = len(header)
	for i, written := range header {
		name := strings.ToLower(strings.TrimSpace(written))
		if name == "" {
			continue // spreadsheets leave empty columns at the end
		}
		if !slices.Contains(columns, name) {
			t.Unknown = append(t.Unknown, written)
			continue
		}
		if _, twice := t.places[name]; twice {
			return nil, fmt.Errorf("la colonne %s est deux fois dans la première ligne", name)
		}
		t.places[name] = i
	}

	missing := slices.DeleteFunc(slices.Clone(required), func(name string) bool {
		_, ok := t.places[name]
		return ok
	})
	if len(missing) > 0 {
		return nil, fmt.Errorf("colonnes obligatoires absentes de la première ligne : %s", strings.Join(missing, ", "))
	}
	return t, nil
}

// Rows yields the rows of the file in order, once, holding one at a time. A
// row with faults comes with all of them and only its Line; the next one is
// read all the same. Blank lines are passed over; an external_id that comes
// twice is yielded twice, for the caller to upsert in order. It stops after
// 200,000 rows; [Table.Err] then says so.
//
// A time without a zone that the clocks skip is a fault; one that comes twice
// is the first of the two. An empty duration is 30 minutes, an empty lang fr,
// an empty status planned.
func (t *Table) Rows() iter.Seq2[Row, []Fault] {
	return func(yield func(Row, []Fault) bool) {
		for count := 0; ; count++ {
			rec, err := t.records.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.err = fmt.Errorf("lire la ligne %d : %w", t.records.line+1, err)
				return
			}
			if count == maxRows {
				t.err = errTooMany
				return
			}
			if !yield(t.row(rec)) {
				return
			}
		}
	}
}

// Err tells, after the rows, why they ended before the end of the file.
func (t *Table) Err() error { return t.err }

// row understands a record, or tells every fault in it.
func (t *Table) row(rec record) (Row, []Fault) {
	if problem := unreadable(rec, t.width); problem != "" {
		return Row{Line: rec.line}, []Fault{{Problem: problem}}
	}
	c := cells{places: t.places, fields: rec.fields}
	row := Row{
		Line:      rec.line,
		Phone:     c.phone("phone"),
		FirstName: c.text("first_name"),
		Appointment: Appointment{
			Key:          Key{ExternalID: c.needed("external_id")},
			Start:        c.moment("start", t.zone),
			Duration:     c.minutes("duration_min", 30*time.Minute),
			Status:       c.status("status"),
			Organisation: c.text("organisation"),
			Place:        c.text("place"),
			Address:      c.text("address"),
			Motive:       c.text("motive"),
			Adviser:      c.text("adviser"),
			Lang:         c.lang("lang"),
		},
	}
	if len(c.faults) > 0 {
		return Row{Line: rec.line}, c.faults
	}
	return row, nil
}

// unreadable says why nothing can be read in a record; empty when it can.
func unreadable(rec record, width int) string {
	switch {
	case rec.err != nil:
		return rec.err.Error()
	case !utf8.ValidString(rec.raw):
		return errEncoding.Error()
	case strings.ContainsRune(rec.raw, 0):
		return "la ligne contient un caractère nul"
	case len(rec.fields) != width:
		return fmt.Sprintf("%d colonnes dans l'en-tête, %d sur cette ligne", width, len(rec.fields))
	}
	return ""
}

// header reads the first line that is not blank and settles the separator.
func (rs *records) header() ([]string, error) {
	line, tooLong, err := rs.takeLine()
	line = strings.TrimPrefix(line, "\ufeff")
	for err == nil && strings.TrimSpace(line) == "" {
		line, tooLong, err = rs.takeLine()
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("le fichier est vide")
	case err != nil:
		return nil, err
	case tooLong:
		return nil, errTooLong
	}
	if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
		return nil, errEncoding
	}
	rs.comma = ','
	if strings.Count(line, ";") > strings.Count(line, ",") {
		rs.comma = ';'
	}
	return splitFields(line, rs.comma)
}
