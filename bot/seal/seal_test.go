package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/seal"
)

func keyring(t testing.TB, k byte) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring(bytes.Repeat([]byte{k}, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

var (
	here  = seal.Cell{Table: "line", Column: "body", Row: []byte("row 1")}
	alice = bot.ID{1}
)

func TestMasterKeyHasOneLength(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33, 64} {
		if _, err := seal.NewKeyring(make([]byte, n)); !errors.Is(err, seal.ErrMasterKey) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestSealThenOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := seal.NewPersonKey()
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		dst := rapid.SliceOf(rapid.Byte()).Draw(t, "dst")
		sealed := key.Seal(bytes.Clone(dst), plain, here)
		if !bytes.HasPrefix(sealed, dst) {
			t.Fatal("what was before is gone")
		}
		got, err := key.Open(sealed[len(dst):], here)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %q (%v)", got, err)
		}
	})
}

func TestSealingTwiceDiffers(t *testing.T) {
	key := seal.NewPersonKey()
	if bytes.Equal(key.Seal(nil, []byte("oui"), here), key.Seal(nil, []byte("oui"), here)) {
		t.Error("the same text sealed twice looks the same")
	}
}

func TestOpensOnlyWhereItWasSealed(t *testing.T) {
	key := seal.NewPersonKey()
	sealed := key.Seal(nil, []byte("secret"), here)
	for name, at := range map[string]seal.Cell{
		"another table":  {Table: "item", Column: "body", Row: here.Row},
		"another column": {Table: "line", Column: "name", Row: here.Row},
		"another row":    {Table: "line", Column: "body", Row: []byte("row 2")},
		"shifted names":  {Table: "linebody", Column: "", Row: here.Row},
	} {
		if _, err := key.Open(sealed, at); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := seal.NewPersonKey().Open(sealed, here); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another key: %v", err)
	}
}

func TestEveryChangedBitIsNoticed(t *testing.T) {
	key := seal.NewPersonKey()
	sealed := key.Seal(nil, []byte("secret"), here)
	for i := range 8 * len(sealed) {
		changed := bytes.Clone(sealed)
		changed[i/8] ^= 1 << (i % 8)
		if _, err := key.Open(changed, here); !errors.Is(err, seal.ErrSealed) {
			t.Fatalf("bit %d: %v", i, err)
		}
	}
	for n := range len(sealed) {
		if _, err := key.Open(sealed[:n], here); !errors.Is(err, seal.ErrSealed) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
}

func TestWrappedKeyBelongsToItsPersonAndMaster(t *testing.T) {
	keys, key := keyring(t, 1), seal.NewPersonKey()
	wrapped := keys.Wrap(key, alice)
	sealed := key.Seal(nil, []byte("secret"), here)

	again, err := keys.Unwrap(wrapped, alice)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(sealed, here); err != nil || string(got) != "secret" {
		t.Errorf("opened %q (%v)", got, err)
	}
	if _, err := keys.Unwrap(wrapped, bot.ID{2}); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another person: %v", err)
	}
	if _, err := keyring(t, 2).Unwrap(wrapped, alice); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another master key: %v", err)
	}
}

