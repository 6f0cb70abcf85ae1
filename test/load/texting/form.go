// Package texting plays people who text: signed webhooks as the operator posts
// them, on kept connections, in a closed loop (each waits for the answer before
// texting again) or an open one (texts come at a fixed rate, whatever the
// answers do).
//
// The two cores of the machine are shared with what is measured, so a text
// costs little here: forms are prepared, the keyed hash is reused, requests are
// written to raw sockets.
package texting

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math/rand/v2"
	"net/url"
	"strconv"
)

// Path is where the operator posts what people text.
const Path = "/sms/twilio/inbound"

// Service is whom people text, and how the operator signs for it.
type Service struct {
	Address string // host:port to connect to
	Public  string // the origin that signatures cover, such as http://127.0.0.1:8080
	Account string // AC and 32 hexadecimal digits
	Token   string
	Number  string // E.164
}

// holes are the fields that differ from one text to the next.
const (
	bodyHole = "\x00body"
	fromHole = "\x00from"
	sidHole  = "\x00sid"
)

// fields are those of an inbound SMS in the operator's alphabetical order, which
// is also the order that signatures cover.
//
// Source: the operator's reference of webhook parameters.
func fields(s Service) [][2]string {
	return [][2]string{
		{"AccountSid", s.Account}, {"ApiVersion", "2010-04-01"}, {"Body", bodyHole}, {"From", fromHole}, {"FromCity", ""},
		{"FromCountry", "FR"}, {"FromState", ""}, {"FromZip", ""}, {"MessageSid", sidHole}, {"NumMedia", "0"}, {"NumSegments", "1"},
		{"SmsMessageSid", sidHole}, {"SmsSid", sidHole}, {"SmsStatus", "received"}, {"To", s.Number}, {"ToCity", ""},
		{"ToCountry", "FR"}, {"ToState", ""}, {"ToZip", ""},
	}
}

// form writes the requests of one connection.
type form struct {
	service Service
	fields  [][2]string
	mac     hash.Hash
	ids     *rand.ChaCha8

	signed, encoded, request, sum []byte // reused
}

func newForm(s Service, seed [32]byte) *form {
	return &form{service: s, fields: fields(s), mac: hmac.New(sha1.New, []byte(s.Token)), ids: rand.NewChaCha8(seed)}
}

// post returns a whole request, valid until the next call.
func (f *form) post(from, body string) []byte {
	sid := f.sid()
	f.signed = append(append(f.signed[:0], f.service.Public...), Path...)
	f.encoded = f.encoded[:0]
	for i, field := range f.fields {
		value := field[1]
		switch value {
		case bodyHole:
			value = body
		case fromHole:
			value = from
		case sidHole:
			value = sid
		}
		f.signed = append(append(f.signed, field[0]...), value...)
		if i > 0 {
			f.encoded = append(f.encoded, '&')
		}
		f.encoded = append(append(f.encoded, field[0]...), '=')
		if value != "" {
			f.encoded = append(f.encoded, url.QueryEscape(value)...)
		}
	}
	f.mac.Reset()
	f.mac.Write(f.signed)
	f.sum = f.mac.Sum(f.sum[:0])

	b := append(f.request[:0], "POST "+Path+" HTTP/1.1\r\nHost: "...)
	b = append(b, f.service.Address...)
	b = append(b, "\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: "...)
	b = base64.StdEncoding.AppendEncode(b, f.sum)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(f.encoded)), 10)
	b = append(append(b, "\r\n\r\n"...), f.encoded...)
	f.request = b
	return b
}

// sid draws the id of a message.
func (f *form) sid() string {
	var id [16]byte
	binary.LittleEndian.PutUint64(id[:8], f.ids.Uint64())
	binary.LittleEndian.PutUint64(id[8:], f.ids.Uint64())
	return "SM" + hex.EncodeToString(id[:])
}
