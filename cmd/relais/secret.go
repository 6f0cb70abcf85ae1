package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"relais/bot/seal"
	"relais/bot/sqlite"
)

// keyring reads the master key. On SQLite one is made before the store is, and
// kept beside the data: copy it with them.
func keyring(ctx context.Context, c Config) (*seal.Keyring, error) {
	text := c.Secret
	if text == "" {
		kept, err := ownSecret(ctx, filepath.Join(c.dataDir(), "secret"), c.file())
		if err != nil {
			return nil, fmt.Errorf("the master key: %w", err)
		}
		text = kept
	}
	master, err := hex.DecodeString(text)
	if err != nil {
		return nil, errors.New("the master key: want 64 hexadecimal characters")
	}
	return seal.NewKeyring(master)
}

// ownSecret reads the key in the file at path, which is made when there is none,
// unless the store was sealed already: another key would not open it.
func ownSecret(ctx context.Context, path, store string) (string, error) {
	text, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	sealed, err := sqlite.Sealed(ctx, store)
	switch {
	case err != nil:
		return "", err
	case !sealed:
		return makeSecret(path)
	}
	text, err = readSecret(path) // another start may have made both meanwhile
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is missing: without the key that was in it %s cannot be read; put it back, or set RELAIS_SECRET", path, store)
	}
	return text, err
}

func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(data), "\r\n ")
	if !isHex64(text) {
		return "", fmt.Errorf("%s does not hold 64 hexadecimal characters", path)
	}
	return text, nil
}

// makeSecret draws a key; of those who do so at once, the first one's is kept.
func makeSecret(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	var master [32]byte
	if _, err := rand.Read(master[:]); err != nil {
		return "", err
	}
	text := hex.EncodeToString(master[:])
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return readSecret(path)
	}
	if err != nil {
		return "", err
	}
	if _, err := f.WriteString(text + "\n"); err != nil {
		return "", errors.Join(err, f.Close())
	}
	return text, errors.Join(f.Sync(), f.Close())
}
