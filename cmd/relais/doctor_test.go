package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"relais/channels/twilio"
	"relais/test/pgtest"
)

func TestCheckNumber(t *testing.T) {
	const want = "https://relais.example.fr/sms/twilio/inbound"
	tests := []struct {
		name, set string
		err       error
		fault     bool
		says      string
	}{
		{"as it should be", want + twilio.Overrides, nil, false, "tried again"},
		{"with overrides of its own", want + "#rc=3&rp=5xx", nil, false, "tried again"},
		{"without", want, nil, false, "tried once"},
		{"elsewhere", "https://user:hunter22@other.example/in?token=s3cret", nil, true, "go to https://other.example/in:"},
		{"nowhere", "", nil, true, "nowhere"},
		{"asked with GET", "GET " + want, nil, true, "an address that is none"},
		{"of a service", "", twilio.ErrService, false, "messaging service"},
		{"of somebody else", "", twilio.ErrNoNumber, true, "no such number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := checkNumber(want, tt.set, tt.err)
			said := f.detail
			if f.fault != nil {
				said = f.fault.Error()
			}
			if (f.fault != nil) != tt.fault || !strings.Contains(said, tt.says) {
				t.Errorf("fault %t: %q", f.fault != nil, said)
			}
			if strings.Contains(said, "hunter22") || strings.Contains(said, "s3cret") {
				t.Errorf("a secret stands in %q", said)
			}
		})
	}
}

// On Postgres the doctor looks at the server too, and never migrates it.
func TestDoctorOnPostgres(t *testing.T) {
	url := pgtest.Start(t)
	config := Config{Database: url, Secret: strings.Repeat("5e", 32), PublicURL: "http://127.0.0.1:8080", Demo: true}
	examine := func() (table string, err error) {
		var out bytes.Buffer
		err = doctorCommand{}.Run(&program{ctx: t.Context(), config: config, out: &out, log: slog.New(slog.DiscardHandler), now: time.Now})
		return out.String(), err
	}
	table, err := examine()
	if !errors.As(err, new(exitStatus)) || !regexp.MustCompile(`(?m)^store +FAULT`).MatchString(table) {
		t.Errorf("an empty database: %v\n%s", err, table)
	}
	migrated := config
	migrated.Migrate = true
	svc, err := openService(context.Background(), migrated, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := svc.store.Close(); err != nil {
		t.Fatal(err)
	}
	config.Migrate = true
	table, _ = examine() // nobody has an account yet
	for _, line := range []string{`Postgres version +ok`, `Postgres durability +ok`, `store +ok +Postgres, schema up to date`, `team accueil +FAULT`} {
		if !regexp.MustCompile(`(?m)^` + line).MatchString(table) {
			t.Errorf("no line %q:\n%s", line, table)
		}
	}
	t.Log("\n" + table)
}
