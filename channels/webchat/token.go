package webchat

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"

	"relais/bot"
)

const (
	sessionSize = 16
	macSize     = 16
)

var base64url = base64.RawURLEncoding.Strict()

// signer makes and checks session tokens: base64url of 16 random bytes and of
// the first 16 bytes of their HMAC-SHA256. The session is the random part
// alone: knowing it, from a row or a log, does not give the token.
type signer struct{ key []byte }

// mint returns a new session and its token.
func (s signer) mint(random io.Reader) (session, token string, err error) {
	raw := make([]byte, sessionSize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", "", fmt.Errorf("draw a chat session: %w", err)
	}
	return base64url.EncodeToString(raw), s.sign(raw), nil
}

func (s signer) sign(raw []byte) (token string) {
	return base64url.EncodeToString(append(raw[:sessionSize:sessionSize], s.mac("session", raw)...))
}

// open returns the session of a token that we signed.
func (s signer) open(token string) (session string, ok bool) {
	if len(token) != base64url.EncodedLen(sessionSize+macSize) {
		return "", false
	}
	raw, err := base64url.DecodeString(token)
	if err != nil {
		return "", false
	}
	id, mac := raw[:sessionSize], raw[sessionSize:]
	if subtle.ConstantTimeCompare(mac, s.mac("session", id)) != 1 {
		return "", false
	}
	return base64url.EncodeToString(id), true
}

// token returns the token of a session that open has returned.
func (s signer) token(session string) string {
	raw, err := base64url.DecodeString(session)
	if err != nil || len(raw) != sessionSize {
		panic("webchat: not a session of ours")
	}
	return s.sign(raw)
}

// log names the log of a thread, "" for none. A client that holds messages of
// another log drops them.
func (s signer) log(thread bot.ID) string {
	if thread.IsZero() {
		return ""
	}
	return base64url.EncodeToString(s.mac("log", thread[:])[:9])
}

func (s signer) mac(purpose string, message []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("relais chat " + purpose + "\x00"))
	h.Write(message)
	return h.Sum(nil)[:macSize]
}
