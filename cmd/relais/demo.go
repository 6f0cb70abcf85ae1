package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"relais/bot"
	"relais/handoff/console"
)

// demoDomain marks accounts of the demonstration: they are refused outside it.
const demoDomain = "@demo.relais.example"

// demoAccounts are the advisers of the demonstration.
var demoAccounts = []bot.Account{
	{Email: "samira" + demoDomain, Name: "Samira", Organisation: "departement", Team: "accueil", Role: "lead"},
	{Email: "paul" + demoDomain, Name: "Paul", Organisation: "departement", Team: "accueil", Role: "adviser"},
	{Email: "lea" + demoDomain, Name: "Léa", Organisation: "mission-locale", Team: "mission-locale-besancon", Role: "adviser"},
}

// seedDemo makes the accounts of the demonstration at the first start, with
// passwords of their own, kept in a file beside the data so that the next
// starts can print them again. It returns what to print.
func (s *service) seedDemo(ctx context.Context, c Config) (string, error) {
	path := filepath.Join(c.dataDir(), "demo-accounts.txt")
	if text, err := os.ReadFile(path); err == nil {
		return string(text), nil
	}
	var text strings.Builder
	for _, account := range demoAccounts {
		password, err := demoPassword()
		if err != nil {
			return "", err
		}
		if err := s.saveAccount(ctx, account, password); err != nil {
			return "", fmt.Errorf("making the demonstration's accounts: %w", err)
		}
		fmt.Fprintf(&text, "%s  %s\n", account.Email, password)
	}
	return text.String(), os.WriteFile(path, []byte(text.String()), 0o600)
}

// saveAccount creates an account, or gives the one with that e-mail a new
// password.
func (s *service) saveAccount(ctx context.Context, a bot.Account, password string) error {
	known, err := s.store.Adviser(ctx, a.Email)
	switch {
	case err == nil:
		a.ID, a.Created = known.ID, known.Created
	case errors.Is(err, bot.ErrNotFound):
		var id [16]byte
		if _, err := rand.Read(id[:]); err != nil {
			return err
		}
		a.ID, a.Created = hex.EncodeToString(id[:]), bot.Microseconds(time.Now())
	default:
		return err
	}
	if a.Password, err = console.HashPassword(password); err != nil {
		return err
	}
	return s.store.SaveAdviser(ctx, a)
}

// demoPassword draws twelve letters and digits, in groups that can be typed.
func demoPassword() (string, error) {
	const alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
	var drawn [12]byte
	if _, err := rand.Read(drawn[:]); err != nil {
		return "", err
	}
	var b strings.Builder
	for i, d := range drawn {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[int(d)%len(alphabet)])
	}
	return b.String(), nil
}

// announce says what to open.
func (s *server) announce(p *program) error {
	if !s.config.Demo {
		s.log.Info("listening", "url", s.config.PublicURL)
		return nil
	}
	accounts, err := s.service.seedDemo(p.ctx, s.config)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\nRelais — demonstration\n\n  Chat     %[1]s/\n  Phone    %[1]s/demo/phone\n  Console  %[1]s/console/\n\nAdvisers (demonstration only):\n", s.config.PublicURL)
	for line := range strings.Lines(accounts) {
		fmt.Fprint(p.out, "  "+line)
	}
	fmt.Fprintln(p.out, "\nCtrl+C to stop.")
	return nil
}
