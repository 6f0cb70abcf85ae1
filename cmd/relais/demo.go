package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"relais/bot"
	"relais/bot/seal"
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

// demoPasswords is the file, beside a store of our own, that holds what was
// printed.
const demoPasswords = "demo-accounts.txt"

// seedDemo makes the accounts of the demonstration that are not there yet, and
// returns what to print: a line for each. Instances that share a store and its
// master key agree on the passwords, at every start. An account that is there
// keeps its own.
func (s *service) seedDemo(ctx context.Context, c Config) (string, error) {
	path := filepath.Join(c.dataDir(), demoPasswords)
	before, _ := os.ReadFile(path) // of a store whose passwords were drawn at random
	var text strings.Builder
	for _, account := range demoAccounts {
		password, err := s.demoAccount(ctx, account, drawnBefore(string(before), account.Email))
		if err != nil {
			return "", fmt.Errorf("making the demonstration's accounts: %w", err)
		}
		fmt.Fprintf(&text, "%s  %s\n", account.Email, password)
	}
	if !c.embedded() || text.String() == string(before) {
		return text.String(), nil
	}
	return text.String(), os.WriteFile(path, []byte(text.String()), 0o600)
}

// drawnBefore finds the password of an account among lines that were printed.
func drawnBefore(lines, email string) string {
	for line := range strings.Lines(lines) {
		if password, ok := strings.CutPrefix(line, email+" "); ok {
			return strings.TrimSpace(password)
		}
	}
	return ""
}

// demoAccount makes an account unless it is there, and returns its password: the
// one it is made with, or that of another start; or else who knows it.
func (s *service) demoAccount(ctx context.Context, a bot.Account, before string) (string, error) {
	password := demoPassword(s.keys, a.Email)
	known, err := s.store.Adviser(ctx, a.Email)
	if errors.Is(err, bot.ErrNotFound) {
		if err = s.saveAccount(ctx, a, password); !errors.Is(err, bot.ErrConflict) {
			return password, err
		}
		known, err = s.store.Adviser(ctx, a.Email) // another instance made it meanwhile
	}
	switch {
	case err != nil:
		return "", err
	case console.CheckPassword(known.Password, password):
		return password, nil
	case before != "" && console.CheckPassword(known.Password, before):
		return before, nil
	}
	return "has a password of its own: relais advisers password", nil
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

// demoPassword draws twelve letters and digits, in groups that can be typed: for
// one master key and account always the same.
func demoPassword(keys *seal.Keyring, email string) string {
	const alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
	mac := hmac.New(sha256.New, keys.SessionKey())
	mac.Write([]byte("relais demonstration " + email))
	var b strings.Builder
	for i, d := range mac.Sum(nil)[:12] {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[int(d)%len(alphabet)])
	}
	return b.String()
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
