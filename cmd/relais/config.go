package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"relais/bot"
	"relais/bot/bus"
)

// Config is the configuration of every command, read once from the
// environment. An empty variable is an unset one.
type Config struct {
	Listen      string // RELAIS_LISTEN
	AdminListen string // RELAIS_ADMIN_LISTEN
	PublicURL   string // RELAIS_PUBLIC_URL
	Database    string // RELAIS_DATABASE_URL
	OwnerURL    string // RELAIS_DATABASE_OWNER_URL
	Redis       string // RELAIS_REDIS_URL
	Territory   string // RELAIS_TERRITORY
	Flows       string // RELAIS_FLOWS
	Secret      string // RELAIS_SECRET, 64 hexadecimal characters
	Demo        bool   // RELAIS_DEMO
	Migrate     bool   // RELAIS_MIGRATE
	Origins     []string
	OnCall      []bot.Address // RELAIS_ONCALL
	Log         string
	SMSRate     float64
	Twilio      TwilioConfig
}

// TwilioConfig is the operator's account.
type TwilioConfig struct {
	AccountSID, APIKey, APISecret string
	AuthTokens                    []string // the first one signs in
	From, MessagingServiceSID     string
	APIURL                        string
}

// Set tells whether there is an operator's account to use.
func (t TwilioConfig) Set() bool { return t.AccountSID != "" }

// secretNames may also be given as NAME_FILE, the path of a file that holds
// the value.
var secretNames = []string{"RELAIS_SECRET", "RELAIS_DATABASE_URL", "RELAIS_DATABASE_OWNER_URL", "RELAIS_REDIS_URL",
	"TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET"}

var plainNames = []string{"RELAIS_LISTEN", "RELAIS_ADMIN_LISTEN", "RELAIS_PUBLIC_URL", "RELAIS_TERRITORY", "RELAIS_FLOWS",
	"RELAIS_DEMO", "RELAIS_MIGRATE", "RELAIS_ORIGINS", "RELAIS_ONCALL", "RELAIS_LOG", "RELAIS_SMS_RATE"}

// environment reads variables, and remembers what was wrong with them.
type environment struct {
	values map[string]string
	faults []error
}

func (e *environment) fault(format string, args ...any) {
	e.faults = append(e.faults, fmt.Errorf(format, args...))
}

// ReadConfig reads the configuration. Its error has one clear line for each
// thing that is wrong.
func ReadConfig(environ []string) (Config, error) {
	e := collect(environ)
	c := Config{
		Listen:      e.or("RELAIS_LISTEN", "127.0.0.1:8080"),
		AdminListen: e.values["RELAIS_ADMIN_LISTEN"],
		PublicURL:   strings.TrimRight(e.values["RELAIS_PUBLIC_URL"], "/"),
		Database:    e.or("RELAIS_DATABASE_URL", "sqlite:data/relais.db"),
		OwnerURL:    e.values["RELAIS_DATABASE_OWNER_URL"],
		Redis:       e.values["RELAIS_REDIS_URL"],
		Territory:   e.values["RELAIS_TERRITORY"],
		Flows:       e.values["RELAIS_FLOWS"],
		Secret:      e.values["RELAIS_SECRET"],
		Migrate:     e.flag("RELAIS_MIGRATE", true),
		Origins:     list(e.values["RELAIS_ORIGINS"]),
		OnCall:      e.addresses("RELAIS_ONCALL"),
		Log:         e.or("RELAIS_LOG", "info"),
		SMSRate:     e.number("RELAIS_SMS_RATE", 1),
		Twilio: TwilioConfig{
			AccountSID: e.values["TWILIO_ACCOUNT_SID"], APIKey: e.values["TWILIO_API_KEY"], APISecret: e.values["TWILIO_API_SECRET"],
			AuthTokens: list(e.values["TWILIO_AUTH_TOKEN"]), From: e.values["TWILIO_FROM"],
			MessagingServiceSID: e.values["TWILIO_MESSAGING_SERVICE_SID"], APIURL: e.values["TWILIO_API_URL"],
		},
	}
	c.Demo = e.flag("RELAIS_DEMO", c.embedded() && !c.Twilio.Set() && loopback(c.Listen))
	e.check(&c)
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	return c, errors.Join(e.faults...)
}

