package console

import (
	"errors"
	"strings"
	"testing"
)

func TestPasswords(t *testing.T) {
	hash, err := HashPassword("café au lait, deux sucres")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %q", hash)
	}
	again, err := HashPassword("café au lait, deux sucres")
	if err != nil || again == hash {
		t.Errorf("two hashes of one password are equal, or %v: salts are missing", err)
	}
	for _, c := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"the right one", hash, "café au lait, deux sucres", true},
		{"with the accent as a code point of its own", hash, "cafe\u0301 au lait, deux sucres", true},
		{"another", hash, "café au lait, trois sucres", false},
		{"empty", hash, "", false},
		{"no hash", "", "café au lait, deux sucres", false},
		{"another algorithm", strings.Replace(hash, "argon2id", "argon2i", 1), "café au lait, deux sucres", false},
		{"a hash cut short", hash[:40], "café au lait, deux sucres", false},
		{"other parameters", strings.Replace(hash, "t=2", "t=3", 1), "café au lait, deux sucres", false},
		{"parameters that would take the machine down", strings.Replace(hash, "m=19456", "m=4194304", 1), "café au lait, deux sucres", false},
		{"no pass at all", strings.Replace(hash, "t=2", "t=0", 1), "café au lait, deux sucres", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := CheckPassword(c.hash, c.password); got != c.want {
				t.Errorf("CheckPassword = %t, want %t", got, c.want)
			}
		})
	}
}

func TestPasswordBounds(t *testing.T) {
	for _, bad := range []string{"", "court", "éééééééééé1", strings.Repeat("x", PasswordMax+1)} {
		if _, err := HashPassword(bad); !errors.Is(err, ErrPassword) {
			t.Errorf("HashPassword of %d bytes: %v, want ErrPassword", len(bad), err)
		}
	}
}
