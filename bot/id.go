package bot

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// ID names a person, a conversation, a thread or a hand-off: 16 bytes that
// begin with the time in milliseconds, so that rows written together lie
// together. An ID is not a secret.
type ID [16]byte

// IsZero tells whether the ID names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// String gives 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText makes an ID a string in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// ErrBadID is returned for a text that is not 32 hexadecimal digits.
var ErrBadID = errors.New("not an identifier")

// ParseID reads what String wrote.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, ErrBadID
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, ErrBadID
	}
	return id, nil
}

// Nonce is the only source of novelty in a turn: every id is derived from
// it, so that running a turn again gives the same names. It is drawn once
// per event: 6 bytes of time, then 10 random ones.
type Nonce [16]byte

// ID derives the k-th identifier of this turn.
func (n Nonce) ID(k int) ID {
	id := ID(n)
	low := binary.BigEndian.Uint64(id[8:])
	binary.BigEndian.PutUint64(id[8:], low+uint64(k))
	return id
}
