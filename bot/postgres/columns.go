package postgres

import (
	"encoding/binary"
	"sync"
	"time"

	"relais/bot"
)

// Object ids of the types that arrays are made of.
const (
	oidBool        = 16
	oidBytea       = 17
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidTimestamptz = 1184
	oidUUID        = 2950
)

// rows are the rows that one statement takes as arrays, a column each. They are
// kept in the binary form that the server reads, since encoding a group through
// values of any type costs an allocation per field.
//
// A row is written field by field, in the order of the statement's parameters:
//
//	r.row().int4(turn).uuid(id).text("…")
type rows struct {
	columns []column
	n, at   int
	spare   *spare
}

// spare are columns that a statement has been sent with, for the next ones to
// write into: growing them anew for each group was half of the bytes that a server
// allocated.
type spare struct{ pool sync.Pool }

// rows are new ones, none yet. Columns of given types are named only for a
// statement that may be run without any row.
func (s *spare) rows(types ...uint32) *rows {
	r := &rows{spare: s}
	for _, oid := range types {
		r.add(oid)
	}
	return r
}

// add adds a column.
func (r *rows) add(oid uint32) {
	if r.columns == nil {
		if old, ok := r.spare.pool.Get().(*[]column); ok {
			r.columns = (*old)[:0]
		}
	}
	n := len(r.columns)
	if n < cap(r.columns) {
		r.columns = r.columns[:n+1]
	} else {
		r.columns = append(r.columns, column{})
	}
	r.columns[n].begin(oid)
}

// sent gives the columns back.
func (r *rows) sent() {
	if columns := r.columns; columns != nil {
		r.spare.pool.Put(&columns)
	}
	*r = rows{spare: r.spare}
}

// column is an array in binary: a header, then each element after its length.
type column struct {
	array []byte
	nulls bool
}

// headerSize is that of an array of one dimension: dimensions, whether there
// are nulls, the type, the length, the lower bound.
const headerSize = 20

// begin empties a column and gives it a type.
func (c *column) begin(oid uint32) {
	c.nulls = false
	c.array = append(c.array[:0], make([]byte, headerSize)...)
	binary.BigEndian.PutUint32(c.array[8:], oid)
}

// row begins the next row.
func (r *rows) row() *rows {
	r.n++
	r.at = 0
	return r
}

// field is the column that the row's next field goes to.
func (r *rows) field(oid uint32) *column {
	if r.at == len(r.columns) {
		r.add(oid)
	}
	r.at++
	return &r.columns[r.at-1]
}

func (r *rows) int2(v int16) *rows {
	c := r.field(oidInt2)
	c.array = binary.BigEndian.AppendUint16(append(c.array, 0, 0, 0, 2), uint16(v))
	return r
}

func (r *rows) int4(v int) *rows {
	c := r.field(oidInt4)
	c.array = binary.BigEndian.AppendUint32(append(c.array, 0, 0, 0, 4), uint32(v))
	return r
}

func (r *rows) int8(v int64) *rows {
	r.field(oidInt8).put8(v)
	return r
}

func (r *rows) bool(v bool) *rows {
	c := r.field(oidBool)
	c.array = append(c.array, 0, 0, 0, 1, 0)
	if v {
		c.array[len(c.array)-1] = 1
	}
	return r
}

func (r *rows) text(v string) *rows {
	c := r.field(oidText)
	c.array = append(binary.BigEndian.AppendUint32(c.array, uint32(len(v))), v...)
	return r
}

func (r *rows) bytes(v []byte) *rows {
	c := r.field(oidBytea)
	c.array = append(binary.BigEndian.AppendUint32(c.array, uint32(len(v))), v...)
	return r
}

// uuid writes an id; the zero id is NULL.
func (r *rows) uuid(id bot.ID) *rows {
	c := r.field(oidUUID)
	if id.IsZero() {
		c.null()
		return r
	}
	c.array = append(append(c.array, 0, 0, 0, 16), id[:]...)
	return r
}

// epoch is where the server counts microseconds from.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// time writes a time to the microsecond; the zero time is NULL.
func (r *rows) time(t time.Time) *rows {
	c := r.field(oidTimestamptz)
	if t.IsZero() {
		c.null()
		return r
	}
	c.put8(t.UnixMicro() - epoch)
	return r
}

// null8 writes NULL into a column of int8.
func (r *rows) null8() *rows {
	r.field(oidInt8).null()
	return r
}

func (c *column) put8(v int64) {
	c.array = binary.BigEndian.AppendUint64(append(c.array, 0, 0, 0, 8), uint64(v))
}

func (c *column) null() {
	c.array = append(c.array, 0xff, 0xff, 0xff, 0xff)
	c.nulls = true
}

// appendTo adds the finished arrays to a statement's parameters.
func (r *rows) appendTo(params [][]byte) [][]byte {
	for i := range r.columns {
		c := &r.columns[i]
		if r.n == 0 {
			params = append(params, c.array[:12]) // an array of no dimension
			continue
		}
		binary.BigEndian.PutUint32(c.array[0:], 1)
		if c.nulls {
			c.array[7] = 1
		}
		binary.BigEndian.PutUint32(c.array[12:], uint32(r.n))
		binary.BigEndian.PutUint32(c.array[16:], 1)
		params = append(params, c.array)
	}
	return params
}
