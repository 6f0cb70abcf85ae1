package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Bounds of a password: shorter ones are guessed, longer ones only cost time.
const (
	PasswordMin = 12  // characters
	PasswordMax = 256 // bytes
)

// ErrPassword is returned for a password out of bounds.
var ErrPassword = fmt.Errorf("a password has at least %d characters and at most %d bytes", PasswordMin, PasswordMax)

// cost is what an argon2id hash takes. The values in use are the first of those
// OWASP recommends; each hash carries its own, so they can be raised later.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

var today = cost{memory: 19 << 10, passes: 2, threads: 1}

// ceiling keeps a row that somebody tampered with from taking the machine down.
var ceiling = cost{memory: 256 << 10, passes: 16, threads: 8}

const (
	saltSize = 16
	hashSize = 32
)

// HashPassword returns what to keep of a password: its argon2id hash in PHC
// format, with a fresh salt and the parameters it was made with.
func HashPassword(password string) (string, error) {
	if utf8.RuneCountInString(password) < PasswordMin || len(password) > PasswordMax {
		return "", ErrPassword
	}
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("drawing a salt: %w", err)
	}
	return phc{today, salt, today.hash(password, salt, hashSize)}.String(), nil
}

// CheckPassword tells whether a password is the one that was hashed. It takes
// the same time whichever it is; a hash that cannot be read matches nothing.
func CheckPassword(hash, password string) bool {
	kept, err := parsePHC(hash)
	if err != nil || len(password) > PasswordMax {
		return false
	}
	given := kept.cost.hash(password, kept.salt, uint32(len(kept.sum)))
	return subtle.ConstantTimeCompare(kept.sum, given) == 1
}

// hash derives a key from a password. Two keyboards write the same accent as
// one code point or as two; NFC makes them one password.
func (c cost) hash(password string, salt []byte, size uint32) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), salt, c.passes, c.memory, c.threads, size)
}

// phc is a hash as it is kept: $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
type phc struct {
	cost      cost
	salt, sum []byte
}

var errPHC = errors.New("not an argon2id hash")

func (p phc) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.cost.memory, p.cost.passes, p.cost.threads, encode(p.salt), encode(p.sum))
}

func parsePHC(s string) (phc, error) {
	var (
		p       phc
		version int
	)
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return p, errPHC
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return p, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.cost.memory, &p.cost.passes, &p.cost.threads); err != nil || !p.cost.sane() {
		return p, errPHC
	}
	for i, into := range []*[]byte{&p.salt, &p.sum} {
		decoded, err := base64.RawStdEncoding.DecodeString(parts[4+i])
		if err != nil || len(decoded) < 8 || len(decoded) > 64 {
			return p, errPHC
		}
		*into = decoded
	}
	return p, nil
}

func (c cost) sane() bool {
	return c.memory >= 8 && c.passes >= 1 && c.threads >= 1 &&
		c.memory <= ceiling.memory && c.passes <= ceiling.passes && c.threads <= ceiling.threads
}

// passwords checks passwords, a few at a time: each check takes memory and a
// core, and a crowd at the door must not take them all.
type passwords struct {
	places chan struct{}
	decoy  string // the hash of no password, for accounts that do not exist
	check  func(hash, password string) bool
}

func newPasswords() passwords {
	noise := make([]byte, saltSize+hashSize)
	rand.Read(noise) // never fails
	return passwords{
		places: make(chan struct{}, 2),
		decoy:  phc{today, noise[:saltSize], noise[saltSize:]}.String(),
		check:  CheckPassword,
	}
}

// match checks a password against a hash, or against the decoy when there is
// none: the work is the same.
func (p *passwords) match(ctx context.Context, hash, password string) (bool, error) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return false, fmt.Errorf("waiting to check a password: %w", ctx.Err())
	}
	if hash == "" {
		p.check(p.decoy, password)
		return false, nil
	}
	return p.check(hash, password), nil
}
