package tables

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"time"
)

// Digest sums the rows of a table, given in its order. Two tables with the same
// rows have the same sum, whichever stores they are in.
type Digest struct {
	Rows int64
	hash hash.Hash
	row  []byte
}

// NewDigest returns the digest of no rows.
func NewDigest() *Digest { return &Digest{hash: sha256.New()} }

// Add takes in the next row.
func (d *Digest) Add(r Row) {
	d.Rows++
	d.row = r.encode(d.row[:0])
	d.hash.Write(d.row)
}

// Sum is what two copies compare: 64 hexadecimal digits.
func (d *Digest) Sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }

// encode appends the one way to write a row: for each value a letter for its
// type, then a fixed length, or its length before it.
func (r Row) encode(dst []byte) []byte {
	for _, value := range r {
		switch v := value.(type) {
		case []byte:
			if v == nil {
				dst = append(dst, '0')
				continue
			}
			dst = binary.AppendUvarint(append(dst, 'b'), uint64(len(v)))
			dst = append(dst, v...)
		case string:
			dst = binary.AppendUvarint(append(dst, 's'), uint64(len(v)))
			dst = append(dst, v...)
		case int64:
			dst = binary.AppendVarint(append(dst, 'i'), v)
		case bool:
			if v {
				dst = append(dst, 'y')
			} else {
				dst = append(dst, 'n')
			}
		case time.Time:
			if v.IsZero() {
				dst = append(dst, '0')
				continue
			}
			dst = binary.AppendVarint(append(dst, 't'), v.UnixMicro())
		case time.Duration:
			dst = binary.AppendVarint(append(dst, 'd'), int64(v))
		case []string:
			dst = binary.AppendUvarint(append(dst, 'l'), uint64(len(v)))
			for _, s := range v {
				dst = binary.AppendUvarint(dst, uint64(len(s)))
				dst = append(dst, s...)
			}
		default:
			panic(fmt.Sprintf("tables: a value of type %T", value)) // a store's mistake, never the data's
		}
	}
	return append(dst, '.')
}
