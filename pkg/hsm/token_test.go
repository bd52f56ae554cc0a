package hsm

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

// With every token and mode, a Decrypter does what the key file does: same
// messages, same errors.
func TestLikeAKeyFile(t *testing.T) {
	tier.Long(t)
	for name, c := range map[string]struct {
		token func(*testing.T) testToken
		mode  Mode
	}{
		"SoftHSM raw": {func(t *testing.T) testToken { return softHSM(t) }, ModeRaw},
		"NSS oaep":    {func(t *testing.T) testToken { return nss(t) }, ModeOAEP},
		"NSS raw":     {func(t *testing.T) testToken { return nss(t) }, ModeRaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := c.token(t)
			d, err := k.open(t, c.mode)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, d, testkey.Recovery(0))
		})
	}
}

func compare(t *testing.T, d *Decrypter, file *rsa.PrivateKey) {
	t.Helper()
	good := encrypt(t, &file.PublicKey, "message")
	flipped := bytes.Clone(good)
	flipped[100] ^= 1
	tooLarge := new(big.Int).Add(file.N, big.NewInt(1)).Bytes()
	long := encrypt(t, &file.PublicKey, strings.Repeat("m", file.Size()-2*hashSize-2))
	for name, c := range map[string]struct{ ciphertext, label []byte }{
		"good":           {good, testLabel},
		"empty message":  {encrypt(t, &file.PublicKey, ""), testLabel},
		"long message":   {long, testLabel},
		"other label":    {good, []byte("other")},
		"no label":       {good, nil},
		"changed":        {flipped, testLabel},
		"zero":           {make([]byte, file.Size()), testLabel},
		"short":          {good[1:], testLabel},
		"long":           {append([]byte{0}, good...), testLabel},
		"above modulus":  {tooLarge, testLabel},
		"another key's":  {encrypt(t, &testkey.Recovery(1).PublicKey, "x"), testLabel},
		"no ciphertext":  {nil, testLabel},
		"after mistakes": {good, testLabel},
	} {
		want, wantErr := rsadecrypt.Decrypt(file, c.ciphertext, c.label)
		got, err := d.Decrypt(nil, c.ciphertext, &rsa.OAEPOptions{Hash: crypto.SHA256, Label: c.label})
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %.20q, %v; the key file: %.20q, %v", name, got, err, want, wantErr)
		}
		if err != nil && !(errors.Is(err, rsadecrypt.ErrDecrypt) && errors.Is(err, rsa.ErrDecryption) && is(err, DecryptFailed)) {
			t.Errorf("%s: not an error of the ciphertext: %v", name, err)
		}
	}
}

func TestSessions(t *testing.T) {
	k := softHSM(t)
	k.options.Sessions = 3
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 12 {
		message := strings.Repeat("m", i)
		group.Go(func() {
			got, err := d.open(encrypt(t, k.public, message), testLabel)
			if err != nil || string(got) != message {
				t.Errorf("decrypted %q, %v; want %q", got, err, message)
			}
		})
	}
	group.Wait()
	if len(d.key.sessions) != 3 || d.Sessions() != 3 { // all are back
		t.Errorf("%d sessions of %d", len(d.key.sessions), d.Sessions())
	}
}

// A token that gives no more sessions serves with those it gave.
func TestFewSessions(t *testing.T) {
	k, _ := throughFaults(t, softHSM(t), "FAULT=C_OpenSession 4+ 0xB1")
	k.options.Sessions = 4
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	if d.Sessions() != 2 {
		t.Errorf("%d sessions, want 2", d.Sessions())
	}
	if _, err := d.open(encrypt(t, k.public, "x"), testLabel); err != nil {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	k := softHSM(t)
	m := openModule(t, k)
	if m.Manufacturer != "SoftHSM" || m.Description == "" || !strings.HasPrefix(m.Version, "2.") {
		t.Errorf("module %q, %q, %q", m.Manufacturer, m.Description, m.Version)
	}
	tokens, err := m.Tokens(Location{})
	if err != nil || len(tokens) != 1 || !tokens[0].NeedsPIN() {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	l := tokens[0].Location()
	if l.Token != "soft" || l.Module != k.options.Module || l.Serial == "" {
		t.Errorf("location %s", l)
	}
	if again, err := m.Token(l); err != nil || again.slot != tokens[0].slot {
		t.Errorf("the location of a token leads to %v, %v", again, err)
	}
	keys, err := tokens[0].Keys(Location{})
	if err != nil || len(keys) != 1 || keys[0].Private || !keys[0].Public.Equal(k.public) || keys[0].Label != "vault-key" {
		t.Errorf("before the login: %+v, %v", keys, err)
	}
	if _, err := tokens[0].Login(pin(), false); err != nil {
		t.Fatal(err)
	}
	keys, err = tokens[0].Keys(Location{})
	if err != nil || len(keys) != 2 || !keys[1].Private || keys[1].ID != "\xa1\xb2" || !keys[1].Public.Equal(k.public) {
		t.Errorf("after the login: %+v, %v", keys, err)
	}
}

func TestPublicKeyNumbers(t *testing.T) {
	key := testkey.Small()
	n, e := key.N.Bytes(), []byte{1, 0, 1}
	if got := publicKey(n, e); !got.Equal(&key.PublicKey) {
		t.Errorf("got %v", got)
	}
	if got := publicKey(n, nil); got == nil || got.E != 65537 {
		t.Errorf("without an exponent: %v", got)
	}
	even := slices.Clone(n)
	even[len(even)-1] &^= 1
	for name, bad := range map[string]*rsa.PublicKey{
		"nothing":     publicKey(nil, nil),
		"even":        publicKey(even, e),
		"small":       publicKey(n[:128], e),
		"large":       publicKey(bytes.Repeat(n, 5), e),
		"exponent 1":  publicKey(n, []byte{1}),
		"exponent 2":  publicKey(n, []byte{2}),
		"exponent 5G": publicKey(n, []byte{1, 0, 0, 0, 1}),
	} {
		if bad != nil {
			t.Errorf("%s: %v", name, bad)
		}
	}
}

// A session in which an operation never ended is replaced.
func TestOperationActive(t *testing.T) {
	k, log := throughFaults(t, softHSM(t), "FAULT=C_DecryptInit 2 0x90")
	k.options.Sessions = 1
	if err := k.use(t, ModeRaw); err != nil {
		t.Error(err)
	}
	if n := len(callsOf(t, log, "C_OpenSession")) - len(callsOf(t, log, "C_CloseSession")); n != 1 {
		t.Errorf("%d sessions are open, want 1", n)
	}
}

func TestParseMode(t *testing.T) {
	for _, want := range []Mode{ModeAuto, ModeOAEP, ModeRaw} {
		if got, err := ParseMode(string(want)); got != want || err != nil {
			t.Errorf("%s: %s, %v", want, got, err)
		}
	}
	for _, bad := range []string{"", "RAW", "pkcs1"} {
		if _, err := ParseMode(bad); err != ErrMode {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
