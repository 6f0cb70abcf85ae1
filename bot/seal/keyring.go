package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"relais/bot"
	"relais/bot/appointments"
)

// MasterSize is the length of a master key, in bytes.
const MasterSize = 32

// ErrMasterKey is returned for a master key of another length.
var ErrMasterKey = errors.New("a master key is 32 bytes")

// Keyring holds the keys derived from the deployment's master key, one per
// purpose, so that none of them tells anything about another. It is safe for
// use by several goroutines.
type Keyring struct {
	wrapping    cipher.AEAD // wraps the persons' keys
	own         *Key        // seals what outlives a person: the proof of an opt-out
	addresses   []byte
	bookings    []byte
	words       []byte
	sessions    []byte
	fingerprint string
}

// NewKeyring derives the keys. The master key is not kept.
func NewKeyring(master []byte) (*Keyring, error) {
	if len(master) != MasterSize {
		return nil, ErrMasterKey
	}
	// The labels are part of the stored format: another one makes every stored
	// value unreadable.
	derive := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, master, nil, "relais "+purpose, 32)
		if err != nil {
			panic("seal: " + err.Error()) // only for lengths HKDF cannot give
		}
		return key
	}
	return &Keyring{
		wrapping:    newAEAD(derive("person keys")),
		own:         newKey([keySize]byte(derive("service key"))),
		addresses:   derive("address hashes"),
		bookings:    derive("appointment hashes"),
		words:       derive("word hashes"),
		sessions:    derive("sessions"),
		fingerprint: hex.EncodeToString(derive("fingerprint")[:16]),
	}, nil
}

// Fingerprint names the master key without telling anything about it: 32
// hexadecimal digits, kept in the store to refuse another key at start-up.
func (k *Keyring) Fingerprint() string { return k.fingerprint }

// SessionKey signs the tokens of chat sessions (32 bytes).
func (k *Keyring) SessionKey() []byte { return append([]byte(nil), k.sessions...) }

// AddressHash is the name under which an address is found.
func (k *Keyring) AddressHash(a bot.Address) [32]byte {
	return keyedHash(k.addresses, string(a.Channel), a.Value)
}

// AppointmentHash is the name under which an appointment is found.
func (k *Keyring) AppointmentHash(key appointments.Key) [32]byte {
	return keyedHash(k.bookings, key.Source, key.ExternalID, key.Participant)
}

// WordHash is the name under which one word of a text is found.
func (k *Keyring) WordHash(word string) [32]byte { return keyedHash(k.words, word) }

// keyedHash is HMAC-SHA256 over the parts, each after its length, so that no
// two lists of parts read the same.
func keyedHash(key []byte, parts ...string) (sum [32]byte) {
	mac := hmac.New(sha256.New, key)
	message := make([]byte, 0, 96)
	for _, part := range parts {
		message = binary.AppendUvarint(message, uint64(len(part)))
		message = append(message, part...)
	}
	mac.Write(message)
	mac.Sum(sum[:0])
	return sum
}

// Wrap seals a person's key for that person's row.
func (k *Keyring) Wrap(key *Key, person bot.ID) []byte {
	return sealWith(k.wrapping, nil, key.raw[:], wrappedIn(person))
}

// Unwrap opens what Wrap sealed; ErrSealed for anything else.
func (k *Keyring) Unwrap(wrapped []byte, person bot.ID) (*Key, error) {
	raw, err := openWith(k.wrapping, wrapped, wrappedIn(person))
	if err != nil {
		return nil, fmt.Errorf("unwrap a person's key: %w", err)
	}
	if len(raw) != keySize {
		return nil, fmt.Errorf("unwrap a person's key: %w", ErrSealed)
	}
	return newKey([keySize]byte(raw)), nil
}

func wrappedIn(person bot.ID) Cell { return Cell{Table: "person", Column: "key", Row: person[:]} }

// SealProof seals the proof of an opt-out, which is kept after the person's
// key is gone; address is the hash of its row.
func (k *Keyring) SealProof(address [32]byte, proof string) []byte {
	return k.own.Seal(nil, []byte(proof), proofOf(address[:]))
}

// OpenProof opens what SealProof sealed.
func (k *Keyring) OpenProof(address [32]byte, sealed []byte) (string, error) {
	proof, err := k.own.Open(sealed, proofOf(address[:]))
	return string(proof), err
}

func proofOf(address []byte) Cell { return Cell{Table: "opt_out", Column: "proof", Row: address} }