// The stored format depends on these: a change makes every database unreadable.
func TestDerivedValuesNeverChange(t *testing.T) {
	keys := keyring(t, 7)
	hash := func(sum [32]byte) string { return hex.EncodeToString(sum[:]) }
	got := map[string]string{
		"fingerprint": keys.Fingerprint(),
		"address":     hash(keys.AddressHash(bot.Address{Channel: bot.SMS, Value: "+33639980001"})),
		"appointment": hash(keys.AppointmentHash(appointments.Key{Source: "csv", ExternalID: "1", Participant: "p"})),
		"word":        hash(keys.WordHash("bonjour")),
		"session":     hex.EncodeToString(keys.SessionKey()),
	}
	want := map[string]string{
		"fingerprint": "52886784c9e94a74228e3306da38ae09",
		"address":     "1426ced19bce65c895276edf6088a2abdc5a89fc8ccfd7732c87adcc1c2c2146",
		"appointment": "d6b33b1f59dfbf2f39792504c70c337e3f6c4313d918dda5e9d093edd2389cd9",
		"word":        "089ab1e48045f233c84fe848b446c8c3e01b68e1f8933c6ca57d888b3f994408",
		"session":     "57b3873e42009dfea0230889907409171684bcdb2ffb3aabd34118fd3e68d7f5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHashesDoNotRunTogether(t *testing.T) {
	keys := keyring(t, 1)
	one := keys.AppointmentHash(appointments.Key{Source: "ab", ExternalID: "c"})
	two := keys.AppointmentHash(appointments.Key{Source: "a", ExternalID: "bc"})
	if one == two {
		t.Error("two appointments have one hash")
	}
	if keys.WordHash("sms") == keys.AddressHash(bot.Address{Channel: "sms"}) {
		t.Error("words and addresses share their hashes")
	}
}

func TestRowsComeBackWhole(t *testing.T) {
	key, now := seal.NewPersonKey(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	line := bot.Line{Conversation: alice, N: 3, Name: "Samira", Text: "Bonjour <é>", Choices: []bot.Choice{{Value: "yes", Label: "Oui"}}}
	answer := bot.Answer{Key: "commune", At: now, Values: []string{"25056"}, Words: "à Besançon"}
	item := bot.Item{ID: bot.ID{5}, Text: "rappelez-moi"}
	booked := appointments.Appointment{
		Key:   appointments.Key{Source: "csv", ExternalID: "1", Participant: "p"},
		Place: "Mairie", Address: "1 rue du Pont", Motive: "Bilan", Adviser: "M. Petit",
	}
	address := bot.Address{Channel: bot.SMS, Value: "+33639980001"}
	state := bot.Conversation{ID: alice, Person: bot.ID{2}, Step: "a/b", Owner: bot.Owner{Kind: bot.Assistant}}

	gotLine := bot.Line{Conversation: alice, N: 3}
	gotAnswer := bot.Answer{Key: "commune", At: now}
	gotItem := bot.Item{ID: item.ID}
	var gotBooked appointments.Appointment
	gotAddress, err := key.OpenAddress(alice, key.SealAddress(alice, address))
	gotState, stateErr := key.OpenState(alice, key.SealState(&state))
	if err := errors.Join(err, stateErr,
		key.OpenLine(key.SealLine(&line), &gotLine),
		key.OpenAnswer(alice, key.SealAnswer(alice, &answer), &gotAnswer),
		key.OpenItem(key.SealItem(&item), &gotItem),
		key.OpenAppointment([32]byte{1}, key.SealAppointment([32]byte{1}, &booked), &gotBooked),
	); err != nil {
		t.Fatal(err)
	}
	type all struct {
		Line   bot.Line
		Answer bot.Answer
		Item   bot.Item
		Booked appointments.Appointment
		At     bot.Address
		State  bot.Conversation
	}
	if diff := cmp.Diff(all{line, answer, item, booked, address, state}, all{gotLine, gotAnswer, gotItem, gotBooked, gotAddress, gotState}); diff != "" {
		t.Error(diff)
	}
}

func TestARowDoesNotOpenInPlaceOfAnother(t *testing.T) {
	key := seal.NewPersonKey()
	line := key.SealLine(&bot.Line{Conversation: alice, N: 1, Text: "oui"})
	for _, other := range []bot.Line{{Conversation: alice, N: 2}, {Conversation: bot.ID{9}, N: 1}} {
		if err := key.OpenLine(line, &other); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("line %d of %s: %v", other.N, other.Conversation, err)
		}
	}
	answer := key.SealAnswer(alice, &bot.Answer{Key: "health", At: time.UnixMicro(1)})
	for _, other := range []bot.Answer{{Key: "rsa", At: time.UnixMicro(1)}, {Key: "health", At: time.UnixMicro(2)}} {
		if err := key.OpenAnswer(alice, answer, &other); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("answer %s: %v", other.Key, err)
		}
	}
}

func TestProofOutlivesThePerson(t *testing.T) {
	keys := keyring(t, 1)
	hash := keys.AddressHash(bot.Address{Channel: bot.SMS, Value: "+33639980001"})
	sealed := keys.SealProof(hash, "STOP SM1")
	if got, err := keyring(t, 1).OpenProof(hash, sealed); err != nil || got != "STOP SM1" {
		t.Errorf("opened %q (%v)", got, err)
	}
	if _, err := keys.OpenProof([32]byte{}, sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("for another address: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	key := seal.NewPersonKey()
	f.Add(key.Seal(nil, []byte("secret"), here))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		plain, err := key.Open(sealed, here)
		if err == nil && string(plain) != "secret" {
			t.Fatalf("opened %q out of nothing", plain)
		}
	})
}

func ExampleKey_Seal() {
	keys, _ := seal.NewKeyring(bytes.Repeat([]byte{1}, seal.MasterSize))
	person := bot.ID{1}
	key := seal.NewPersonKey()
	wrapped := keys.Wrap(key, person) // kept in the person's row

	at := seal.Cell{Table: "line", Column: "body", Row: []byte{1}}
	sealed := key.Seal(nil, []byte("Bonjour"), at)

	key, _ = keys.Unwrap(wrapped, person)
	plain, err := key.Open(sealed, at)
	fmt.Println(string(plain), err)
	_, err = key.Open(sealed, seal.Cell{Table: "line", Column: "body", Row: []byte{2}})
	fmt.Println(err)
	// Output:
	// Bonjour <nil>
	// sealed value does not open
}

func BenchmarkKey(b *testing.B) {
	keys, key := keyring(b, 1), seal.NewPersonKey()
	wrapped, text := keys.Wrap(key, alice), bytes.Repeat([]byte("x"), 1024)
	sealed := key.Seal(nil, text, here)
	b.Run("seal 1 KB", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			key.Seal(nil, text, here)
		}
	})
	b.Run("open 1 KB", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := key.Open(sealed, here); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unwrap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := keys.Unwrap(wrapped, alice); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("address hash", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			keys.AddressHash(bot.Address{Channel: bot.SMS, Value: "+33639980001"})
		}
	})
}
