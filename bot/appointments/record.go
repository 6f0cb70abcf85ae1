package appointments

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

const (
	maxRecord      = 64 << 10 // bytes of a row, line ends included
	maxRecordLines = 20       // lines of a row: an address in a quoted field
)

// Why a row, or what follows it, cannot be read.
var (
	errTooLong  = errors.New("ligne de plus de 64 Kio")
	errUnclosed = errors.New("guillemet jamais refermé")
	errQuote    = errors.New("guillemet mal placé")
	errEncoding = errors.New("texte illisible : enregistrez le fichier en UTF-8")
	errTooMany  = errors.New("plus de 200 000 lignes : les suivantes ne sont pas lues")
)

// record is one row of the file before it is understood.
type record struct {
	line   int // where it begins, from 1
	raw    string
	fields []string
	err    error
}

// records cuts a file into rows without ever holding more than one of them.
// It is written here rather than left to encoding/csv because there one
// forgotten quote swallows the rest of the file, whatever its length.
type records struct {
	in    *bufio.Reader
	comma byte
	line  int      // lines taken so far
	ahead []string // lines read beyond that, in vain
}

func newRecords(r io.Reader) *records {
	return &records{in: bufio.NewReaderSize(r, maxRecord)}
}

// next gives the next row that is not blank; io.EOF after the last one. A
// quoted field may run over several lines; when its quote is never closed, the
// fault is the first line's, and reading goes on with the second.
func (rs *records) next() (record, error) {
	first, tooLong, err := rs.takeLine()
	for err == nil && !tooLong && strings.TrimSpace(first) == "" {
		first, tooLong, err = rs.takeLine()
	}
	if err != nil {
		return record{}, err
	}
	row := record{line: rs.line, raw: first}
	if tooLong {
		row.err = errTooLong
		return row, nil
	}

	row.fields, row.err = splitFields(first, rs.comma)
	if errors.Is(row.err, errUnclosed) {
		return rs.extend(row)
	}
	return row, nil
}

// extend looks for the end of a quoted field on the lines that follow.
func (rs *records) extend(row record) (record, error) {
	var more []string
	raw := row.raw
	for len(more) < maxRecordLines-1 {
		line, tooLong, err := rs.takeLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return record{}, err
		}
		more = append(more, line)
		raw += "\n" + line
		if tooLong || len(raw) > maxRecord {
			break
		}
		if !strings.Contains(line, `"`) {
			continue // it cannot close the field
		}
		fields, err := splitFields(raw, rs.comma)
		if err == nil {
			return record{line: row.line, raw: raw, fields: fields}, nil
		}
		if !errors.Is(err, errUnclosed) {
			break
		}
	}
	rs.ahead = append(more, rs.ahead...)
	rs.line -= len(more)
	return row, nil
}

// takeLine gives the next line without its end. A line that is too long comes
// cut, and marked so; the rest of it is skipped.
func (rs *records) takeLine() (line string, tooLong bool, err error) {
	if len(rs.ahead) > 0 {
		line, rs.ahead = rs.ahead[0], rs.ahead[1:]
		rs.line++
		return line, len(line) >= maxRecord, nil
	}
	text, err := rs.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		line = string(text)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = rs.in.ReadSlice('\n')
		}
		tooLong = true
	case errors.Is(err, io.EOF) && len(text) == 0:
		return "", false, io.EOF
	default:
		text = bytes.TrimSuffix(text, []byte("\n"))
		line = string(bytes.TrimSuffix(text, []byte("\r")))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, err
	}
	rs.line++
	return line, tooLong, nil
}

// splitFields cuts a row at its commas. A field that begins with a quote ends
// with one, and doubles those inside it; elsewhere a quote is a plain letter.
func splitFields(row string, comma byte) ([]string, error) {
	var fields []string
	for {
		if !strings.HasPrefix(row, `"`) {
			field, rest, more := strings.Cut(row, string(comma))
			fields = append(fields, field)
			if !more {
				return fields, nil
			}
			row = rest
			continue
		}

		field, rest, err := quotedField(row[1:])
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
		if rest == "" {
			return fields, nil
		}
		if rest[0] != comma {
			return nil, errQuote
		}
		row = rest[1:]
	}
}

// quotedField reads up to the closing quote and gives what follows it.
func quotedField(s string) (field, rest string, err error) {
	var b strings.Builder
	for {
		text, after, closed := strings.Cut(s, `"`)
		if !closed {
			return "", "", errUnclosed
		}
		b.WriteString(text)
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, nil
		}
		b.WriteByte('"')
		s = after[1:]
	}
}
