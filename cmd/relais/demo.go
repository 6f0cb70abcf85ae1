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

// withoutDemo hides the demonstration's accounts from the console: a store that
// once served the demonstration has them still, with passwords that were
// printed.
type withoutDemo struct{ store }

// Adviser finds an account that is not the demonstration's.
func (s withoutDemo) Adviser(ctx context.Context, idOrEmail string) (bot.Account, error) {
	return hideDemo(s.store.Adviser(ctx, idOrEmail))
}

// Signed finds who is behind a session, unless it is the demonstration's.
func (s withoutDemo) Signed(ctx context.Context, tokenHash [32]byte, now, until time.Time) (bot.Account, error) {
	return hideDemo(s.store.Signed(ctx, tokenHash, now, until))
}

func hideDemo(a bot.Account, err error) (bot.Account, error) {
	if err == nil && strings.HasSuffix(a.Email, demoDomain) {
		return bot.Account{}, bot.ErrNotFound
	}
	return a, err
}

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
	_, unknown := s.store.Adviser(ctx, demoAccounts[0].Email) // the file may be of another store
	if text, err := os.ReadFile(path); err == nil && unknown == nil {
		return string(text), nil
	}
	if err := os.MkdirAll(c.dataDir(), 0o700); err != nil {
		return "", err
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
	fmt.Fprintf(p.out, "\nRelais — demonstration\n\n  Chat     %s/\n", s.config.PublicURL)
	if s.operator != nil {
		fmt.Fprintf(p.out, "  Phone    %s/demo/phone\n", s.config.PublicURL)
	}
	fmt.Fprintf(p.out, "  Console  %s/console/\n\nAdvisers (demonstration only):\n", s.config.PublicURL)
	for line := range strings.Lines(accounts) {
		fmt.Fprint(p.out, "  "+line)
	}
	fmt.Fprintln(p.out, "\nCtrl+C to stop.")
	return nil
}
