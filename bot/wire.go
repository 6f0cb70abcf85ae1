package bot

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

func putID(b []byte, field protowire.Number, id ID) []byte {
	if id.IsZero() {
		return b
	}
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), id[:])
}

func putString(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return putText(b, field, s)
}

// putText writes s even when it is empty: an element of a list counts.
func putText(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func putInt(b []byte, field protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func putBool(b []byte, field protowire.Number, v bool) []byte {
	if !v {
		return b
	}
	return putInt(b, field, 1)
}

func putTime(b []byte, field protowire.Number, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(t.UnixMicro()))
}

// putMessage appends a nested message without a buffer of its own: it writes
// the content, then makes room for the length before it.
func putMessage(b []byte, field protowire.Number, content func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	start := len(b)
	b = content(b)
	size := len(b) - start
	width := protowire.SizeVarint(uint64(size))
	for range width {
		b = append(b, 0)
	}
	copy(b[start+width:], b[start:start+size])
	protowire.AppendVarint(b[:start], uint64(size))
	return b
}

// reader walks the fields of one message. Strings are cut from s, which holds
// the same bytes as b.
type reader struct {
	b     []byte
	s     string
	field protowire.Number
	int   int64
	str   string
	raw   []byte
	bad   bool
	inner *reader // reused for nested messages, one level at a time
	outer *reader
}

func (r *reader) next() bool {
	if len(r.b) == 0 || r.bad {
		return false
	}
	field, kind, n := protowire.ConsumeTag(r.b)
	if n < 0 {
		return r.fail()
	}
	r.cut(n)
	r.field, r.int, r.str, r.raw = field, 0, "", nil
	switch kind {
	case protowire.VarintType:
		v, n := protowire.ConsumeVarint(r.b)
		if n < 0 {
			return r.fail()
		}
		r.int = int64(v)
		r.cut(n)
	case protowire.BytesType:
		v, n := protowire.ConsumeBytes(r.b)
		if n < 0 {
			return r.fail()
		}
		r.raw, r.str = v, r.s[n-len(v):n]
		r.cut(n)
	default:
		n := protowire.ConsumeFieldValue(field, kind, r.b)
		if n < 0 {
			return r.fail()
		}
		r.field = 0 // a kind of value we never write: skipped
		r.cut(n)
	}
	return true
}

func (r *reader) cut(n int) { r.b, r.s = r.b[n:], r.s[n:] }

// fail ends the walk here and in the messages around this one.
func (r *reader) fail() bool {
	for ; r != nil; r = r.outer {
		r.bad = true
	}
	return false
}

func (r *reader) message() *reader {
	if r.inner == nil {
		r.inner = &reader{outer: r}
	}
	inner := r.inner
	inner.b, inner.s, inner.bad = r.raw, r.str, r.bad
	return inner
}

// count tells how many fields with that number lie ahead.
func (r *reader) count(field protowire.Number) int {
	total := 0
	for b := r.b; len(b) > 0; {
		number, _, n := protowire.ConsumeField(b)
		if n < 0 {
			break
		}
		if number == field {
			total++
		}
		b = b[n:]
	}
	return total
}

func (r *reader) id() (id ID) {
	if len(r.raw) != len(id) {
		r.fail()
		return id
	}
	copy(id[:], r.raw)
	return id
}

func (r *reader) time() time.Time { return time.UnixMicro(r.int).UTC() }