// collect takes our variables out of the environment, files included, and
// reports the ones that we do not know.
func collect(environ []string) *environment {
	e := &environment{values: map[string]string{}}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		base, isFile := strings.CutSuffix(name, "_FILE")
		switch {
		case value == "":
		case slices.Contains(plainNames, name), slices.Contains(secretNames, name), strings.HasPrefix(name, "TWILIO_") && !isFile:
			e.values[name] = value
		case isFile && slices.Contains(secretNames, base):
			data, err := os.ReadFile(value)
			if err != nil {
				e.fault("%s: %w", name, err)
			}
			e.values[base] = strings.TrimSpace(string(data))
		case strings.HasPrefix(name, "RELAIS_") && !strings.HasPrefix(name, "RELAIS_TEST_"):
			e.fault("%s: no such setting", name)
		}
	}
	return e
}

func (e *environment) or(name, otherwise string) string {
	if v := e.values[name]; v != "" {
		return v
	}
	return otherwise
}

func (e *environment) flag(name string, otherwise bool) bool {
	switch e.values[name] {
	case "":
		return otherwise
	case "0":
		return false
	case "1":
		return true
	}
	e.fault("%s: want 0 or 1", name)
	return otherwise
}

func (e *environment) number(name string, otherwise float64) float64 {
	text := e.values[name]
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 {
		e.fault("%s: want a number, 0 or more", name)
		return otherwise
	}
	return n
}

func (e *environment) addresses(name string) []bot.Address {
	var addresses []bot.Address
	for _, text := range list(e.values[name]) {
		a, err := bot.ParseAddress(text)
		if err != nil || a.Channel != bot.SMS {
			e.fault("%s: want addresses such as sms:+33600000000", name)
			return nil
		}
		addresses = append(addresses, a)
	}
	return addresses
}

func (e *environment) check(c *Config) {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		e.fault("RELAIS_LISTEN: want host:port")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			e.fault("RELAIS_PUBLIC_URL: want https://host")
		}
	}
	if !c.embedded() && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		e.fault("RELAIS_DATABASE_URL: want sqlite:path or postgres://…")
	}
	if c.Redis != "" && !bus.ValidURL(c.Redis) {
		e.fault("RELAIS_REDIS_URL: %w", bus.ErrURL)
	}
	if c.Secret != "" && !isHex64(c.Secret) {
		e.fault("RELAIS_SECRET: want 64 hexadecimal characters")
	}
	if c.Secret == "" && !c.embedded() {
		e.fault("RELAIS_SECRET: must be set, and be the same on all instances, with Postgres")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log) {
		e.fault("RELAIS_LOG: want debug, info, warn or error")
	}
	if c.Twilio.Set() && len(c.Twilio.AuthTokens) == 0 {
		e.fault("TWILIO_AUTH_TOKEN: must be set beside TWILIO_ACCOUNT_SID: it signs the webhooks")
	}
	if c.Twilio.Set() && c.Twilio.From == "" && c.Twilio.MessagingServiceSID == "" {
		e.fault("TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID: one of them must be set beside TWILIO_ACCOUNT_SID")
	}
}

// embedded tells whether the store is a file of ours.
func (c Config) embedded() bool { return strings.HasPrefix(c.Database, "sqlite:") }

// file is the path of the SQLite store.
func (c Config) file() string { return strings.TrimPrefix(c.Database, "sqlite:") }

// dataDir holds the store, and the secret that was made for it; on Postgres,
// only what the demonstration prints.
func (c Config) dataDir() string {
	if !c.embedded() {
		return "data"
	}
	return filepath.Dir(c.file())
}

func list(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func isHex64(s string) bool {
	return len(s) == 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
