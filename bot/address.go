package bot

import (
	"errors"
	"log/slog"
	"strings"
)

// Channel is a way to reach a person.
type Channel string

const (
	SMS Channel = "sms"
	Web Channel = "web"
)

// Address is where a person can be reached: "sms:+33639980001" or
// "web:<session>". Our own number is not part of it.
type Address struct {
	Channel Channel
	Value   string
}

// ErrBadAddress is returned for a text that names no channel of ours.
var ErrBadAddress = errors.New("an address reads like sms:+33639980001 or web:<session>")

// ParseAddress reads "channel:value". An SMS value is in E.164.
func ParseAddress(s string) (Address, error) {
	channel, value, found := strings.Cut(s, ":")
	a := Address{Channel: Channel(channel), Value: value}
	if !found || !a.Valid() {
		return Address{}, ErrBadAddress
	}
	return a, nil
}

// Valid tells whether the address has the shape of its channel.
func (a Address) Valid() bool {
	switch a.Channel {
	case SMS:
		return isE164(a.Value)
	case Web:
		return len(a.Value) >= 8 && len(a.Value) <= 64
	}
	return false
}

// String gives "channel:value". It is personal: never log it; LogValue takes
// care of slog.
func (a Address) String() string { return string(a.Channel) + ":" + a.Value }

// LogValue shows the channel only.
func (a Address) LogValue() slog.Value { return slog.StringValue(string(a.Channel) + ":…") }

func isE164(s string) bool {
	if len(s) < 4 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
