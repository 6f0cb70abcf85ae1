package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
)

const (
	keySize = 32
	// version is the first byte of every sealed value; a later scheme takes
	// another one and still reads this.
	version = 1
	// overhead is what sealing adds: version, nonce and tag.
	overhead = 1 + 12 + 16
)

// ErrSealed is returned for a value that does not open: another key, another
// cell, changed bytes, or a version this program does not know.
var ErrSealed = errors.New("sealed value does not open")

// Key is one person's data key, with its cipher ready. It is safe for use by
// several goroutines.
type Key struct {
	raw  [keySize]byte
	aead cipher.AEAD
}

// NewPersonKey draws a fresh key.
func NewPersonKey() *Key {
	var raw [keySize]byte
	rand.Read(raw[:]) // never fails: see crypto/rand
	return newKey(raw)
}

func newKey(raw [keySize]byte) *Key { return &Key{raw: raw, aead: newAEAD(raw[:])} }

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: " + err.Error()) // only for a bad length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return aead
}

// Cell is where a sealed value lives. Row is the row's identifier in bytes.
type Cell struct {
	Table, Column string
	Row           []byte
}

// data is the associated data of a cell: each part after its length, but the
// last.
func (c Cell) data() []byte {
	b := make([]byte, 0, 96)
	b = append(b, version, byte(len(c.Table)))
	b = append(b, c.Table...)
	b = append(b, byte(len(c.Column)))
	b = append(b, c.Column...)
	return append(b, c.Row...)
}

// Seal appends the sealed plaintext to dst.
func (k *Key) Seal(dst, plaintext []byte, at Cell) []byte {
	return sealWith(k.aead, dst, plaintext, at)
}

// Open returns the plaintext of what Seal made for the same cell, else
// ErrSealed.
func (k *Key) Open(sealed []byte, at Cell) ([]byte, error) {
	return openWith(k.aead, sealed, at)
}

func sealWith(aead cipher.AEAD, dst, plaintext []byte, at Cell) []byte {
	if dst == nil {
		dst = make([]byte, 0, len(plaintext)+overhead)
	}
	return aead.Seal(append(dst, version), nil, plaintext, at.data())
}

func openWith(aead cipher.AEAD, sealed []byte, at Cell) ([]byte, error) {
	if len(sealed) < overhead || sealed[0] != version {
		return nil, ErrSealed
	}
	plaintext, err := aead.Open(nil, nil, sealed[1:], at.data())
	if err != nil {
		return nil, ErrSealed
	}
	return plaintext, nil
}

// numbered is the row identifier of something numbered within a conversation.
func numbered(id [16]byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 24), id[:]...), uint64(n))
}
